"""Two sessions against each other, and a folder over time, as pages in a real browser. All sessions are test data."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import cmarkgfm
import pytest
from axe_playwright_python.sync_playwright import Axe
from click.testing import CliRunner
from playwright.sync_api import Browser, Page, sync_playwright
from tests import synthetic

from isobench.cli.report_command import command
from isobench.errors import UsageError
from isobench.history.change import Step
from isobench.history.series import History, Track
from isobench.model import Cell, Sample
from isobench.report.comparison import write_comparison, write_history
from isobench.report.comparison.pair import page_of
from isobench.report.comparison.words import comparison_markdown, history_markdown
from isobench.store.reader import SessionRecord

_HOSTILE = (
    "<script>alert(1)</script>",
    "\"'><img src=x onerror=alert(1)>",
    "x" * 10_000,
    "\u202egnp.exe",
    "🧪",
    "{{ 7*7 }}",
)


def record(name: str, factor: float = 1.0, emulated: bool = True, **more: Any) -> SessionRecord:
    """A session whose redis serves ``factor`` times the requests."""
    taken = [
        replace(s, metrics={k: v * (factor if k == "requests_per_second" else 1) for k, v in s.metrics.items()})
        for s in synthetic.samples(12)
    ]
    return SessionRecord(synthetic.session_meta(emulated=emulated, name=name, **more), tuple(taken), Path(name))


def stepped(name: str, emulated: bool = False, metric: str = "time_to_ready") -> Track:
    medians = tuple([1.0] * 8 + [1.5] * 8)
    sessions = tuple(f"202601{day:02}T101500-{day:04x}" for day in range(1, 17))
    return Track(Cell(name, "docker"), metric, sessions, medians, 0, (Step(8, 1.0, 1.5, 1.5, 1.4, 1.6),), emulated)


def steady(name: str) -> Track:
    return replace(stepped(name), medians=(1.0,) * 16, steps=())


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    found = shutil.which("chromium") or shutil.which("google-chrome")
    if found is None:
        pytest.skip("Chromium is not installed (Debian: chromium)")
    with sync_playwright() as tool:
        opened = tool.chromium.launch(executable_path=found, args=["--no-sandbox", "--disable-gpu", "--no-first-run"])
        yield opened
        opened.close()


class Seen:
    """A page opened with every fold open and every figure drawn; leaving it fails on any complaint or request."""

    def __init__(self, browser: Browser, file: Path, width: int = 1280, scheme: Any = "light") -> None:
        self.trouble: list[str] = []
        self.page: Page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
        self.page.on("console", lambda m: self.trouble.append(m.text) if m.type in ("error", "warning") else None)
        self.page.on("pageerror", lambda error: self.trouble.append(str(error)))
        self.page.on("request", lambda r: None if r.url == file.as_uri() or r.url.startswith(("data:", "blob:"))
                     else self.trouble.append(r.url))  # fmt: skip
        self.page.goto(file.as_uri())
        self.page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        self.page.evaluate("dispatchEvent(new Event('beforeprint'))")
        self.page.wait_for_function("[...document.querySelectorAll('.plot')].every(p => p.dataset.done)")

    def __enter__(self) -> Page:
        return self.page

    def __exit__(self, *error: object) -> None:
        assert self.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert self.page.locator("img, script[src], b b").count() == 0
        self.page.close()
        assert self.trouble == []


@pytest.mark.browser
@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1280, "light"), (2560, "dark")])
def test_a_comparison_begins_with_its_verdicts(browser: Browser, tmp_path: Path, width: int, scheme: str) -> None:
    out = write_comparison(record("before"), record("after", 0.8), tmp_path / "pair.html")
    with Seen(browser, out, width, scheme) as page:
        answer = page.locator("#answer").inner_text()
        assert "B is worse in 2 of" in answer
        assert "requests_per_second 0.8×" in answer
        assert "vm-" not in page.locator("#answer .answer").inner_text()
        first = page.locator("#verdicts tbody tr").first
        assert first.locator(".verdict").inner_text() == "regression"
        assert page.locator("#verdicts tr.emu .tag").count() == page.locator("#verdicts tr.emu").count() > 0
        assert page.locator("#ratios .plot .main-svg").count() >= 4


@pytest.mark.browser
def test_no_colour_judges_an_emulated_series(browser: Browser, tmp_path: Path) -> None:
    out = write_comparison(record("before"), record("after", 0.8), tmp_path / "pair.html")
    dots = "[...document.querySelectorAll('#ratios .plot')].flatMap(p => p.data).map(t => t.marker)"
    with Seen(browser, out) as page:
        drawn = [(dot["symbol"], dot["color"]) for dot in page.evaluate(dots)]
        assert {colour for symbol, colour in drawn if symbol == "diamond-open"} == {"#8A8F98"}
        assert sum(colour == "#D55E00" for _, colour in drawn) == 2
        emulated = page.locator("#verdicts tr.emu .verdict[data-verdict=regression]").first
        real = page.locator("#verdicts tr:not(.emu) .verdict[data-verdict=regression]").first
        assert [one.evaluate("e => getComputedStyle(e).fontWeight") for one in (emulated, real)] == ["400", "700"]


@pytest.mark.browser
@pytest.mark.parametrize("width", [390, 1280])
def test_a_history_shows_change_points_and_levels(browser: Browser, tmp_path: Path, width: int) -> None:
    found = History((stepped("idle"), stepped("redis", emulated=True), steady("cpu")), 16, ("s05: is not JSON",), 5, 1)
    with Seen(browser, write_history(found, tmp_path / "history.html"), width) as page:
        answer = page.locator("#answer").inner_text()
        assert "Over 16 sessions, 2 of 3 series changed for good." in answer
        assert "idle@docker time_to_ready, 1.5× (1.4–1.6) since 20260109T101500-0009" in answer
        assert "Passed over: s05: is not JSON" in answer
        assert page.locator("#changes tbody tr").count() == 2
        assert page.locator("#changes tr.emu").count() == 1
        levels = "id => document.getElementById(id).data.filter(t => t.mode === 'lines').map(t => t.line.color)"
        assert page.evaluate(levels, "plot-changed-1") == ["#0072B2", "#D55E00"]
        assert page.evaluate(levels, "plot-changed-2") == ["#8A8F98", "#8A8F98"]
        assert page.evaluate(levels, "plot-steady-1") == []
        assert "2026-01-09" in page.locator("#plot-changed-1").inner_text()


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_both_pages_are_accessible(browser: Browser, tmp_path: Path, scheme: str) -> None:
    found = History((stepped("idle"), stepped("redis", emulated=True), steady("cpu")), 16)
    for out in (
        write_comparison(record("before"), record("after", 0.8), tmp_path / "pair.html"),
        write_history(found, tmp_path / "history.html"),
    ):
        with Seen(browser, out, 1280, scheme) as page:
            told = Axe().run(page).response
            assert [(rule["id"], rule["nodes"][0]["html"][:200]) for rule in told["violations"]] == []
            assert {"color-contrast", "button-name"} <= {rule["id"] for rule in told["passes"]}


@pytest.mark.browser
def test_hostile_names_are_only_text_on_both_pages(browser: Browser, tmp_path: Path) -> None:
    draw = random.Random(2)  # noqa: S311
    taken = [
        replace(synthetic.sample(number, "idle", "docker", draw), cell=Cell(name, name[::-1]))
        for number, name in enumerate(_HOSTILE * 2)
    ]
    a, b = (
        SessionRecord(
            synthetic.session_meta(id=name, environment={name: name}, state=name), tuple(taken), Path(name[:9])
        )
        for name in _HOSTILE[:2]
    )
    with Seen(browser, write_comparison(a, b, tmp_path / "pair.html"), 390):
        pass
    tracks = tuple(replace(stepped(name), sessions=(name,) * 16) for name in _HOSTILE)
    found = History(tracks, 16, _HOSTILE, 5)
    with Seen(browser, write_history(found, tmp_path / "history.html"), 390):
        pass
    for text in (comparison_markdown(a, b), history_markdown(found)):
        rendered = cmarkgfm.github_flavored_markdown_to_html(text)
        assert not any(tag in rendered for tag in ("<script", "<img", "<a "))


def test_the_opening_names_the_cell_that_changed_most() -> None:
    told = page_of(record("before", emulated=False), record("after", 1.3, emulated=False))
    assert told.answer[0].startswith("B is better in 4 of ")
    assert "requests_per_second 1.3× (" in told.answer[0]
    assert "of redis on " in told.answer[0]
    assert "and 3 more" in told.answer[0]
    same = page_of(record("before"), record("after"))
    assert same.answer[0].startswith("No regression and no improvement was found")


def test_what_differs_between_the_sessions_is_listed() -> None:
    changed = page_of(record("before"), record("after", versions={"docker": "1.0", "libvirt": "0.0", "qemu": "0.0"}))
    assert any(text.startswith("versions.docker 0.0 → 1.0") for text in changed.changed)


def test_sessions_without_samples_are_compared_in_a_sentence(tmp_path: Path) -> None:
    a, b = (SessionRecord(synthetic.session_meta(name=name), (), Path(name)) for name in "ab")
    assert page_of(a, b).answer == ["Nothing to compare: no figure that A has was measured."]
    assert "Nothing to compare" in write_comparison(a, b, tmp_path / "empty.html").read_text(encoding="utf-8")
    assert "Nothing to follow" in write_history(History((), 1), tmp_path / "none.html").read_text(encoding="utf-8")


def run(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(command, words, standalone_mode=False)
    if done.exception:
        raise done.exception
    return done.return_value, done.output


@pytest.fixture
def results(tmp_path: Path) -> Path:
    folder = tmp_path / "results"
    for name in ("before", "after"):
        kept: Sequence[Sample] = record(name).samples
        synthetic.write(folder / name, record(name).meta, list(kept))
    return folder


def test_the_command_makes_both_pages(results: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ISOBENCH_CACHE", str(tmp_path / "cache"))
    where = ("--results", str(results), "-o", str(tmp_path / "out.html"))
    code, said = run("before", "after", *where)
    assert (code, said.strip()) == (0, str(tmp_path / "out.html"))
    assert "What changed from A to B?" in (tmp_path / "out.html").read_text(encoding="utf-8")
    assert run("--history", *where)[0] == 0
    assert "What changed over time?" in (tmp_path / "out.html").read_text(encoding="utf-8")
    code, said = run("before", "after", "--results", str(results), "--format", "markdown")
    assert said.startswith("# isobench: after against before")
    assert "\n| no change | " in said
    (results / "broken").mkdir()
    (results / "broken" / "session.json").write_text("{")
    assert run("--history", *where)[0] == 5


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("before", "before"), "both are before"),
        (("before", "after", "again"), "3 sessions are too many for one page; name two, or use --history"),
        (("--history", "before"), "--history is about all sessions of a folder"),
        (("before", "aftr"), "no session is called 'aftr'"),
    ],
)
def test_bad_input_is_one_line(results: Path, words: tuple[str, ...], said: str) -> None:
    with pytest.raises(UsageError) as caught:
        run(*words, "--results", str(results))
    assert said in caught.value.line()
    assert caught.value.exit_code == 2
