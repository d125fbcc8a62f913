"""The ratio of two medians with a percentile bootstrap interval.

Both groups are resampled independently. Source: B. Efron and R. J. Tibshirani, *An Introduction to the Bootstrap*
(1993), chapter 13; ratios of medians for benchmark results: T. Kalibera and R. Jones, *Rigorous Benchmarking in
Reasonable Time* (ISMM 2013).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from isobench.stats.median import FEWEST
from isobench.stats.values import Values, checked

RESAMPLES = 2000


@dataclass(frozen=True, slots=True)
class Ratio:
    """Median of a series over the median of its reference; no interval below 6 values on either side."""

    value: float
    n: int
    n_reference: int
    low: float | None = None
    high: float | None = None


def _resampled(values: Values, draw: np.random.Generator, resamples: int) -> Values:
    picked = draw.integers(0, values.size, size=(resamples, values.size))
    medians: Values = np.median(values[picked], axis=1)
    return medians


def median_ratio(
    values: Iterable[float],
    reference: Iterable[float],
    *,
    seed: int = 0,
    confidence: float = 0.95,
    resamples: int = RESAMPLES,
) -> Ratio | None:
    """Return median(values) / median(reference); None where the reference's median is zero.

    The same input and ``seed`` give the same interval. There is none where a resampled reference median can be zero
    or change its sign: the ratio is then unbounded. Raises ValueError when a side is empty or not finite.
    """
    above, below = checked(values), checked(reference)
    bottom = float(np.median(below))
    if bottom == 0:
        return None
    plain = Ratio(float(np.median(above)) / bottom, int(above.size), int(below.size))
    if min(plain.n, plain.n_reference) < FEWEST:
        return plain
    draw = np.random.default_rng(seed)
    bottoms = _resampled(below, draw, resamples)
    if not (bottoms * np.sign(bottom) > 0).all():
        return plain
    tail = (1 - confidence) / 2
    low, high = np.quantile(_resampled(above, draw, resamples) / bottoms, [tail, 1 - tail])
    return Ratio(plain.value, plain.n, plain.n_reference, float(low), float(high))
