"""The bootstrap interval of any summary of one group of values.

Source: B. Efron, *Better Bootstrap Confidence Intervals* (JASA 82, 1987); ``scipy.stats.bootstrap``.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from typing import Any, Literal

import numpy as np

from isobench.stats.estimate import Estimate
from isobench.stats.median import FEWEST
from isobench.stats.values import checked

RESAMPLES = 1999


def bootstrap_interval(
    values: Iterable[float],
    summary: Callable[..., Any],
    *,
    method: Literal["BCa", "percentile"] = "BCa",
    confidence: float = 0.95,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> Estimate:
    """Return ``summary(values)`` and its interval; the same input and seed give the same interval.

    BCa corrects bias and skew and is right for smooth summaries (mean, trimmed mean, standard deviation). Its
    acceleration comes from the jackknife, which fails for quantiles: ask for ``percentile`` there. ``summary`` is
    fastest where it takes ``axis``, as NumPy's do. Equal values have an interval of no width; below 6 values, or where
    a resample has no finite summary, there is none. Raises ValueError for values or a summary that are not finite.
    """
    from scipy import stats

    array = checked(values)
    value = float(summary(array))
    if not np.isfinite(value):
        raise ValueError("a statistic refuses a summary that is not finite for these values")
    if array.size < FEWEST:
        return Estimate(value)
    if array.min() == array.max():
        return Estimate(value, value, value)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # a degenerate interval is NaN, which the check below turns into none
        found = stats.bootstrap(
            (array,), summary, method=method, confidence_level=confidence, n_resamples=resamples,
            rng=np.random.default_rng(seed),
        ).confidence_interval  # fmt: skip
    low, high = float(found.low), float(found.high)
    return Estimate(value, low, high) if np.isfinite([low, high]).all() else Estimate(value)
