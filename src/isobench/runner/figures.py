"""From what was seen of one instance to its startup and life-cycle metrics."""

from __future__ import annotations

from collections.abc import Mapping

from isobench.metrics.startup import SPANS


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
