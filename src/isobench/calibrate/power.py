"""The smallest change that a gate finds in 80 and in 95 of 100 comparisons, by resampling recorded A/A sessions.

A draw takes different sessions whole (so the spread between sessions is in it), bootstraps each to n values (B. Efron
and R. J. Tibshirani, *An Introduction to the Bootstrap*, 1993, sections 8.3 and 25.4: two-stage samples, and power by
resampling), and makes the judged one worse by a factor. What finds a change is taken to find a larger one, so a
draw's least effect is found by bisection, and the power of an effect is the share of draws that need no larger one.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from isobench.calibrate.gate import Gate
from isobench.calibrate.spread import telling
from isobench.calibrate.values import SeriesKey
from isobench.metrics import METRICS
from isobench.stats.values import Values

GRID = tuple(
    percent / 100 for percent in (0.5, 1, 1.5, 2, 2.5, 3, 4, 5, 6, 7, 8, 9, 10, 12, 15, 20, 25, 30, 40, 50)
)  # fmt: skip
"""The relative effects that are tried."""
SIZES = (10, 20, 50)
LEVELS = (0.80, 0.95)
DRAWS = 100
"""Comparisons drawn for each number of samples: a power of 80 % is known to ± 4 %."""


@dataclass(frozen=True, slots=True)
class Power:
    """With ``samples`` on each side, the least effect found in ``level`` of comparisons; None: more than 50 %."""

    samples: int
    level: float
    effect: float | None


def powers(gate: Gate, key: SeriesKey, sessions: Sequence[Values], *, draws: int = DRAWS) -> tuple[Power, ...]:
    """Return the least effects of one series, for each of ``SIZES`` and ``LEVELS``.

    Empty where there is nothing to find (neither way is better, or the median is zero, of which no factor makes more)
    or fewer than two sessions tell of it. The gate is given the series alone: a family of one.
    """
    told = telling(sessions)
    direction = METRICS[key.metric].direction
    if direction == "neutral" or len(told) < 2 or np.median([np.median(values) for values in told]) == 0:
        return ()
    sign = -1 if direction == "higher" else 1
    constant = len(set(np.concatenate(told).tolist())) == 1
    found: list[Power] = []
    for samples in SIZES:
        draw = np.random.default_rng((samples, draws))  # the same profile from the same sessions
        least = sorted(_least(gate, key, told, samples, sign, draw) for _ in range(1 if constant else draws))
        for level in LEVELS:
            place = least[math.ceil(level * len(least)) - 1]
            found.append(Power(samples, level, GRID[place] if place < len(GRID) else None))
    return tuple(found)


def _least(
    gate: Gate, key: SeriesKey, sessions: Sequence[Values], samples: int, sign: int, draw: np.random.Generator
) -> int:
    """Return the place in ``GRID`` of the least effect that the gate finds in one draw; its length where none."""
    chosen = draw.permutation(len(sessions))[: gate.baseline + 1]
    *before, judged = (draw.choice(sessions[number], samples) for number in chosen)
    baseline = [{key: values} for values in before]

    def found(effect: float) -> bool:
        return gate.verdicts(baseline, {key: judged * (1 + sign * effect)}).get(key) == "regression"

    return bisect_left(GRID, True, key=found)
