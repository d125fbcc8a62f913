"""What a reader picks on the page: metric, reference, filter, distributions, downloads. All sessions are test data."""

from __future__ import annotations

import gzip
import json
import random
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pandas as pd
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page
from tests import synthetic
from tests.report.watched import Watched, record

from isobench.model import Cell, Parameters, Sample
from isobench.report import raw
from isobench.report.page import write
from isobench.store.reader import SAMPLES, read_session

pytestmark = pytest.mark.browser


def dense(target: str, number: int, drop: float) -> Sample:
    """Return a made-up sample of the study density."""
    made = synthetic.sample(number, "idle", target, random.Random(number))  # noqa: S311
    curve = tuple((float(n), 16e9 - n * drop) for n in range(11))
    return replace(
        made, cell=Cell("idle", target, Parameters(study="density")), curves={"host_available_drop": curve},
        metrics={"host_available_drop": drop, "density": 14e9 / drop}, facts={"density_extrapolated": True},
    )  # fmt: skip


def taken() -> list[Sample]:
    return [*synthetic.samples(), dense("docker", 900, 12e6), dense("vm-micro", 901, 190e6)]


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("picks")
    synthetic.write(folder / "s", synthetic.session_meta(emulated=False), taken())
    return write(read_session(folder / "s"), folder / "page.html")


@pytest.fixture(scope="module")
def wide(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wide")
    synthetic.write(folder / "s", synthetic.session_meta(), synthetic.many_targets())
    return write(read_session(folder / "s"), folder / "page.html")


def tile(page: Page, row: int, column: int) -> Any:
    return page.locator(f"#heat button[data-row='{row}'][data-col='{column}']")


def test_the_heat_map_follows_metric_and_reference(browser: Browser, file: Path) -> None:
    watched = Watched(browser, file)
    page = watched.page
    rows = page.locator("#heat tbody th bdi").all_inner_texts()
    assert tile(page, rows.index("idle"), 1).get_attribute("class") == "tile reference"
    slower = tile(page, rows.index("idle"), 3)
    assert slower.get_attribute("data-step") == "4"
    page.select_option("#heat-metric", "rate")
    page.locator("#heat select.pick-ref").select_option(label="native")
    assert tile(page, rows.index("redis"), 0).get_attribute("class") == "tile reference"
    assert tile(page, rows.index("redis"), 1).get_attribute("data-step") == "0"
    # Less of what is better when there is more of it is worse.
    assert int(tile(page, rows.index("redis"), 2).get_attribute("data-step") or 0) == 4
    tile(page, rows.index("redis"), 2).hover()
    said = page.locator("#heat-words").inner_text()
    assert "redis on vm-micro: requests" in said
    assert "that of native with" in said and said.endswith("worse.")
    assert page.url.endswith("#&metric=rate&ref=native")
    watched.close()


def test_arrow_keys_go_from_tile_to_tile(browser: Browser, file: Path) -> None:
    watched = Watched(browser, file)
    page = watched.page
    tile(page, 0, 0).focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    assert page.evaluate("[document.activeElement.dataset.row, document.activeElement.dataset.col]") == ["1", "1"]
    assert page.locator("#heat-words").inner_text().endswith("this is the reference.")
    assert page.locator("#heat button[tabindex='0']").count() == 1
    watched.close()


def test_the_map_is_reached_where_its_first_tile_is_hidden(browser: Browser, file: Path) -> None:
    watched = Watched(browser, file, fragment="#overview&t=native")
    assert watched.page.locator("#heat button[tabindex='0']:visible").count() == 1
    watched.page.evaluate("location.hash = '#overview&w=idle'")
    watched.until("[...document.querySelectorAll('#heat button[tabindex=\"0\"]')].every(one => one.checkVisibility())")
    watched.close()


def test_the_fragment_opens_the_page_as_it_was_left(browser: Browser, file: Path) -> None:
    watched = Watched(browser, file, fragment="#throughput&metric=memory&ref=native&t=vm-q35&w=redis&f=disk")
    page = watched.page
    assert page.input_value("#heat-metric") == "memory"
    assert page.locator("#heat select.pick-ref option:checked").inner_text() == "native"
    assert page.locator("#disk").is_hidden() and page.locator("#memory").is_visible()
    assert page.locator("#filter-state").inner_text() == ": 3 hidden"
    watched.until("Math.abs(document.getElementById('throughput').getBoundingClientRect().top) < 200")
    page.locator("nav a[href='#startup']").click()
    watched.until("location.hash.startsWith('#startup&')")
    assert "ref=native" in page.url
    page.evaluate("location.hash = '#&ref=docker'")
    watched.until("document.getElementById('filter-state').textContent === ''")
    assert page.locator("#disk").is_visible()
    watched.close()


_NAMES = """
() => [...document.querySelectorAll('#startup .grid:not(.folded *) .plot')].map(plot =>
  [plot.clientHeight, plot.layout.yaxis.ticktext, plot.layout.annotations.length, plot.data.length])
"""


def test_a_filter_hides_rows_in_tables_and_figures(browser: Browser, file: Path) -> None:
    watched = Watched(browser, file)
    page = watched.page
    before = page.evaluate(_NAMES)
    page.locator(".filter summary").click()
    page.locator(".filter label", has_text="vm-q35").click()
    page.locator(".filter label", has_text="redis").click()
    watched.settle()
    watched.until(f"document.querySelector('#startup .plot').clientHeight < {before[0][0]}")
    after = page.evaluate(_NAMES)
    assert "vm-q35" in before[0][1] and "vm-q35" not in after[0][1]
    assert "<b>redis</b>" in before[0][1] and "<b>redis</b>" not in after[0][1]
    assert after[0][2] == before[0][2] * 3 // 4 - 3
    assert page.locator("#figures tr:visible", has_text="vm-q35").count() == 0
    assert page.locator("#figures tr:visible", has_text="redis").count() == 0
    assert page.locator("#figures th[rowspan='3']:visible").count() == 4
    assert page.locator("#throughput figure:visible h3", has_text="Requests served").count() == 0
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"
    page.locator(".filter summary").click()
    page.locator("#filter-all").click()
    watched.until(f"document.querySelector('#startup .plot').clientHeight === {before[0][0]}")
    assert page.evaluate(_NAMES) == before
    assert page.url.endswith("#")
    watched.close()


_TICKS = "document.querySelector('#startup .plot').layout.yaxis.ticktext"


def test_a_long_figure_shows_one_workload_and_any_that_is_picked(browser: Browser, wide: Path) -> None:
    watched = Watched(browser, wide)
    page = watched.page
    pick = page.locator("#startup select.pick-look").first
    assert pick.locator("option:checked").inner_text() == "redis"
    assert page.evaluate(_TICKS)[0] == "<b>redis</b>" and len(page.evaluate(_TICKS)) == 7
    low = page.evaluate("document.querySelector('#startup .plot').clientHeight")
    pick.select_option(label="idle")
    watched.until(f"{_TICKS}[0] === '<b>idle</b>'")
    assert page.url.endswith("#&look=idle")
    # One choice is all long figures'; the short ones go on showing all that they have.
    picked = "[...document.querySelectorAll('select.pick-look')].map(s => s.selectedOptions[0].text)"
    assert {*page.evaluate(picked)} == {"idle"}
    assert page.locator("#throughput .plot").first.evaluate("plot => plot.layout.yaxis.tickvals.length") > 7
    pick.select_option(label="all 5")
    watched.until(f"{_TICKS}.length === 31")
    assert page.evaluate("document.querySelector('#startup .plot').clientHeight") > 3 * low
    watched.close()
    watched = Watched(browser, wide, fragment="#startup&look=memory&w=redis")
    assert watched.page.evaluate(_TICKS)[0] == "<b>memory</b>"
    # Where the picked one is hidden, another is shown.
    watched.page.evaluate("location.hash = '#startup&w=redis'")
    watched.until(f"{_TICKS}[0] !== '<b>memory</b>'")
    assert watched.page.evaluate(_TICKS)[0] != "<b>redis</b>"
    watched.close()


def test_a_map_of_more_targets_than_workloads_stands_upright(browser: Browser, wide: Path) -> None:
    watched = Watched(browser, wide)
    page = watched.page
    assert page.locator("#heat thead th[data-w]").count() == len(synthetic.WORKLOADS)
    assert page.locator("#heat tbody tr").count() == 6
    tile(page, 0, 0).focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    assert page.evaluate("[document.activeElement.dataset.row, document.activeElement.dataset.col]") == ["1", "2"]
    page.select_option("#heat-metric", "rate")
    assert page.locator("#heat thead th[data-w] small").all_inner_texts().count("requests") == 1
    page.evaluate("location.hash = '#overview&w=idle&t=podman'")
    watched.until("document.querySelectorAll('#heat thead th[data-w]:not([hidden])').length === 4")
    assert page.locator("#heat tbody tr:visible").count() == 5
    assert page.locator("#heat button.tile:visible").count() == 20
    watched.close()


def test_the_answer_names_a_target_for_each_need(browser: Browser, wide: Path) -> None:
    for width in (390, 1280):
        watched = Watched(browser, wide, width)
        rows = watched.page.locator("#best tbody tr")
        told = " ".join(rows.filter(has_text="ready soonest").inner_text().split())
        assert "time_to_ready, of 3" in told and "docker 295 ms" in told and "docker-gvisor: 1.68×" in told
        assert told.endswith("a hint: n = 3")
        assert watched.page.locator("#best b", has_text="vm-").count() == 0
        box = watched.page.locator("#best").bounding_box()
        assert box is not None and box["width"] <= width
        watched.close()


def test_forests_follow_the_reference(browser: Browser, file: Path) -> None:
    watched = Watched(browser, file)
    page = watched.page
    axis = "document.querySelector('#throughput .plot').layout.xaxis.title.text"
    assert page.evaluate(axis) == "× docker, log scale, more is better"
    page.locator("#throughput select.pick-ref").first.select_option(label="vm-micro")
    watched.until(f"{axis}.includes('vm-micro')")
    assert page.evaluate("document.querySelector('#throughput .plot').layout.shapes[0].x0") == 1
    assert "vm-micro" not in page.evaluate("document.querySelector('#throughput .plot').layout.yaxis.ticktext")
    watched.close()


def test_density_is_dashed_where_it_was_not_measured(browser: Browser, file: Path) -> None:
    watched = Watched(browser, file)
    data = watched.page.evaluate("document.querySelector('#density .plot').data.map(t => [t.line.dash, t.x, t.y])")
    assert [dash for dash, *_ in data] == [None, "dash", None, "dash"]
    measured, beyond = data[2], data[3]
    assert beyond[1] == [10, pytest.approx(14e9 / 190e6, rel=1e-4)]
    assert beyond[2][0] == measured[2][-1] and beyond[2][1] == pytest.approx(2e9 / 2**30, rel=1e-3)
    watched.close()


def test_distributions_are_drawn_when_opened(browser: Browser, file: Path) -> None:
    watched = Watched(browser, file)
    page = watched.page
    assert page.locator("details.folded .main-svg").count() == 0
    page.locator("details.folded summary").click()
    watched.until("document.querySelector('details.folded .plot').dataset.done")
    lines = page.evaluate("document.querySelector('details.folded .plot').data.map(t => [t.y[0], t.y.at(-1)])")
    assert lines == [[0, 1]] * len(synthetic.TARGETS)
    watched.close()


@pytest.mark.parametrize("kind", ["png", "svg"])
def test_a_figure_is_saved_with_its_title_and_legend(browser: Browser, file: Path, kind: str) -> None:
    watched = Watched(browser, file)
    with watched.page.expect_download() as download:
        watched.page.locator(f"#startup button[data-save={kind}]").first.click()
    saved = Path(download.value.path()).read_bytes()
    assert download.value.suggested_filename == f"isobench From request to ready.{kind}"
    if kind == "png":
        assert saved.startswith(b"\x89PNG")
    else:
        text = saved.decode()
        assert all(word in text for word in ("From request to ready", "initramfs", "vm-q35"))
    watched.close()


def test_raw_samples_come_out_of_the_file(browser: Browser, file: Path) -> None:
    watched = Watched(browser, file)
    with watched.page.expect_download() as download:
        watched.page.locator("#raw-save").click()
    assert Path(download.value.path()).read_bytes() == (file.parent / "s" / SAMPLES).read_bytes()
    assert not list(file.parent.glob("*.parquet"))
    watched.close()


def test_raw_samples_that_are_too_many_lie_beside_it(
    browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = synthetic.write(tmp_path / "s", synthetic.session_meta(), taken())
    packed = raw.compressed(folder / SAMPLES, 10**9)
    assert packed is not None
    assert gzip.decompress(packed) == (folder / SAMPLES).read_bytes()
    monkeypatch.setattr(raw, "MOST", len(packed) - 1)
    watched = Watched(browser, write(read_session(folder), tmp_path / "a 'page'.html"))
    link = watched.page.locator("#trust a[download]").get_attribute("href")
    assert watched.page.locator("#raw-save").count() == 0
    watched.close()
    table = pd.read_parquet(tmp_path / unquote(link or ""))
    lines = (folder / SAMPLES).read_text().splitlines()
    assert len(table) == sum(len(json.loads(line)["metrics"]) for line in lines)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("emulated", [True, False])
def test_axe_finds_nothing_serious(browser: Browser, tmp_path: Path, scheme: str, emulated: bool) -> None:
    watched = Watched(browser, write(record(taken(), emulated=emulated), tmp_path / "axe.html"), 1280, scheme)
    page = watched.page
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    watched.page.evaluate("dispatchEvent(new Event('beforeprint'))")
    watched.settle()
    found = Axe().run(page).response
    bad = [rule for rule in found["violations"] if rule["impact"] in ("serious", "critical")]
    assert [(rule["id"], [node["html"][:200] for node in rule["nodes"][:5]]) for rule in bad] == []
    assert {"color-contrast", "select-name", "button-name"} <= {rule["id"] for rule in found["passes"]}
    watched.close()


def test_print_keeps_the_tiles_and_leaves_out_the_tools(browser: Browser, file: Path) -> None:
    watched = Watched(browser, file, 1280, "dark")
    page = watched.page
    page.emulate_media(media="print")
    assert page.locator("#heat button.tile").first.is_visible()
    assert page.locator("nav").is_hidden() and page.locator("#startup .save").first.is_hidden()
    ink = "getComputedStyle(document.querySelector('#startup .plot text')).fill"
    assert page.evaluate(ink) == "rgb(27, 31, 38)"
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    watched.close()


_SVGS = "[...document.querySelectorAll('.plot .main-svg:first-child')].map(svg => svg.getBoundingClientRect().width)"


def test_figures_fit_the_paper_and_the_screen_again(browser: Browser, file: Path) -> None:
    watched = Watched(browser, file)
    page = watched.page
    before = page.evaluate(_SVGS)
    page.evaluate(f"addEventListener('beforeprint', () => {{ window.printed = {_SVGS}; }})")
    assert page.pdf(format="A4").startswith(b"%PDF")
    assert max(before) > 1000
    assert {*page.evaluate("window.printed")} == {640}
    watched.until(f"JSON.stringify({_SVGS}) === JSON.stringify({before})")
    watched.close()
