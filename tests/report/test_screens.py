"""The page at three widths, dark and light, against pictures that were looked at; with tolerance, for fonts differ.

``ISOBENCH_RENEW_PICTURES=1`` writes the pictures anew: look at them before they are committed.
"""

from __future__ import annotations

import base64
import os
import tarfile
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser
from tests import synthetic
from tests.report.watched import Watched, record

from isobench.report.page import write
from isobench.store.reader import read_session

pytestmark = pytest.mark.browser

PICTURES = Path(__file__).parent / "pictures"
EXAMPLE = Path(__file__).parents[2] / "docs/example/session.tar.gz"
WIDTHS = (390, 1280, 2560)
TALLEST = 12_000
"""Pixels: Chromium paints no more of a page in one piece."""
SMALLER = 8
MEAN, FAR, HEIGHT = 3.0, 0.01, 0.03
"""Grey levels (of 255) that pixels may be off on average, the share that may be far off, and of the height."""

# Runs on an empty page: draws pictures at one size, and tells how they differ, or returns the first, smaller.
COMPARE = """async ([now, then, smaller]) => {
  const load = async data => {
    const image = new Image(); image.src = 'data:image/png;base64,' + data; await image.decode(); return image;
  };
  const draw = (image, width, height) => {
    const canvas = new OffscreenCanvas(width, height), pen = canvas.getContext('2d');
    pen.imageSmoothingQuality = 'high'; pen.drawImage(image, 0, 0, width, height); return [canvas, pen];
  };
  const first = await load(now);
  if (then === null) {
    const [canvas] = draw(first, first.width / smaller | 0, first.height / smaller | 0);
    const bytes = new Uint8Array(await (await canvas.convertToBlob({type: 'image/png'})).arrayBuffer());
    let text = ''; for (const byte of bytes) text += String.fromCharCode(byte); return btoa(text);
  }
  const second = await load(then), width = second.width, height = second.height;
  const grey = pen => { const d = pen.getImageData(0, 0, width, height).data, g = [];
    for (let i = 0; i < d.length; i += 4) g.push(0.3 * d[i] + 0.59 * d[i + 1] + 0.11 * d[i + 2]); return g; };
  const a = grey(draw(first, width, height)[1]), b = grey(draw(second, width, height)[1]);
  let sum = 0, far = 0;
  for (let i = 0; i < a.length; i++) { const off = Math.abs(a[i] - b[i]); sum += off; far += off > 64; }
  return {mean: sum / a.length, far: far / a.length, height: first.height / smaller / height};
}"""


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The pages of a small session, made up, and of the full session that docs/example holds, by kind."""
    folder = tmp_path_factory.mktemp("pages")
    with tarfile.open(EXAMPLE) as packed:
        packed.extractall(folder, filter="data")
    (full,) = (path for path in folder.iterdir() if path.is_dir())
    return {
        "": write(record(synthetic.samples()), folder / "report.html"),
        "full-": write(read_session(full), folder / "full.html"),
    }


def picture(browser: Browser, file: Path, width: int, scheme: str, fragment: str = "") -> str:
    """Return the page as PNG, in base64."""
    watched = Watched(browser, file, width, scheme, fragment)
    watched.page.evaluate("dispatchEvent(new Event('afterprint'))")
    watched.settle()
    height = min(watched.page.evaluate("document.documentElement.scrollHeight"), TALLEST)
    clip: Any = {"x": 0, "y": 0, "width": width, "height": height}
    taken = watched.page.screenshot(full_page=True, clip=clip, animations="disabled")
    watched.close()
    return base64.b64encode(taken).decode()


def asked(browser: Browser, now: str, then: str | None) -> Any:
    blank = browser.new_page()
    try:
        return blank.evaluate(COMPARE, [now, then, SMALLER])
    finally:
        blank.close()


def alike(found: dict[str, float]) -> bool:
    return found["mean"] <= MEAN and found["far"] <= FAR and abs(found["height"] - 1) <= HEIGHT


@pytest.mark.parametrize(
    ("kind", "width", "scheme"),
    [
        *(("", width, scheme) for width in WIDTHS for scheme in ("light", "dark")),
        ("full-", 390, "light"), ("full-", 1280, "dark"), ("full-", 2560, "light"),
    ],
)  # fmt: skip
def test_the_page_looks_as_it_was_looked_at(
    browser: Browser, pages: dict[str, Path], kind: str, width: int, scheme: str
) -> None:
    kept = PICTURES / f"{kind}{width}-{scheme}.png"
    now = picture(browser, pages[kind], width, scheme)
    if os.environ.get("ISOBENCH_RENEW_PICTURES"):
        PICTURES.mkdir(exist_ok=True)
        kept.write_bytes(base64.b64decode(asked(browser, now, None)))
    found = asked(browser, now, base64.b64encode(kept.read_bytes()).decode())
    assert alike(found), found


def test_a_page_without_one_of_its_sections_does_not(browser: Browser, pages: dict[str, Path]) -> None:
    kept = base64.b64encode((PICTURES / "1280-light.png").read_bytes()).decode()
    now = picture(browser, pages[""], 1280, "light", "#answer&f=memory")
    found = asked(browser, now, kept)
    assert not alike(found), found
    dark = asked(browser, picture(browser, pages[""], 1280, "dark"), kept)
    assert not alike(dark), dark
