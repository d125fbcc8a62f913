"""The geometric mean of ratios, with Student's interval on their logarithms.

Ratios multiply, so they are averaged as logarithms: the answer does not depend on which side is the reference.
Student's t and not the bootstrap, as a suite has few ratios. Source: P. J. Fleming and J. J. Wallace, *How Not to Lie
with Statistics* (CACM 29, 1986); Student, *The Probable Error of a Mean* (Biometrika 6, 1908).
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from isobench.stats.estimate import Estimate
from isobench.stats.values import checked


def geometric_mean(ratios: Iterable[float], *, confidence: float = 0.95) -> Estimate:
    """Return the geometric mean of the ratios; one ratio has no interval, equal ones have one of no width.

    Raises ValueError when empty, not finite, zero or negative.
    """
    from scipy.stats import t

    array = checked(ratios)
    if (array <= 0).any():
        raise ValueError("a statistic of ratios refuses zero and negative ones")
    logs = np.log(array)
    middle = float(logs.mean())
    if logs.size == 1:
        return Estimate(float(np.exp(middle)))
    reach = float(t.isf((1 - confidence) / 2, logs.size - 1) * logs.std(ddof=1) / np.sqrt(logs.size))
    value, low, high = np.exp([middle, middle - reach, middle + reach]).tolist()
    return Estimate(value, low, high)
