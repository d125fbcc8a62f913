"""Two sessions against each other, and a folder over time, as pages in a real browser. All sessions are test data."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import cmarkgfm
import pytest
from axe_playwright_python.sync_playwright import Axe
from click.testing import CliRunner
from playwright.sync_api import Browser, Page
from tests import synthetic
from tests.report.watched import Watched

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


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_comparison(record("before"), record("after", 0.8), tmp_path_factory.mktemp("pair") / "pair.html")


@pytest.fixture(scope="module")
def over_time(tmp_path_factory: pytest.TempPathFactory) -> Path:
    tracks = (
        stepped("idle"), stepped("redis", emulated=True), stepped("redis", metric="requests_per_second"),
        replace(stepped("idle"), cell=Cell("idle", "native")), steady("cpu"),
        replace(steady("redis"), cell=Cell("redis", "native"), metric="host_pss_ready"),
    )  # fmt: skip
    return write_history(History(tracks, 16), tmp_path_factory.mktemp("time") / "history.html")


def pick(page: Page, *names: str) -> None:
    page.locator(".filter summary").click()
    for name in names:
        page.locator(".filter label").filter(has=page.get_by_text(name, exact=True)).click()
    page.keyboard.press("Escape")


def cards(page: Page, within: str) -> list[str]:
    return page.locator(f"{within} figure:visible h3").all_inner_texts()


_ROWS = """
title => {
  const cards = [...document.querySelectorAll('#ratios figure')];
  const {clientHeight, layout, data} = cards.find(f => f.innerText.startsWith(title)).querySelector('.plot');
  return [clientHeight, layout.yaxis.ticktext, data.map(t => t.y[0]), layout.annotations.length];
}
"""


@pytest.mark.browser
def test_a_filter_hides_rows_and_rows_of_figures(browser: Browser, pair: Path) -> None:
    watched = Watched(browser, pair)
    page = watched.page
    page.evaluate("document.querySelectorAll('main details').forEach(d => d.open = true)")
    answer = page.locator("#answer").inner_text()
    height, ticks, places, words = page.evaluate(_ROWS, "requests_per_second")
    assert (len(ticks), places, words) == (4, [0, 1, 2, 3], 4)
    pick(page, "docker", "idle", "Disk")
    watched.until(f"({_ROWS})('requests_per_second')[0] < {height}")
    after = page.evaluate(_ROWS, "requests_per_second")
    assert [text.split(">")[2].split("<")[0] for text in after[1]] == [
        "native",
        "vm-micro, emulated",
        "vm-q35, emulated",
    ]
    assert after[2:] == [[0, 1, 2], 3]
    rows = page.locator("#verdicts tbody tr:visible")
    told = [row.split("\t") for row in rows.all_inner_texts()]
    assert len(told) > 50
    assert not {"docker", "idle"} & {cell.strip() for row in told for cell in row[1:3]}
    assert not {"stored_bytes", "seq_read", "instance_disk_done"} & {row[3] for row in told}
    assert {"time_to_ready", "requests_per_second", "host_pss_ready"} <= {row[3] for row in told}
    shown = cards(page, "#ratios")
    assert "requests_per_second" in shown and "seq_read" not in shown
    assert page.locator("#filter-state").inner_text() == ": 3 hidden"
    shown_of = page.locator(".filter summary").get_attribute("title")
    assert shown_of == "Shown: 4 of 5 workloads, 3 of 4 targets, 3 of 4 families"
    # The answer and its counts are about everything.
    assert page.locator("#answer").inner_text() == answer
    page.locator(".filter summary").click()
    page.locator("#filter-all").click()
    watched.until(f"({_ROWS})('requests_per_second')[0] === {height}")
    assert page.evaluate(_ROWS, "requests_per_second") == [height, ticks, places, words]
    assert "seq_read" in cards(page, "#ratios")
    watched.close()


@pytest.mark.browser
def test_a_filter_hides_cards_of_a_history(browser: Browser, over_time: Path) -> None:
    watched = Watched(browser, over_time)
    page = watched.page
    page.evaluate("document.querySelectorAll('main details').forEach(d => d.open = true)")
    assert len(cards(page, "#changed")) == 4 and len(cards(page, "#steady")) == 2
    answer = page.locator("#answer").inner_text()
    pick(page, "docker")
    assert cards(page, "#changed") == ["idle@native time_to_ready"]
    assert cards(page, "#steady") == ["redis@native host_pss_ready"]
    assert page.locator("#changes tbody tr:visible").count() == 1
    pick(page, "Startup")
    assert cards(page, "#changed") == [] and cards(page, "#steady") == ["redis@native host_pss_ready"]
    assert page.locator("#answer").inner_text() == answer
    # Nothing is left of a table and of a grid: each says so, and no bare head stands there.
    hidden = page.get_by_text("All hidden by the filter.", exact=True)
    assert page.locator("#changes table").is_hidden()
    said = {name: hidden.and_(page.locator(f"#{name} *")).is_visible() for name in ("changes", "changed", "steady")}
    assert said == {"changes": True, "changed": True, "steady": False}
    pick(page, "Startup", "docker")
    assert len(cards(page, "#changed")) == 4
    assert page.locator("#changes table").is_visible()
    assert [one.is_visible() for one in hidden.all()] == [False] * 3
    watched.close()


@pytest.mark.browser
def test_the_fragment_keeps_what_is_hidden_on_both_pages(browser: Browser, pair: Path, over_time: Path) -> None:
    for file, section in ((pair, "ratios"), (over_time, "changed")):
        watched = Watched(browser, file, fragment=f"#{section}")
        page = watched.page
        pick(page, "redis", "docker", "Memory")
        fragment = page.evaluate("location.hash")
        assert fragment == f"#{section}&w=redis&t=docker&f=memory"
        shown = page.locator("main").inner_text()
        watched.close()
        again = Watched(browser, file, fragment=fragment)
        assert again.page.locator("#filter-state").inner_text() == ": 3 hidden"
        off = again.page.locator(".filter input:not(:checked)")
        assert [one.evaluate("box => box.parentElement.textContent.trim()") for one in off.all()] == [
            "redis", "docker", "Memory"]  # fmt: skip
        assert again.page.locator("main").inner_text() == shown
        assert not any("redis" in name or "docker" in name for name in cards(again.page, "main"))
        again.page.evaluate("location.hash = '#&w=idle'")
        again.until("document.getElementById('filter-state').textContent === ': 1 hidden'")
        again.close()


@pytest.mark.browser
def test_hostile_names_in_the_menu_run_nothing(browser: Browser, tmp_path: Path) -> None:
    draw = random.Random(3)  # noqa: S311
    taken = [
        replace(synthetic.sample(number, "idle", "docker", draw), cell=Cell(name, name[::-1]))
        for number, name in enumerate(_HOSTILE * 2)
    ]
    known = {name[::-1]: {"acceleration": "none"} for name in _HOSTILE}
    a, b = (SessionRecord(synthetic.session_meta(id=name, targets=known), tuple(taken), Path(name)) for name in "ab")
    tracks = tuple(replace(stepped(name), cell=Cell(name, name[::-1])) for name in _HOSTILE)
    for out in (
        write_comparison(a, b, tmp_path / "pair.html"), write_history(History(tracks, 16), tmp_path / "history.html"),
    ):  # fmt: skip
        watched = Watched(browser, out, 390)
        page = watched.page
        page.locator(".filter summary").click()
        labels = page.locator(".filter fieldset").first.locator("label")
        assert labels.count() == len(_HOSTILE)
        assert any("<script>alert(1)</script>" in text for text in labels.all_inner_texts())
        for label in labels.all()[:-1]:
            label.click()
        watched.settle()
        assert page.locator("#filter-state").inner_text() == f": {len(_HOSTILE) - 1} hidden"
        assert len(page.locator("main figure:visible").all()) >= 1
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert page.locator("img, script[src]").count() == 0
        # What was picked comes back from the address, whatever it holds.
        page.reload()
        watched.until(f"document.getElementById('filter-state').textContent === ': {len(_HOSTILE) - 1} hidden'")
        watched.close()


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_with_the_menu_open(browser: Browser, pair: Path, over_time: Path, scheme: str) -> None:
    for file in (pair, over_time):
        watched = Watched(browser, file, 1280, scheme, "#answer&t=docker&f=startup")
        page = watched.page
        page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        watched.settle()
        assert page.locator("#filter-all").is_visible()
        told = Axe().run(page).response
        assert [(rule["id"], [node["html"][:200] for node in rule["nodes"][:5]]) for rule in told["violations"]] == []
        assert {"color-contrast", "button-name", "label"} <= {rule["id"] for rule in told["passes"]}
        watched.close()


def test_a_page_without_series_has_no_menu(tmp_path: Path) -> None:
    a, b = (SessionRecord(synthetic.session_meta(name=name), (), Path(name)) for name in "ab")
    for out in (write_comparison(a, b, tmp_path / "pair.html"), write_history(History((), 1), tmp_path / "time.html")):
        assert 'class="filter"' not in out.read_text(encoding="utf-8")


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
