"""A session that another process measures, followed by its files: read again only when they have changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from isobench.model import Sample
from isobench.plan import Plan
from isobench.report.faces.cells import CellLine, Standing, sparkline, standing
from isobench.report.format import short
from isobench.report.meta import mapping
from isobench.runner.record import plan_of
from isobench.store.reader import META, SAMPLES, SessionRecord, read_session

RUNNING = "running"
"""The state in session.json of a session that has not ended."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A session at one instant: its ``state`` as session.json has it, and what there is to show as plain JSON."""

    state: str
    shown: dict[str, Any]


class Follower:
    """Follows one session's folder; raises UsageError where it holds no plan or cannot be read."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._stamps: tuple[tuple[int, int], ...] = ()
        self.seen = self._read()

    def changed(self) -> bool:
        """Look again, and return whether there is more to see than before."""
        if self._stamps == self._now():
            return False
        self.seen = self._read()
        return True

    def _now(self) -> tuple[tuple[int, int], ...]:
        stats = [path.stat() for name in (META, SAMPLES) if (path := self._folder / name).exists()]
        return tuple((stat.st_mtime_ns, stat.st_size) for stat in stats)

    def _read(self) -> Seen:
        # The stamps are taken first: what is written while the files are read is read next time.
        self._stamps = self._now()
        session = read_session(self._folder)
        plan = plan_of(session.meta, str(self._folder))
        state = str(session.meta.get("state", RUNNING))
        return Seen(state, _shown(session, plan, state))


def elapsed(samples: Sequence[Sample], resumed: bool) -> float:
    """Return the seconds that a session has measured: from the first request to the last sample's end.

    On the host's monotonic clock, which says nothing of the pause before a session was gone on with: there the
    samples' own durations stand for it.
    """
    alone = sum(sample.duration for sample in samples)
    if resumed or not samples:
        return alone
    span = (samples[-1].request_ns - samples[0].request_ns) / 1e9 + samples[-1].duration
    return max(span, alone)


def _shown(session: SessionRecord, plan: Plan, state: str) -> dict[str, Any]:
    told = mapping(session.meta, "targets")
    emulated = frozenset(name for name in told if mapping(told, name).get("acceleration") == "tcg")
    found = standing(plan, session.samples, elapsed(session.samples, "resumed_at" in session.meta), emulated)
    return {
        "session": short(session.id, 80),
        "state": state,
        "words": found.words() if state == RUNNING else f"{found.samples} samples",
        "taken": found.samples,
        "whole": found.samples + (found.left.samples if state == RUNNING else 0),
        "emulated": any(line.emulated for line in found.lines),
        "lines": [_line(line, found) for line in found.lines],
    }


def _line(line: CellLine, found: Standing) -> dict[str, Any]:
    return {
        "name": short(str(line.cell), 80),
        "emulated": line.emulated,
        "spark": sparkline(line.values),
        "metric": line.metric,
        "figure": line.figure,
        "around": line.around,
        "count": line.count,
        "failed": line.failed,
        "rest": line.rest,
        "stopped": bool(line.stopped),
        "now": line.cell == found.following,
    }
