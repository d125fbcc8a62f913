"""Many tests at once: the false discovery rate over a session.

Source: Y. Benjamini and Y. Hochberg, *Controlling the False Discovery Rate* (J. R. Stat. Soc. B 57, 1995);
``scipy.stats.false_discovery_control``. Weights: C. R. Genovese, K. Roeder and L. Wasserman, *False Discovery Control
with p-Value Weighting* (Biometrika 93, 2006).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence


def adjusted(p_values: Iterable[float | None], weights: Sequence[float] | None = None) -> tuple[float | None, ...]:
    """Return each p as adjusted for its family, in order; None for a test that gave none (None or NaN).

    Such a test stays in the family with p = 1: one that failed makes no other more significant. ``weights`` (positive,
    one a test, set before the data are seen; taken relative to their mean) say which tests get more of the rate.
    Raises ValueError for a p outside [0, 1], and for weights that are not positive or too few.
    """
    from scipy.stats import false_discovery_control

    given = [None if p is None or math.isnan(p) else p for p in p_values]
    if any(p is not None and not 0 <= p <= 1 for p in given):
        raise ValueError("a p-value lies between 0 and 1")
    if weights is not None and (len(weights) != len(given) or not all(0 < one < math.inf for one in weights)):
        raise ValueError("a positive weight for each p-value")
    if not given:
        return ()
    if weights is not None:
        mean = math.fsum(weights) / len(weights)
        given = [None if p is None else min(p * mean / one, 1.0) for p, one in zip(given, weights, strict=True)]
    found = false_discovery_control([1.0 if p is None else p for p in given], method="bh")
    return tuple(None if p is None else float(q) for p, q in zip(given, found, strict=True))


def discoveries(p_values: Iterable[float | None], rate: float = 0.05) -> tuple[bool, ...]:
    """Return which tests are discoveries at this false discovery rate, in order; one without a p never is."""
    return tuple(q is not None and q <= rate for q in adjusted(p_values))
