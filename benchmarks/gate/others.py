"""The gates that others use: each judges a series by one reference, values turned so that larger is worse."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from isobench.stats.values import Values

Alone = Callable[[Values, Values], bool]
"""Whether a gate that sees one reference calls values (turned so that larger is worse) a regression."""


def by_mean(reference: Values, values: Values) -> bool:
    """pytest-benchmark, ``--benchmark-compare-fail=mean:5%``."""
    return float(values.mean()) > 1.05 * float(reference.mean())


def by_least(reference: Values, values: Values) -> bool:
    """pytest-benchmark, ``--benchmark-compare-fail=min:5%``."""
    return float(values.min()) > 1.05 * float(reference.min())


def by_ratio(factor: float) -> Alone:
    """Return a gate on the ratio of the means, as github-action-benchmark's alert threshold."""
    return lambda reference, values: float(values.mean()) > factor * float(reference.mean())


def by_welch(reference: Values, values: Values) -> bool:
    """Welch's t at 0.05, one-sided towards worse at 0.025."""
    from scipy.special import stdtr

    first, second = values.var(ddof=1) / values.size, reference.var(ddof=1) / reference.size
    error = first + second
    if error == 0:
        return float(values.mean()) > float(reference.mean())
    freedom = error**2 / (first**2 / (values.size - 1) + second**2 / (reference.size - 1))
    return float(stdtr(freedom, -(values.mean() - reference.mean()) / math.sqrt(error))) < 0.025


def by_band(share: float) -> Alone:
    """Return a gate on the ratio of the medians, as hand-set limits of a test suite."""
    return lambda reference, values: float(np.median(values)) > (1 + share) * float(np.median(reference))


OTHERS: dict[str, Alone] = {
    "pytest-benchmark mean:5%": by_mean,
    "pytest-benchmark min:5%": by_least,
    "ratio 200 %": by_ratio(2.0),
    "ratio 110 %": by_ratio(1.1),
    "Welch's t, 0.05": by_welch,
    "fixed band ±5 %": by_band(0.05),
    "fixed band ±10 %": by_band(0.10),
}
