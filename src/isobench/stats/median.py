"""The median and its distribution-free interval.

The interval comes from order statistics: the number of values below the true median is binomial(n, 1/2), whatever
the distribution. Source: G. J. Hahn and W. Q. Meeker, *Statistical Intervals* (1991), section 5.2; J.-Y. Le Boudec,
*Performance Evaluation of Computer and Communication Systems* (2010), theorem 2.1.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from isobench.stats.values import checked

FEWEST = 6
"""Fewer values cannot carry a 95 % interval for a median: with 5, even (min, max) covers it in 93.75 % only."""


@dataclass(frozen=True, slots=True)
class Median:
    """A median with its range, and its interval where there are values enough (else ``low`` and ``high`` are None).

    ``coverage`` is what the interval really covers: order statistics come in steps, so it is at least the asked one.
    """

    n: int
    value: float
    smallest: float
    largest: float
    low: float | None = None
    high: float | None = None
    coverage: float | None = None

    @property
    def has_interval(self) -> bool:
        """Whether there were values enough for an interval."""
        return self.low is not None


@lru_cache(maxsize=1024)
def interval_ranks(n: int, confidence: float = 0.95) -> tuple[int, int, float] | None:
    """Return the 0-based ranks of the narrowest symmetric interval and its coverage; None when none reaches it."""
    if n < FEWEST:
        return None
    # Of scipy.special, since scipy.stats takes a second to import, which every run would end with.
    from scipy.special import bdtr, bdtrik

    tail = (1 - confidence) / 2
    if float(1 - 2 * bdtr(0, n, 0.5)) < confidence:
        return None
    # The first count that reaches the tail: the one before it leaves no more than the tail outside.
    below = math.ceil(bdtrik(tail, n, 0.5))
    if below > 0 and bdtr(below - 1, n, 0.5) >= tail:
        below -= 1  # the inverse is rounded
    rank = max(below - 1, 0)
    return rank, n - 1 - rank, float(1 - 2 * bdtr(rank, n, 0.5))


def median(values: Iterable[float], confidence: float = 0.95) -> Median:
    """Return the median of the values in their unit; raises ValueError when empty or not finite."""
    ordered = np.sort(checked(values))
    count = int(ordered.size)
    ranks = interval_ranks(count, confidence)
    plain = Median(count, float(np.median(ordered)), float(ordered[0]), float(ordered[-1]))
    if ranks is None:
        return plain
    low, high, coverage = ranks
    return Median(
        count, plain.value, plain.smallest, plain.largest, float(ordered[low]), float(ordered[high]), coverage
    )
