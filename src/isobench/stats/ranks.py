"""Which order statistic of the differences bounds a shift: the null distributions of the two rank statistics.

Counted exactly in whole numbers for small groups, by the normal approximation beyond. Source: M. Hollander, D. A. Wolfe
and E. Chicken, *Nonparametric Statistical Methods* (3rd ed., 2014), sections 3.3 and 4.3.
"""

from __future__ import annotations

import math
from functools import lru_cache
from itertools import accumulate

EXACT = 10_000
"""Most pairs (n times m), or twice that many Walsh averages, for which the distribution is counted."""


@lru_cache(maxsize=256)
def mann_whitney_rank(n: int, m: int, confidence: float) -> int | None:
    """Return the 0-based rank, from either end of the n·m ordered differences, that bounds the shift; None if none."""
    if n * m > EXACT:
        return _approximate(n * m / 2, n * m * (n + m + 1) / 12, confidence)
    # The counts are the coefficients of the Gaussian binomial: products of (1 - x^(m+i)) / (1 - x^i).
    ways = [1] + [0] * (n * m // 2)
    for i in range(1, n + 1):
        for u in range(len(ways) - 1, m + i - 1, -1):
            ways[u] -= ways[u - m - i]
        for u in range(i, len(ways)):
            ways[u] += ways[u - i]
    return _last(ways, math.comb(n + m, n), confidence)


@lru_cache(maxsize=256)
def signed_rank(n: int, confidence: float) -> int | None:
    """Return the 0-based rank, from either end of the n(n+1)/2 ordered Walsh averages; None if there is none."""
    averages = n * (n + 1) // 2
    if averages > 2 * EXACT:
        return _approximate(averages / 2, n * (n + 1) * (2 * n + 1) / 24, confidence)
    # The counts are the coefficients of the product of (1 + x^i).
    ways = [1] + [0] * (averages // 2)
    for i in range(1, n + 1):
        for u in range(len(ways) - 1, i - 1, -1):
            ways[u] += ways[u - i]
    return _last(ways, 2**n, confidence)


def _last(ways: list[int], total: int, confidence: float) -> int | None:
    """Return the largest value whose lower tail leaves no more than half of what may lie outside."""
    inside = [rank for rank, below in enumerate(accumulate(ways)) if below / total <= (1 - confidence) / 2]
    return inside[-1] if inside else None


def _approximate(mean: float, variance: float, confidence: float) -> int:
    from scipy.stats import norm

    return math.floor(mean - float(norm.isf((1 - confidence) / 2)) * math.sqrt(variance)) - 1
