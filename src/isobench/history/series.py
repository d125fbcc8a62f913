"""All sessions of a results folder as series over time, on the footing of the latest one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from isobench.errors import IsobenchError
from isobench.history.change import MIN_SEGMENT, Step, steps
from isobench.history.index import record_of
from isobench.history.record import CellRecord, DamagedError, OtherFormatError, Record
from isobench.metrics import METRICS
from isobench.model import Cell
from isobench.parity import compare
from isobench.store.reader import session_names


@dataclass(frozen=True, slots=True)
class Track:
    """One series over sessions, oldest first: the median of each; ``left_out`` sessions stand on another footing."""

    cell: Cell
    metric: str
    sessions: tuple[str, ...]
    medians: tuple[float, ...]
    left_out: int
    steps: tuple[Step, ...]
    emulated: bool

    @property
    def short(self) -> bool:
        """Whether there are too few sessions for a change point."""
        return len(self.sessions) < 2 * MIN_SEGMENT


@dataclass(frozen=True, slots=True)
class History:
    """The series, in the order of the latest session.

    ``unreadable`` says which sessions were passed over and why, ``failed`` with which exit code that goes; ``aside``
    counts those of ``isobench ab`` and those that confirm another, which are no part of it.
    """

    tracks: tuple[Track, ...]
    sessions: int
    unreadable: tuple[str, ...] = ()
    failed: int = 0
    aside: int = 0


def history_of(
    results: Path, index: Path | None = None, metric: str | None = None, tick: Callable[[int], None] = lambda _: None
) -> History:
    """Return every series (or one ``metric``'s) over the sessions of a folder; ``tick`` is told each session read."""
    records: list[Record] = []
    errors: list[IsobenchError] = []
    for number, name in enumerate(session_names(results), start=1):
        try:
            records.append(record_of(results / name, index))
        except (DamagedError, OtherFormatError) as error:
            errors.append(error)
        tick(number)
    own = sorted((record for record in records if not record.aside), key=lambda record: record.order)
    return History(
        tuple(tracks_of(own, metric)), len(own), tuple(error.line() for error in errors),
        max((error.exit_code for error in errors), default=0), len(records) - len(own),
    )  # fmt: skip


def tracks_of(records: Sequence[Record], metric: str | None = None) -> list[Track]:
    """Return the series of sessions, oldest first."""
    cells: dict[Cell, list[tuple[str, CellRecord]]] = {}
    for record in records:
        for one in record.cells:
            if one.series:
                cells.setdefault(one.cell, []).append((record.session, one))
    names = [metric] if metric else [name for name, known in METRICS.items() if known.direction != "neutral"]
    found: list[Track] = []
    for cell, taken in cells.items():
        on_footing = _on_footing(taken)
        for name in names:
            if any(name in one.series for _, one in taken):
                found.append(_track(cell, name, on_footing))
    return found


Taken = list[tuple[str, CellRecord, frozenset[str]]]
"""A cell's sessions with their records, and the lines that forbid to compare each with the latest."""


def _on_footing(taken: Sequence[tuple[str, CellRecord]]) -> Taken:
    # Records are alike in hundreds of sessions: each kind is compared once.
    latest = taken[-1][1].parity
    known: dict[str, frozenset[str]] = {}
    found: Taken = []
    for session, one in taken:
        key = repr(one.parity)
        if key not in known:
            known[key] = frozenset(line.field for line in compare(one.parity, latest).incomparable)
        found.append((session, one, known[key]))
    return found


def _refused(lines: frozenset[str], metric: str) -> bool:
    return any(not name.startswith("metrics.") or name == f"metrics.{metric}" for name in lines)


def _track(cell: Cell, name: str, taken: Taken) -> Track:
    sessions: list[str] = []
    medians: list[float] = []
    left_out = 0
    for session, one, lines in taken:
        series = one.series.get(name)
        if series is None or not series.values:
            continue
        if series.unit != METRICS[name].unit or _refused(lines, name):
            left_out += 1
            continue
        sessions.append(session)
        medians.append(median(series.values))
    emulated = taken[-1][1].parity.acceleration == "tcg"
    return Track(cell, name, tuple(sessions), tuple(medians), left_out, tuple(_steps(name, medians)), emulated)


def _steps(name: str, medians: list[float]) -> list[Step]:
    # A series that reaches zero has no ratio; it is shown without change points.
    if not medians or min(medians) <= 0:
        return []
    known = METRICS[name]
    found = steps(medians, least=known.relevant_effect)
    return [step for step in found if abs(step.after - step.before) >= known.floor]
