"""All sessions of a results folder as series over time, on the footing of the latest one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from isobench.history.change import MIN_SEGMENT, Step, steps
from isobench.history.index import record_of
from isobench.history.record import CellRecord, DamagedError, OtherFormatError, Record
from isobench.metrics import METRICS
from isobench.model import Cell
from isobench.parity import compare
from isobench.parity.fields import ParityRecord
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
    """The series, in the order of the latest session; ``unreadable`` says which sessions were passed over and why."""

    tracks: tuple[Track, ...]
    sessions: int
    unreadable: tuple[str, ...] = ()


def history_of(
    results: Path, index: Path | None = None, metric: str | None = None, tick: Callable[[int], None] = lambda _: None
) -> History:
    """Return every series (or one ``metric``'s) over the sessions of a folder; ``tick`` is told each session read."""
    records: list[Record] = []
    unreadable: list[str] = []
    names = session_names(results)
    for number, name in enumerate(names):
        try:
            records.append(record_of(results / name, index))
        except (DamagedError, OtherFormatError) as error:
            unreadable.append(error.line())
        tick(number + 1)
    tracks = tracks_of(sorted(records, key=lambda record: record.order), metric)
    return History(tuple(tracks), len(records), tuple(unreadable))


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
        latest, footing = taken[-1][1], Footing(taken[-1][1].parity)
        for name in names:
            if any(name in one.series for _, one in taken):
                found.append(_track(cell, name, taken, footing, latest))
    return found


class Footing:
    """The footing of the latest session; records are alike in hundreds of sessions, so each is compared once."""

    def __init__(self, latest: ParityRecord) -> None:
        self._latest = latest
        self._known: dict[str, set[str]] = {}

    def refuses(self, record: ParityRecord, metric: str) -> bool:
        """Return whether figures on this record cannot stand in one series with the latest session's."""
        key = repr(record)
        if key not in self._known:
            self._known[key] = {line.field for line in compare(record, self._latest).incomparable}
        return any(not name.startswith("metrics.") or name == f"metrics.{metric}" for name in self._known[key])


def _track(
    cell: Cell, name: str, taken: Iterable[tuple[str, CellRecord]], footing: Footing, latest: CellRecord
) -> Track:
    sessions: list[str] = []
    medians: list[float] = []
    left_out = 0
    for session, one in taken:
        series = one.series.get(name)
        if series is None or not series.values:
            continue
        if series.unit != METRICS[name].unit or footing.refuses(one.parity, name):
            left_out += 1
            continue
        sessions.append(session)
        medians.append(float(np.median(series.values)))
    return Track(
        cell, name, tuple(sessions), tuple(medians), left_out, tuple(_steps(name, medians)),
        latest.parity.acceleration == "tcg",
    )  # fmt: skip


def _steps(name: str, medians: list[float]) -> list[Step]:
    # A series that reaches zero has no ratio; it is shown without change points.
    if not medians or min(medians) <= 0:
        return []
    known = METRICS[name]
    found = steps(medians, least=known.relevant_effect)
    return [step for step in found if abs(step.after - step.before) >= known.floor]
