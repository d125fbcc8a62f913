"""A history for people: each change point with the first session after it; then what did not change, counted."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from isobench.history.change import MIN_SEGMENT, Step
from isobench.history.series import History, Track
from isobench.metrics import METRICS
from isobench.plain import plain
from isobench.report.format import counted, human

_WIDE = 500


def show(history: History, console: Console | None = None) -> None:
    """Print a history; a pipe gets lines as wide as the table needs."""
    to = console or Console(highlight=False)
    if not to.is_terminal:
        to.width = _WIDE
    if any(track.steps for track in history.tracks):
        to.print(_table(history))
    for line in _notes(history):
        to.print(Text(plain(line)), soft_wrap=True)


def document(history: History) -> dict[str, Any]:
    """Return the history as JSON can hold it."""
    return {
        "sessions": history.sessions,
        "unreadable": list(history.unreadable),
        "aside": history.aside,
        "series": [_series(track) for track in history.tracks],
    }


def _series(track: Track) -> dict[str, Any]:
    return {
        "workload": track.cell.workload,
        "target": track.cell.target,
        "params": track.cell.parameters.text(),
        "metric": track.metric,
        "unit": METRICS[track.metric].unit,
        "emulated": track.emulated,
        "sessions": list(track.sessions),
        "medians": list(track.medians),
        "left_out": track.left_out,
        "steps": [asdict(step) | {"first": track.sessions[step.first]} for step in track.steps],
    }


def _table(history: History) -> Table:
    table = Table()
    for heading in ("workload@target", "metric", "first session after", "before", "after", "ratio (95 %)", "way"):
        table.add_column(heading, justify="right" if heading in ("before", "after") else "left", overflow="fold")
    for track in history.tracks:
        for step in track.steps:
            table.add_row(*map(Text, _row(track, step)))
    return table


def _row(track: Track, step: Step) -> tuple[str, ...]:
    known = METRICS[track.metric]
    before, after = (human(value, known.unit, counted(track.metric)) for value in (step.before, step.after))
    interval = "" if step.low is None or step.high is None else f" ({step.low:.3f}–{step.high:.3f})"
    name = f"{track.cell} (emulated)" if track.emulated else str(track.cell)
    return (
        plain(name, 60), track.metric, plain(track.sessions[step.first], 60), before, after,
        f"{step.ratio:.3f}{interval}", _way(known.direction, step.ratio),
    )  # fmt: skip


def _way(direction: str, ratio: float) -> str:
    if direction == "neutral":
        return ""
    return "better" if (ratio > 1) == (direction == "higher") else "worse"


def _notes(history: History) -> list[str]:
    tracks = history.tracks
    changed = sum(bool(track.steps) for track in tracks)
    short = sum(track.short for track in tracks)
    left_out = max((track.left_out for track in tracks), default=0)
    sessions = f"{history.sessions} session{'' if history.sessions == 1 else 's'}"
    notes = [f"{sessions}, {len(tracks)} series: {changed} changed, {len(tracks) - changed} did not"]
    if short:
        notes.append(f"{short} series have fewer than {2 * MIN_SEGMENT} sessions, too few for a change point")
    if left_out:
        notes.append(f"up to {left_out} sessions of a series stand on another footing than its latest: left out")
    if history.aside:
        notes.append(f"left out: {history.aside} of `isobench ab` or measured once more by `isobench check --confirm`")
    return notes + [f"passed over: {line}" for line in history.unreadable]
