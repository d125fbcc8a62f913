"""One session's level of a series with its error: the Hodges-Lehmann pseudomedian.

The median of all averages of two values (Walsh averages): nearly as exact as the mean of normal values (95 %), while a
quarter of them may lie anywhere; unlike a median it does not jump between two modes. Its standard error is half of
the signed-rank interval that holds 68 % of normal errors. Source: J. L. Hodges and E. L. Lehmann, *Estimates of
Location Based on Rank Tests* (Ann. Math. Stat. 34, 1963); E. L. Lehmann, *Nonparametric Confidence Intervals for a
Shift Parameter* (same volume).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from isobench.stats.values import Values

FEWEST = 3
"""Fewer values tell nothing of their error."""


@dataclass(frozen=True, slots=True)
class Level:
    """A session's level, and the variance of the error that its values leave it."""

    value: float
    variance: float
    n: int


def level(values: Values) -> Level:
    """Return the level of at least ``FEWEST`` values on their own scale; raises ValueError below."""
    count = int(values.size)
    if count < FEWEST:
        raise ValueError(f"a level needs {FEWEST} values")
    one, other = _pairs(count)
    averages = np.sort((values[one] + values[other]) / 2)
    reach = math.sqrt(count * (count + 1) * (2 * count + 1) / 24)
    low, high = np.interp([-reach, reach], np.arange(averages.size) - (averages.size - 1) / 2, averages)
    middle = averages.size // 2
    value = averages[middle] if averages.size % 2 else (averages[middle - 1] + averages[middle]) / 2
    return Level(float(value), float((high - low) / 2) ** 2, count)


@lru_cache(maxsize=64)
def _pairs(count: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    one, other = np.triu_indices(count)
    return one, other
