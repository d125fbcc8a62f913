"""How much noise a sample may have beside it before it is marked ``noisy``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class Bounds:
    """The largest value of each noise figure that is still quiet; docs/noise.md says why these."""

    steal: float = 0.05
    """Share of all cores' time: a job that lost it is 5 % slower, beyond the width that throughput is held to."""
    cpu_pressure: float = 0.25
    """Share of the time that some task waited for a core; the workload's own threads are within it."""
    run_queue: float = 0.75
    """Tasks of others a core that ran or wanted to, at both ends of the sample."""
    swapped_pages: float = 256
    """Pages of 4 KiB in and out: 1 MiB."""
    harness_cpu: float = 0.75
    """Cores that the harness used itself: a core busier than that makes time stamps wait."""
    throttled_seconds: float = 0.0
    """Equal footing is made of cpusets (metrics.md): nothing may be held back by a quota."""
    thermal_throttles: float = 0.0
    """Times that a core or its package was slowed for its heat."""
    other_cpu: float = 0.10
    """Share of all cores' time that others used: on two cores, a fifth of the one that instances get."""


_WAITING = ("cpu_pressure", "run_queue")
_WORDS = {
    "steal": "the hypervisor stole {share} of the cores' time",
    "cpu_pressure": "tasks waited for a core {share} of the time",
    "run_queue": "{number} runnable tasks of others a core",
    "swapped_pages": "{number} pages swapped",
    "harness_cpu": "the harness itself used {share} of a core",
    "throttled_seconds": "a CPU quota held it back for {number} s",
    "thermal_throttles": "cores were slowed for their heat {number} times",
    "other_cpu": "others used {share} of the cores' time",
}


def exceeded(noise: Mapping[str, float], bounds: Bounds) -> tuple[str, ...]:
    """Return in words each figure that is over its bound; a figure that is absent breaks none.

    Pressure and run queue tell that tasks waited, not whose fault it was. Where control groups tell whose CPU it was
    (``kernel_cpu`` is there), both are recorded and exclude nothing.
    """
    recorded = _WAITING if "kernel_cpu" in noise else ()
    return tuple(
        _reason(field.name, noise[field.name], getattr(bounds, field.name))
        for field in fields(bounds)
        if field.name in noise and noise[field.name] > getattr(bounds, field.name) and field.name not in recorded
    )


def _reason(name: str, value: float, bound: float) -> str:
    words = _WORDS[name]
    limit = f"{bound:.0%}" if "{share}" in words else f"{bound:g}"
    return f"{words.format(share=f'{value:.1%}', number=f'{value:.3g}')} (bound {limit})"
