"""How far values lie apart, and which of them lie outside.

Outliers are classified, never removed. Source: J. W. Tukey, *Exploratory Data Analysis* (1977): mild beyond 1.5,
severe beyond 3 interquartile ranges from the quartiles (linear-interpolation quartiles, NumPy's default).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from isobench.stats.values import checked

OutlierClass = Literal["inside", "mild", "severe"]
MILD, SEVERE = 1.5, 3.0


@dataclass(frozen=True, slots=True)
class Spread:
    """Quartiles and their distance; ``relative`` is IQR over the median's size, None where the median is zero."""

    first: float
    third: float
    iqr: float
    relative: float | None


def spread(values: Iterable[float]) -> Spread:
    """Return the spread of the values in their unit; raises ValueError when empty or not finite."""
    array = checked(values)
    first, middle, third = (float(x) for x in np.quantile(array, [0.25, 0.5, 0.75]))
    iqr = third - first
    return Spread(first, third, iqr, iqr / abs(middle) if middle != 0 else None)


def outlier_classes(values: Iterable[float]) -> tuple[OutlierClass, ...]:
    """Return the class of each value, in order; raises ValueError when empty or not finite."""
    array = checked(values)
    around = spread(array)
    outside = np.maximum(around.first - array, array - around.third)
    return tuple(
        "severe" if far > SEVERE * around.iqr else "mild" if far > MILD * around.iqr else "inside"
        for far in outside.tolist()
    )
