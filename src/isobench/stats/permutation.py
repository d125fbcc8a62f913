"""Could the difference be chance? Permutation tests of the ranks, for independent groups and for blocks.

Ranks, since one severe outlier then weighs no more than one place, and since the test agrees with the interval of the
shift; being permuted, they stay exact with ties. Source: E. J. G. Pitman, *Significance Tests Which May Be Applied to
Samples from Any Populations* (1937); B. Phipson and G. K. Smyth, *Permutation P-values Should Never Be Zero* (2010);
J. W. Pratt, *Remarks on Zeros and Ties in the Wilcoxon Signed Rank Procedures* (JASA 54, 1959);
``scipy.stats.permutation_test``.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from isobench.stats.values import Values, checked, paired

RESAMPLES = 9_999
_BATCH = 1_000


@dataclass(frozen=True, slots=True)
class Permutation:
    """A two-sided p, its resolution (no p of this test is smaller), and whether it is exact: nothing was drawn."""

    p: float
    resolution: float
    exact: bool


def permutation_test(
    values: Iterable[float], reference: Iterable[float], *, threshold: float = 0.05, seed: int = 0
) -> Permutation:
    """Test that two independent groups do not differ, by their rank sum.

    Exact where the regroupings are few, else drawn often enough for a resolution of ``threshold`` / 10 or finer. A
    group of one value gives p = 1. Raises ValueError when a side is empty or not finite, or for a threshold outside
    (0, 1).
    """
    from scipy.stats import rankdata

    above, below = checked(values), checked(reference)
    ranks = rankdata(np.concatenate([above, below]))
    ways = math.comb(int(ranks.size), int(above.size))
    return _test((ranks[: above.size], ranks[above.size :]), "independent", ways, threshold, seed)


def paired_permutation_test(
    values: Mapping[int, float], reference: Mapping[int, float], *, threshold: float = 0.05, seed: int = 0
) -> Permutation:
    """Test that the blocks both have differ to either side alike, by flipping signs; else as ``permutation_test``.

    A block without a difference keeps its rank and has no sign (Pratt).
    """
    from scipy.stats import rankdata

    above, below = paired(values, reference)
    differences = above - below
    signed = np.sign(differences) * rankdata(np.abs(differences))
    return _test((signed,), "samples", 2 ** int(signed.size), threshold, seed)


def _first_sum(*groups: Values, axis: int) -> Any:
    """Sum the first group's ranks: halves, hence without rounding, so that equal arrangements compare equal."""
    return groups[0].sum(axis=axis)


def _test(
    groups: tuple[Values, ...], kind: Literal["independent", "samples"], ways: int, threshold: float, seed: int
) -> Permutation:
    from scipy import stats

    if not 0 < threshold < 1:
        raise ValueError(f"a threshold lies between 0 and 1, this is {threshold}")
    if min(group.size for group in groups) < 2:
        return Permutation(1.0, 1.0, exact=True)
    # Two-sided p is twice the smaller tail, and a drawn tail counts what was observed: p comes in steps of 2 / (n + 1).
    resamples = max(RESAMPLES, math.ceil(20 / threshold))
    exact = ways <= resamples
    found = stats.permutation_test(
        groups, _first_sum, permutation_type=kind, n_resamples=resamples, batch=_BATCH, vectorized=True,
        rng=np.random.default_rng(seed),
    )  # fmt: skip
    return Permutation(float(found.pvalue), 2 / ways if exact else 2 / (resamples + 1), exact)
