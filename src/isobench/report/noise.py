"""The noise beside the samples in a table: each figure's meaning, median, worst and bound."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import asdict

import numpy as np

from isobench.host.noise import Bounds, exceeded
from isobench.report.format import digits, percent
from isobench.report.meta import named
from isobench.report.series import Data

BOUNDS: dict[str, float] = asdict(Bounds())
"""The bounds that mark a sample as noisy, by figure."""
_MEANINGS = {
    "steal": "share of all cores' time that the host's own hypervisor gave to others",
    "cpu_pressure": "share of the time in which some task waited for a core (PSI)",
    "harness_cpu": "cores that the harness used itself",
    "run_queue": "tasks of others that ran or wanted to, a core",
    "swapped_pages": "pages of 4 KiB swapped in or out",
    "throttled_seconds": "CPU time that a quota withheld",
    "throttled_periods": "times that a quota withheld CPU time",
    "thermal_throttles": "times that a core was slowed for its heat",
    "frequency_hz": "the instance's core, in Hz; the worst is the slowest",
    "other_cpu": "share of all cores' time that others used",
    "kernel_cpu": "share of all cores' time that the kernel's own threads used, for whomever: recorded only",
}
_SHARES = ("steal", "cpu_pressure", "harness_cpu", "other_cpu", "kernel_cpu")


def table(data: Data) -> list[tuple[str, str, str, str, str]]:
    """Return each noise figure's name, its median and worst over all samples, its bound and its meaning."""
    found: dict[str, list[float]] = defaultdict(list)
    for sample in data.session.samples:
        for name, value in sample.noise.items():
            if np.isfinite(value):
                found[name].append(value)
    return [
        (
            named(name),
            _written(name, float(np.median(values))),
            _written(name, min(values) if name == "frequency_hz" else max(values)),
            bound(name),
            _MEANINGS.get(name, ""),
        )
        for name, values in found.items()
    ]


def unmarked(data: Data) -> int:
    """Return how many samples are over a bound and not marked so: sessions from before the bounds have such."""
    return sum("noisy" not in s.marks and bool(exceeded(s.noise, Bounds())) for s in data.session.samples)


def bound(name: str) -> str:
    """Return a figure's bound in words, a dash where it has none."""
    if name not in BOUNDS:
        return "–"
    return f"{100 * BOUNDS[name]:g} %" if name in _SHARES else f"{BOUNDS[name]:g}"


def _written(name: str, value: float) -> str:
    return percent(value) if name in _SHARES else digits(value)
