"""A quantile with its distribution-free interval, refused where the values are too few to hold one.

The count below the true quantile is binomial(n, p), whatever the distribution, so two order statistics enclose it with
a known probability: the fewest ranks that reach the confidence are taken. Where even the smallest and largest value do
not reach it, the quantile lies beyond what was seen. Source: G. J. Hahn and W. Q. Meeker, *Statistical Intervals*
(1991), section 5.2.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from isobench.stats.estimate import Refused
from isobench.stats.values import checked


@dataclass(frozen=True, slots=True)
class Quantile:
    """A quantile (linear interpolation, NumPy's default), its interval and what that really covers."""

    value: float
    low: float
    high: float
    coverage: float


def quantile(values: Iterable[float], p: float, *, confidence: float = 0.95) -> Quantile | Refused:
    """Return the quantile in the values' unit, or the reason why so few values cannot support it.

    Raises ValueError when empty or not finite, or for p outside (0, 1).
    """
    ordered = np.sort(checked(values))
    count = int(ordered.size)
    ranks = quantile_ranks(count, p, confidence)
    if ranks is None:
        needed = fewest_for(p, confidence)
        return Refused(f"p{p * 100:g} needs at least {needed} values for a {confidence:.0%} interval, this has {count}")
    low, high, coverage = ranks
    return Quantile(float(np.quantile(ordered, p)), float(ordered[low]), float(ordered[high]), coverage)


@lru_cache(maxsize=1024)
def quantile_ranks(count: int, p: float, confidence: float = 0.95) -> tuple[int, int, float] | None:
    """Return the 0-based ranks that lie closest and reach the confidence, and their coverage; None when none do."""
    from scipy.stats import binom

    if count < fewest_for(p, confidence):
        return None
    # Ranks i < j (from 1) enclose the quantile when i <= B < j: cdf(j - 1) - cdf(i - 1).
    below = np.asarray(binom.cdf(np.arange(count), count, p))
    # Counts that differ by rounding only must not decide whether the last rank suffices.
    reach = np.searchsorted(below, below + confidence - 1e-12)
    lows = np.flatnonzero(reach < count)
    gaps = reach[lows] - lows
    best = [(int(i), int(reach[i])) for i in lows[gaps == gaps.min()]]
    low, high = max(best, key=lambda pair: below[pair[1]] - below[pair[0]])
    return low, high, float(below[high] - below[low])


@lru_cache(maxsize=256)
def fewest_for(p: float, confidence: float = 0.95) -> int:
    """Return how many values a quantile's interval needs: 299 for p99 at 95 %, 6 for the median."""
    if not 0 < p < 1:
        raise ValueError(f"a quantile lies between 0 and 1, this is {p}")
    count = 2
    while p**count + (1 - p) ** count > 1 - confidence:
        count += 1
    return count
