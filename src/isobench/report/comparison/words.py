"""A comparison and a history as Markdown: what the pages open with, and their tables."""

from __future__ import annotations

from collections.abc import Iterator

from isobench.history.series import History
from isobench.report.comparison.pair import page_of
from isobench.report.comparison.timeline import answer, changes, notes
from isobench.report.markdown import safe, table
from isobench.store.reader import SessionRecord

_PAIR = ("verdict", "workload", "target", "metric", "A", "B", "n", "B / A (95 %)", "why")
_TIME = ("first session after", "workload", "target", "metric", "before", "after", "ratio (95 %)", "way")


def comparison_markdown(a: SessionRecord, b: SessionRecord) -> str:
    """Return what session B is against session A; raises UsageError where parity records cannot be read."""
    return "\n".join(_pair(a, b)) + "\n"


def history_markdown(found: History) -> str:
    """Return what changed over a folder's sessions."""
    return "\n".join(_over_time(found)) + "\n"


def _pair(a: SessionRecord, b: SessionRecord) -> Iterator[str]:
    page = page_of(a, b)
    yield f"# isobench: {safe(b.id, 80)} against {safe(a.id, 80)}"
    for sentence in page.answer:
        yield from ("", safe(sentence))
    yield from ("", "## Verdicts", "")
    yield from table(
        _PAIR,
        (
            (line.row.verdict, safe(line.row.cell.workload, 40), _target(line.target, line.row.emulated),
             safe(line.row.metric, 60), line.a, line.b, line.n, line.ratio, safe(line.why))
            for line in page.lines
        ),
    )  # fmt: skip
    if page.changed:
        yield from ("", "## What differs", "")
        yield from (f"- {safe(text)} ({cells})" for text, cells in page.changed.items())
    if page.unknown:
        yield from ("", f"Told by one of the two only, so not compared: {safe(page.unknown)}.")


def _over_time(found: History) -> Iterator[str]:
    told = changes(found)
    yield "# isobench: what changed over time"
    for sentence in (*answer(found, told), *notes(found)):
        yield from ("", safe(sentence))
    if told:
        yield from ("", "## Changes", "")
        yield from table(
            _TIME,
            (
                (safe(one.since, 60), safe(one.track.cell.workload, 40), _target(one.target, one.track.emulated),
                 safe(one.track.metric), one.before, one.after, one.ratio, one.way or "–")
                for one in told
            ),
        )  # fmt: skip


def _target(name: str, emulated: bool) -> str:
    return safe(name, 60) + (" (emulated)" if emulated else "")
