"""The report in a real browser: nothing runs, nothing is fetched, nothing overflows. All sessions are test data."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser
from tests import synthetic
from tests.report.watched import Watched, record

from isobench.model import Cell, Sample
from isobench.report.page import write
from isobench.store.reader import SessionRecord

pytestmark = pytest.mark.browser

_HOSTILE = (
    "<script>alert(1)</script>", "\"'><img src=x onerror=alert(1)>", "javascript:alert(1)", "x" * 10_000,
    "\u202egnp.exe\u202c", "🧪 emoji", "</script><b>", "<a href='javascript:alert(1)'>go</a>", "{{ 7*7 }}",
)  # fmt: skip


@pytest.mark.parametrize(("width", "scheme"), [(390, "light"), (390, "dark"), (1280, "dark"), (2560, "light")])
def test_it_fits_without_scrolling_sideways(browser: Browser, tmp_path: Path, width: int, scheme: str) -> None:
    file = write(record(synthetic.samples()), tmp_path / "report.html")
    assert file.stat().st_size < 5.5e6
    watched = Watched(browser, file, width, scheme)
    page = watched.page
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.locator(".plot .main-svg").count() > 10
    watched.close()


_CUT = """
() => [...document.querySelectorAll('.plot')].flatMap(plot => {
  const room = plot.getBoundingClientRect();
  return [...plot.querySelectorAll('text')].filter(text => {
    const box = text.getBoundingClientRect();
    return box.width && (box.left < room.left - 1 || box.right > room.right + 1 || box.bottom > room.bottom + 1);
  }).map(text => plot.id + ': ' + text.textContent);
})
"""


_OVER = """
() => [...document.querySelectorAll('.plot')].flatMap(plot => {
  const words = [...plot.querySelectorAll('text')].map(text => [text.textContent, text.getBoundingClientRect()]);
  const seen = words.filter(([, box]) => box.width), over = [];
  for (const [at, [one, a]] of seen.entries()) for (const [other, b] of seen.slice(at + 1)) {
    const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
    if (across > 2 && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 4) over.push([plot.id, one, other]);
  }
  return over;
})
"""


@pytest.mark.parametrize("width", [390, 1440, 2560])
def test_no_word_of_a_figure_is_cut_or_lies_over_another(browser: Browser, tmp_path: Path, width: int) -> None:
    watched = Watched(browser, write(record(synthetic.many_targets()), tmp_path / "whole.html"), width)
    assert watched.page.locator(".plot text").count() > 100
    assert watched.page.evaluate(_CUT) == []
    assert watched.page.evaluate(_OVER) == []
    # Nor once the window has been made another.
    watched.page.set_viewport_size({"width": 390 if width > 390 else 1280, "height": 900})
    watched.page.wait_for_timeout(500)
    watched.settle()
    watched.until(f"({_OVER})().length === 0")
    watched.close()


def test_figures_wait_until_they_are_near(browser: Browser, tmp_path: Path) -> None:
    file = write(record(synthetic.samples()), tmp_path / "lazy.html")
    page = browser.new_page(viewport={"width": 390, "height": 700})
    page.goto(file.as_uri())
    assert page.evaluate("typeof Plotly") == "undefined"
    page.locator("#startup .plot").first.scroll_into_view_if_needed()
    page.wait_for_selector("#startup .plot .main-svg")
    assert page.evaluate("typeof Plotly") == "object"
    assert page.locator("#throughput .main-svg").count() == 0
    page.close()


def test_a_metrics_name_leads_to_its_definition(browser: Browser, tmp_path: Path) -> None:
    watched = Watched(browser, write(record(synthetic.samples()), tmp_path / "names.html"))
    page = watched.page
    assert "request → ready" in str(page.locator("#startup a.metric").first.get_attribute("title"))
    targets = page.evaluate("[...document.querySelectorAll('a.metric')].map(a => a.getAttribute('href'))")
    assert all(page.locator(target).count() == 1 for target in set(targets))
    watched.close()


def test_emulated_machines_are_marked_and_get_no_ratio(browser: Browser, tmp_path: Path) -> None:
    watched = Watched(browser, write(record(synthetic.samples()), tmp_path / "tcg.html"))
    page = watched.page
    assert "not a guide to KVM" in page.locator(".banner").first.inner_text()
    assert page.locator("#figures tr.emu").count() == 10
    assert page.locator("#heat button.emulated").count() == 10
    assert page.locator("#heat button.emulated").all_inner_texts() == ["emulated"] * 10
    watched.close()
    watched = Watched(browser, write(record(synthetic.samples(), emulated=False), tmp_path / "kvm.html"))
    assert watched.page.locator(".banner").count() == 0
    assert "×" in watched.page.locator("#answer").inner_text()
    watched.close()


def _few(which: str) -> list[Sample]:
    draw = random.Random(1)  # noqa: S311
    if which == "one":
        return [synthetic.sample(0, "idle", "docker", draw)]
    if which == "failed":
        return [synthetic.sample(i, "idle", t, draw, "failed") for i, t in enumerate(synthetic.TARGETS)]
    return []


@pytest.mark.parametrize("which", ["none", "one", "failed"])
def test_sessions_with_next_to_nothing(browser: Browser, tmp_path: Path, which: str) -> None:
    taken = _few(which)
    watched = Watched(browser, write(record(taken), tmp_path / "few.html"), 390)
    assert watched.page.locator(".answer p").count() >= 1
    assert watched.page.locator("#figures tbody tr").count() == max(1, len(taken))
    if which == "failed":
        assert "made-up failure" in watched.page.locator("#trust").inner_text()
    watched.close()


def test_a_session_json_that_says_almost_nothing(browser: Browser, tmp_path: Path) -> None:
    thin = SessionRecord({"format": 1}, tuple(synthetic.samples()), Path("made-up"), dropped_tail=True)
    Watched(browser, write(thin, tmp_path / "thin.html")).close()


@pytest.mark.parametrize("width", [390, 2560])
def test_hostile_names_are_only_text(browser: Browser, tmp_path: Path, width: int) -> None:
    draw = random.Random(2)  # noqa: S311
    taken = []
    for number, name in enumerate(_HOSTILE * 2):
        made = synthetic.sample(number, "idle", "docker", draw)
        metrics = made.metrics | {"time_to_init": float("nan"), name: 1.0}
        bad = replace(made, cell=Cell(name, name[::-1]), metrics=metrics, facts={name: name}, marks=(name,),
                      not_applicable={name: name}, noise={name: 1.0})  # fmt: skip
        taken += [bad, replace(bad, outcome="rubbish", error=name, output=name)]
    texts = {name: name for name in _HOSTILE}
    more: dict[str, Any] = {"id": "</title>" + _HOSTILE[0], "environment": texts, "versions": texts}
    more["targets"] = {name: {"title": name, "acceleration": "tcg", "describe": texts} for name in _HOSTILE}
    watched = Watched(browser, write(record(taken, **more), tmp_path / "hostile.html"), width)
    watched.page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    assert watched.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert watched.page.locator("img, script[src], a[href^='javascript'], b b").count() == 0
    # Hidden and shown again by the very same names in the address.
    watched.page.evaluate("location.hash = '#&' + page.workloads.slice(1).map(w => new URLSearchParams({w})).join('&')")
    watched.until("document.getElementById('filter-state').textContent.startsWith(': 8 ')")
    assert watched.page.locator("#figures tbody tr:visible").count() == 1
    watched.page.evaluate("location.hash = '#&ref=__proto__&metric=constructor&w=toString&t=&f=%ff'")
    watched.until("document.getElementById('filter-state').textContent === ''")
    watched.close()


_RINGED = """
() => [...document.querySelectorAll('#startup .plot')].flatMap(plot => plot.data ?? [])
  .filter(trace => trace.marker?.symbol === 'circle-open').flatMap(trace => [...trace.x])
"""


def test_what_makes_a_session_trusted_is_shown(browser: Browser, tmp_path: Path) -> None:
    taken = synthetic.samples()
    place = next(i for i, s in enumerate(taken) if (s.cell.workload, s.cell.target) == ("idle", "docker"))
    taken[place] = replace(taken[place], metrics=taken[place].metrics | {"time_to_ready": 60.0})
    noise = {"steal": 0.4, "run_queue": 2.0}
    taken[-1] = replace(taken[-1], noise=noise, marks=("noisy",), facts={"noisy": "the hypervisor stole 40.0 %"})
    watched = Watched(browser, write(record(taken), tmp_path / "trust.html"))
    page = watched.page
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    trust = page.locator("#trust").inner_text()
    assert f"{len(taken) - 1} of {len(taken)} samples count; left out: 1 noisy." in trust
    assert "the hypervisor stole 40.0 %" in trust
    assert "Why each cell stopped: 16 count, 4 width" in trust
    assert "Not calibrated: run isobench calibrate." in trust
    assert page.locator("#trust .plot .main-svg").count() >= 2
    assert "run queue, bound 0.75" in page.locator("#trust .legend").nth(1).inner_text()
    redis = page.locator("#figures tbody", has_text="redis").inner_text()
    assert redis.count("stopped on width") == len(synthetic.TARGETS)
    assert "1 severe" in page.locator("#startup table").inner_text()
    assert 60 in page.evaluate(_RINGED)
    watched.close()


def test_the_keyboard_reaches_what_there_is(browser: Browser, tmp_path: Path) -> None:
    watched = Watched(browser, write(record(synthetic.samples()), tmp_path / "keys.html"))
    watched.page.keyboard.press("Tab")
    assert watched.page.evaluate("document.activeElement.className") == "skip"
    assert watched.page.evaluate("[...document.querySelectorAll('.scroll')].every(s => s.tabIndex === 0)")
    watched.close()
