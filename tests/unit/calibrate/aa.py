"""TEST DATA: A/A sessions drawn from a known law, never measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from isobench.calibrate.values import SeriesKey, SessionValues
from isobench.stats.values import Values
from isobench.verdict import Verdict

READY = SeriesKey("idle", "docker", "time_to_ready")
RATE = SeriesKey("cpu", "docker", "cpu_events")


def sessions(
    count: int, samples: int, within: float, between: float, *, seed: int = 1, middle: float = 1.0
) -> list[Values]:
    """Return sessions' values, normal around levels that are normal around ``middle``; spreads are relative s.d."""
    draw = np.random.default_rng(seed)
    levels = middle * (1 + between * draw.standard_normal(count))
    return [level + middle * within * draw.standard_normal(samples) for level in levels]


@dataclass(frozen=True, slots=True)
class ThresholdGate:
    """Rings when the median is beyond ``bound`` times the median of the baseline's medians: its power is known."""

    bound: float
    baseline: int = 1
    name: str = "threshold"

    def verdicts(self, baseline: Sequence[SessionValues], session: SessionValues) -> Mapping[SeriesKey, Verdict]:
        def one(key: SeriesKey, values: Values) -> Verdict:
            ratio = float(np.median(values) / np.median([np.median(before[key]) for before in baseline]))
            worse = 1 / ratio if key == RATE else ratio
            return "regression" if worse > self.bound else "no change"

        return {key: one(key, values) for key, values in session.items()}
