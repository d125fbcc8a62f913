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
from isobench.store.held import is_held
from isobench.store.reader import META, SAMPLES, SessionRecord, read_session

RUNNING = "running"
"""The state in session.json of a session that has not ended."""
STOPPED = "stopped"
"""What stands for it once nobody measures the session any more: its run was killed."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A session at one instant: its ``state`` as session.json has it, or ``STOPPED``; what there is to show as JSON."""

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
        if self._stamps == self._now() and is_held(self._folder):
            return False
        self.seen = self._read()
        return True

    def _now(self) -> tuple[tuple[int, int], ...]:
        stats = [path.stat() for name in (META, SAMPLES) if (path := self._folder / name).exists()]
        return tuple((stat.st_mtime_ns, stat.st_size) for stat in stats)

    def _read(self) -> Seen:
        # The stamps are taken first: what is written while the files are read is read next time. So is it asked
        # who holds the session: whoever ends one in order writes so before letting go of it.
        self._stamps = self._now()
        alive = is_held(self._folder)
        session = read_session(self._folder)
        plan = plan_of(session.meta, str(self._folder))
        state = str(session.meta.get("state", RUNNING))
        state = STOPPED if state == RUNNING and not alive else state
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
        "words": _words(session, found, state),
        "taken": found.samples,
        "whole": found.samples + (found.left.samples if state in (RUNNING, STOPPED) else 0),
        "emulated": any(line.emulated for line in found.lines),
        "lines": [_line(line, state == RUNNING and line.cell == found.following) for line in found.lines],
    }


def _words(session: SessionRecord, found: Standing, state: str) -> str:
    if state == RUNNING:
        return found.words()
    if state == STOPPED:
        said, command = stopped(session.folder, found.samples)
        return f"The run {said}. {command} goes on with it."
    return f"The session has ended: {state}, {_counted(found.samples)}. isobench report writes its report."


def stopped(folder: Path, samples: int) -> tuple[str, str]:
    """Return what to say of a session whose run was killed, and the command that goes on with it."""
    return f"has stopped without ending, after {_counted(samples)}", f"isobench run --resume {short(folder.name, 80)}"


def _counted(samples: int) -> str:
    return f"{samples} sample{'' if samples == 1 else 's'}"


def _line(line: CellLine, now: bool) -> dict[str, Any]:
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
        "now": now,
    }
