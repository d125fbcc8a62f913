"""What all series of a check tell together of how sessions differ: an empirical Bayes prior for few sessions.

A variance from some ten sessions is itself uncertain, and the tails of Student's t that a corrected test needs make
that expensive. But a check has many series, each with the same question: how much more do the levels of sessions
differ than their own errors explain? The ratios of the two variances are taken as draws from one scaled F
distribution, whose scale and degrees of freedom come from the moments of their logarithms; each series' own variance
is then averaged with it. Series whose ratios lie far apart give few degrees of freedom, hence no help. Source:
G. K. Smyth, *Linear models and empirical Bayes methods for assessing differential expression in microarray
experiments* (Stat. Appl. Genet. Mol. Biol. 3, 2004), section 6.2, as limma does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

FEWEST = 10
"""Fewer series tell nothing of their family."""
MOST = 20.0
"""Degrees of freedom: series that happen to look alike are not trusted without end."""


@dataclass(frozen=True, slots=True)
class Prior:
    """The family's ratio of the variance between session levels to their errors', and its degrees of freedom."""

    ratio: float = 1.0
    freedom: float = 0.0


def prior(ratios: Sequence[float], freedoms: Sequence[int]) -> Prior:
    """Return what positive ratios with their degrees of freedom tell; a prior without weight where they are few."""
    from scipy.optimize import brentq
    from scipy.special import polygamma, psi

    if len(ratios) < FEWEST:
        return Prior()
    half = np.asarray(freedoms, dtype=float) / 2
    logs = np.log(np.asarray(ratios, dtype=float)) - psi(half) + np.log(half)
    middle = float(logs.mean())
    left = float(logs.var(ddof=1) - polygamma(1, half).mean())
    if left <= float(polygamma(1, MOST / 2)):
        own = MOST / 2
    else:
        own = float(brentq(lambda x: float(polygamma(1, x)) - left, 1e-3, MOST / 2))
    return Prior(float(np.exp(middle + psi(own) - np.log(own))), 2 * own)
