"""A folder of sessions as a page: where each series changed and by how much, then each as a line over the sessions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from isobench.history.change import MIN_SEGMENT, Step
from isobench.history.series import History, Track
from isobench.metrics import METRICS
from isobench.report.comparison.layout import named, write_page
from isobench.report.comparison.levels import panel
from isobench.report.comparison.names import names_of
from isobench.report.format import counted, human, short, times
from isobench.stats import Ratio
from isobench.verdict.sessions import HEADLINE

_MOST = 40
"""Series of one kind (changed, unchanged) that are drawn; `isobench history --json` has all."""


@dataclass(frozen=True, slots=True)
class Change:
    """A change point in words; ``way`` is better, worse, or empty where neither is."""

    track: Track
    target: str
    since: str
    before: str
    after: str
    ratio: str
    way: str


def write_history(found: History, out: Path) -> Path:
    """Write the page of a history and return it."""
    told = changes(found)
    changed = [track for track in found.tracks if track.steps]
    steady = [track for track in found.tracks if not track.steps and track.metric in HEADLINE]
    names = names_of((track.cell, track.metric) for track in (*changed, *steady))
    return write_page(
        "history.html.j2", out, names, history=found, changes=told, answer=answer(found, told), metrics=METRICS,
        notes=list(notes(found)), changed=[panel(track, names) for track in changed[:_MOST]],
        steady=[panel(track, names) for track in steady[:_MOST]], counts=(len(changed), len(steady)), most=_MOST,
        has_emulated=any(track.emulated for track in found.tracks),
    )  # fmt: skip


def changes(found: History) -> list[Change]:
    """Return every change point, the latest first."""
    pairs = [(track, step) for track in found.tracks for step in track.steps]
    pairs.sort(key=lambda pair: pair[0].sessions[pair[1].first], reverse=True)
    return [_change(track, step) for track, step in pairs]


def answer(found: History, told: list[Change]) -> list[str]:
    """Return the opening: what got worse last, and how much did not change. Nothing of it is emulated."""
    tracks = len(found.tracks)
    sessions = f"{found.sessions} session{'' if found.sessions == 1 else 's'}"
    if not tracks:
        return [f"Nothing to follow: {sessions}, and none has a figure that counts."]
    changed = sum(bool(track.steps) for track in found.tracks)
    sentences = [f"Over {sessions}, {changed} of {tracks} series changed for good."]
    worse = next((one for one in told if one.way == "worse" and not one.track.emulated), None)
    if worse:
        cell = short(str(worse.track.cell), 60)
        sentences.append(
            f"The latest that got worse: {cell} {worse.track.metric}, {worse.ratio} since {short(worse.since, 60)}."
        )
    return sentences


def _change(track: Track, step: Step) -> Change:
    known = METRICS[track.metric]
    before, after = (human(value, known.unit, counted(track.metric)) for value in (step.before, step.after))
    way = "better" if (step.ratio > 1) == (known.direction == "higher") else "worse"
    way = "" if known.direction == "neutral" else way
    ratio = times(Ratio(step.ratio, 0, 0, step.low, step.high))
    return Change(track, named(track.cell), track.sessions[step.first], before, after, ratio, way)


def notes(found: History) -> Iterator[str]:
    """Yield what was left out or passed over, and why."""
    few = sum(track.short for track in found.tracks)
    if few:
        yield f"{few} series have fewer than {2 * MIN_SEGMENT} sessions, too few for a change point."
    if left_out := max((track.left_out for track in found.tracks), default=0):
        yield f"Up to {left_out} sessions of a series stand on another footing than its latest: left out."
    if found.aside:
        yield f"Left out: {found.aside} of isobench ab, or measured once more by isobench check --confirm."
    yield from (f"Passed over: {line}" for line in found.unreadable)
