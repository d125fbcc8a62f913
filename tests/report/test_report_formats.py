"""``isobench report --format``: Markdown that only shows foreign text; PDF by a real Chromium, or one line."""

from __future__ import annotations

import random
import re
import shutil
import zlib
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import cmarkgfm
import pytest
from click.testing import CliRunner
from tests import synthetic

from isobench.cli.report_command import command
from isobench.errors import HarnessError
from isobench.model import Cell
from isobench.report import printed
from isobench.report.headline import headline
from isobench.report.markdown import markdown
from isobench.report.series import Data
from isobench.store.reader import SessionRecord, read_session

_HOSTILE = (
    "<script>alert(1)</script>", "[x](javascript:alert(1))", "![i](http://a/b)", "a | b", "`code`", "www.example.com",
    "http://example.com", "line\nfeed", "*b* _i_ ~~s~~ # h", "\u202egnp.exe", "🧪", "</td><img src=x>", "x" * 10_000,
)  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return synthetic.write(tmp_path / "results" / "made-up", synthetic.session_meta(), synthetic.samples())


def said(folder: Path, *words: str) -> str:
    done = CliRunner().invoke(command, [str(folder), *words], standalone_mode=False)
    if done.exception:
        raise done.exception
    assert done.return_value == 0
    return done.output


def test_markdown_goes_to_standard_output(folder: Path) -> None:
    text = said(folder, "--format", "markdown")
    data = Data(read_session(folder))
    rendered = cmarkgfm.github_flavored_markdown_to_html(text)
    for sentence in headline(data):
        assert sentence in rendered
    assert rendered.count("<table>") == 2
    assert text.count("(emulated)") == 10
    count = len(data.session.samples)
    assert f"{count} of {count} samples count; left out: none." in rendered
    assert "vm-micro and vm-q35: emulated (TCG), not a guide to KVM." in rendered
    assert "supported" in rendered


def test_markdown_goes_to_a_file_where_one_is_named(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "deep" / "report.md"
    assert said(folder, "--format", "markdown", "-o", str(out)).strip() == str(out)
    assert out.read_text(encoding="utf-8") == said(folder, "--format", "markdown")


def test_a_cell_of_markdown_has_a_median_and_what_lies_around_it(folder: Path) -> None:
    data = Data(read_session(folder))
    series = data.get("redis", "docker", "time_to_ready")
    assert series
    [line] = [row for row in markdown(data.session).splitlines() if row.startswith("| redis | docker |")]
    assert f"| {series.text} ({series.around}) |" in line
    few = data.get("cpu", "docker", "time_to_ready")
    assert few
    assert not few.has_interval
    assert f"| {few.text} [{few.around}] |" in markdown(data.session)


def test_hostile_names_stay_text_in_markdown() -> None:
    draw = random.Random(3)  # noqa: S311
    taken = []
    for number, name in enumerate(_HOSTILE):
        made = replace(synthetic.sample(number, "idle", "docker", draw), cell=Cell(name, name))
        taken += [made, replace(made, outcome="rubbish", error=name, metrics={})]
    meta = synthetic.session_meta(id=_HOSTILE[0], unavailable={name: name for name in _HOSTILE}, state="interrupted")
    text = markdown(SessionRecord(meta, tuple(taken), Path("made-up"), dropped_tail=True))
    rendered = cmarkgfm.github_flavored_markdown_to_html(text)
    assert not any(tag in rendered for tag in ("<script", "<img", "<a ", "<em>", "<strong>", "<del>"))
    assert rendered.count("<h1>") == 1
    assert "This session is not complete: interrupted." in rendered
    rows = rendered.partition("<table>")[2].partition("</table>")[0]
    assert rows.count("<tr>") == 1 + len(_HOSTILE)
    assert rows.count("<td>") == 9 * len(_HOSTILE)


def test_a_session_without_samples_has_a_report_in_markdown() -> None:
    text = markdown(SessionRecord(synthetic.session_meta(), (), Path("made-up")))
    assert "Nothing was measured" in text


@pytest.mark.browser
def test_pdf_is_printed_with_its_figures(folder: Path, tmp_path: Path) -> None:
    if not any(shutil.which(name) for name in printed.BROWSERS):
        pytest.skip("Chromium is not installed (Debian: chromium)")
    out = tmp_path / "report.pdf"
    assert said(folder, "--format", "pdf", "-o", str(out)).strip() == str(out)
    data = out.read_bytes()
    assert data.startswith(b"%PDF-")
    assert data.count(b"/Type /Page\n") > 5
    # Docker's colour in the figures, which nothing else on the page has, painted by them (rg) before it was printed.
    drawn = b"".join(_unpacked(stream) for stream in re.findall(rb"stream\r?\n(.*?)endstream", data, re.DOTALL))
    assert re.search(rb"\.337\d* \.705\d* \.913\d* rg", drawn)


def _unpacked(stream: bytes) -> bytes:
    # Pictures and fonts have other filters.
    with suppress(zlib.error):
        return zlib.decompressobj().decompress(stream)
    return b""


def test_without_chromium_there_is_one_line(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(HarnessError) as caught:
        said(folder, "--format", "pdf", "-o", str(tmp_path / "never.pdf"))
    assert caught.value.exit_code == 5
    assert "needs Chromium" in caught.value.line()
    assert not (tmp_path / "never.pdf").exists()


def test_a_chromium_that_hangs_or_prints_nothing_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = tmp_path / "chromium"
    page = tmp_path / "page.html"
    page.write_text("<p>test data</p>", encoding="utf-8")
    monkeypatch.setattr(printed, "browser", lambda: str(fake))
    fake.write_text("#!/bin/sh\nexit 0\n", encoding="utf-8")
    fake.chmod(0o755)
    with pytest.raises(HarnessError, match="printed nothing"):
        printed.write_pdf(page, tmp_path / "out.pdf")
    fake.write_text("#!/bin/sh\nexec sleep 60\n", encoding="utf-8")
    monkeypatch.setattr(printed, "TIMEOUT", 0.2)
    with pytest.raises(HarnessError, match="did not end within"):
        printed.write_pdf(page, tmp_path / "out.pdf")
    assert not (tmp_path / "out.pdf").exists()
