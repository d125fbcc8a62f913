"""A sample: all events and metrics of one instance, with its outcome."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from isobench.model.cell import Cell

FORMAT = 1
"""The version of the session format (see docs/results-format.md)."""

Role = Literal["warmup", "measured"]
Outcome = Literal["ok", "clock", "failed", "timeout", "died", "rubbish", "error"]
"""``ok``; ``clock`` (guest clock off by over 1 %); ``failed`` (a command's exit status); ``timeout``; ``died``
(the instance ended by itself); ``rubbish`` (its output could not be read); ``error`` (the engine refused)."""

LeftOut = Literal["warm-up", "failed", "clock", "noisy"]
"""Why a sample that is kept is left out of summaries."""

EVENTS = (
    "request", "created", "started", "running", "kernel_done", "init", "ready", "service", "done",
    "stopped", "removed",
)  # fmt: skip
"""The named instants of an instance's life, in their usual order."""

Fact = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class JobRecord:
    """One job of a sample: its bracket on the host's clock and what the guest's clock made of it.

    ``start`` and ``end`` are seconds after ``request``; ``guest_elapsed`` is seconds on the guest's clock (None for
    a client on the host); ``host_cpu`` the CPU seconds that the instance's control group and helpers used meanwhile.
    """

    name: str
    command: tuple[str, ...]
    start: float
    end: float
    exit_status: int
    guest_elapsed: float | None = None
    host_cpu: float | None = None
    work: float | None = None
    output: str = ""

    @property
    def elapsed(self) -> float:
        """Seconds between the job's marks on the host's clock."""
        return self.end - self.start

    @property
    def clock_ratio(self) -> float | None:
        """Guest elapsed over host elapsed; None where no guest clock is concerned."""
        if self.guest_elapsed is None or self.elapsed <= 0:
            return None
        return self.guest_elapsed / self.elapsed


@dataclass(frozen=True, slots=True)
class Sample:
    """One instance, whole. ``events`` are nanoseconds after ``request``, which is ``request_ns`` on CLOCK_MONOTONIC.

    A study may take several instances for one sample; ``curves`` are the points (x, y) that its figures come from.
    """

    session: str
    number: int
    cell: Cell
    block: int
    role: Role
    outcome: Outcome
    started_at: str
    request_ns: int
    ended_by: Literal["stop", "kill"]
    events: dict[str, int] = field(default_factory=dict)
    metrics: dict[str, float] = field(default_factory=dict)
    not_applicable: dict[str, str] = field(default_factory=dict)
    jobs: tuple[JobRecord, ...] = ()
    marks: tuple[str, ...] = ()
    facts: dict[str, Fact] = field(default_factory=dict)
    resolution: dict[str, float] = field(default_factory=dict)
    noise: dict[str, float] = field(default_factory=dict)
    curves: dict[str, tuple[tuple[float, float], ...]] = field(default_factory=dict)
    error: str | None = None
    output: str = ""
    format: int = FORMAT

    @property
    def left_out(self) -> LeftOut | None:
        """Why summaries leave this sample out, or None: the one rule, for tables, figures, verdicts and stops."""
        if self.role == "warmup":
            return "warm-up"
        if self.outcome != "ok":
            return "clock" if self.outcome == "clock" else "failed"
        return "noisy" if "noisy" in self.marks else None

    @property
    def duration(self) -> float:
        """Seconds from ``request`` to ``removed`` (or to the last event that there is)."""
        return max(self.events.values(), default=0) / 1e9
