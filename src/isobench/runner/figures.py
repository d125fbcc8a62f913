"""From what was seen of one instance to its startup and life-cycle metrics."""

from __future__ import annotations

from collections.abc import Mapping

from isobench.metrics.startup import SPANS
from isobench.model import JobRecord

CLOCK_BOUND = 0.01
"""How far a guest's clock may be off during a job, relative to the host's."""
MARKS_LATE = 0.01
"""Seconds by which the two marks around a job may be late on a busy host: what its bracket can resolve."""


def life(events: Mapping[str, int], *, has_kernel: bool) -> dict[str, float]:
    """Return the metrics that are the distance of two events (nanoseconds in, seconds out).

    An instance without a kernel of its own has two phases: the engine's, and user space from ``running`` on.
    """
    spans = dict(SPANS)
    if not has_kernel:
        del spans["phase_kernel"], spans["phase_initramfs"]
        spans["phase_userspace"] = ("running", "ready")
    return {
        name: (events[end] - events[start]) / 1e9
        for name, (start, end) in spans.items()
        if start in events and end in events
    }


def ending(ended_by: str, asked_ns: int, stopped_ns: int) -> dict[str, float]:
    """Return ``stop_time`` or ``kill_time``, by how the instance ended."""
    return {"stop_time" if ended_by == "stop" else "kill_time": (stopped_ns - asked_ns) / 1e9}


def worst_clock_ratio(ratios: list[float]) -> float | None:
    """Return the ratio farthest from 1, or None without any."""
    return max(ratios, key=lambda ratio: abs(ratio - 1.0), default=None)


def clock_off(job: JobRecord) -> float | None:
    """Return a job's clock ratio where it is out of bounds, else None.

    Out of bounds is over 1 % apart, and over what the marks that bracket the job can be late themselves.
    """
    if job.clock_ratio is None or job.guest_elapsed is None:
        return None
    apart = abs(job.guest_elapsed - job.elapsed)
    return job.clock_ratio if apart > max(CLOCK_BOUND * job.elapsed, MARKS_LATE) else None
