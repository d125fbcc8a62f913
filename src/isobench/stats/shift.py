"""By how much one group lies above another: the Hodges-Lehmann estimate and its interval.

The median of all differences between groups (of all Walsh averages of the differences within blocks); the interval
holds every shift that the Mann-Whitney (Wilcoxon signed-rank) test would not reject. Source: J. L. Hodges and
E. L. Lehmann, *Estimates of Location Based on Rank Tests* (Ann. Math. Stat. 34, 1963); E. L. Lehmann,
*Nonparametrics* (1975), sections 2.6 and 4.5: with ties the closed interval covers no less.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from isobench.stats.estimate import Estimate
from isobench.stats.ranks import mann_whitney_rank, signed_rank
from isobench.stats.values import Values, checked, paired


def shift(values: Iterable[float], reference: Iterable[float], *, confidence: float = 0.95) -> Estimate:
    """Return by how much values lie above the reference, in their unit, for independent groups.

    No interval where the counts carry none (at 95 %: 3 against 3). Raises ValueError when a side is empty or not
    finite.
    """
    above, below = checked(values), checked(reference)
    differences = np.subtract.outer(above, below).ravel()
    return _between(differences, mann_whitney_rank(int(above.size), int(below.size), confidence))


def paired_shift(values: Mapping[int, float], reference: Mapping[int, float], *, confidence: float = 0.95) -> Estimate:
    """Return by how much values lie above the reference within the blocks that both have; at 95 % from 6 blocks.

    Raises ValueError when no block is common or one is not finite. Blocks without a difference count.
    """
    above, below = paired(values, reference)
    differences = above - below
    one, other = np.triu_indices(differences.size)
    walsh = (differences[one] + differences[other]) / 2
    return _between(walsh, signed_rank(int(differences.size), confidence))


def _between(candidates: Values, rank: int | None) -> Estimate:
    ordered = np.sort(candidates)
    middle = float(np.median(ordered))
    if rank is None:
        return Estimate(middle)
    return Estimate(middle, float(ordered[rank]), float(ordered[-1 - rank]))
