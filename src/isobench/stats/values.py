"""What every statistic demands of its input: one dimension, at least one value, all of them finite."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]


def checked(values: Iterable[float]) -> Values:
    """Return the values as an array; raises ValueError for an empty input, NaN or infinity."""
    array = np.asarray(list(values), dtype=np.float64)
    if array.ndim != 1 or array.size == 0:
        raise ValueError("a statistic needs at least one value, in one dimension")
    if not np.isfinite(array).all():
        raise ValueError("a statistic refuses NaN and infinity: leave out what was not measured")
    return array


def paired(values: Mapping[int, float], reference: Mapping[int, float]) -> tuple[Values, Values]:
    """Return the values of the blocks that both have, in their order; raises ValueError as ``checked`` does.

    A block that one side lacks is left out, so unequal counts need no other rule.
    """
    common = sorted(values.keys() & reference.keys())
    return checked(values[block] for block in common), checked(reference[block] for block in common)
