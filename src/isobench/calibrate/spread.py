"""How far a series' values lie apart within one A/A session, and its medians between them.

Each session's median is a true session level and a sampling error. The between-session variance is what is left of the
medians' variance after the mean squared standard error of a median: the moment ("Cochran ANOVA") estimator. Source:
W. G. Cochran, *The Combination of Estimates from Different Experiments* (Biometrics 10, 1954); R. DerSimonian and
R. Kacker, *Random-effects model for meta-analysis of clinical trials: an update* (Contemp. Clin. Trials 28, 2007),
section 2.2. A median's standard error is the one of ``isobench.host.noise.resolve`` (from the interquartile range).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from isobench.host.noise.resolve import standard_error
from isobench.stats import spread
from isobench.stats.values import Values

FEW = 3
"""Fewer values of a session tell nothing of their spread: it takes no part in a series' figures then."""


@dataclass(frozen=True, slots=True)
class Spreads:
    """Shares of the median: IQR within a session (median over sessions), standard deviation between sessions.

    None where sessions are too few (1 within, 2 between) or the median is zero. ``between`` is 0 where the medians lie
    no further apart than their sampling error lets them.
    """

    within: float | None
    between: float | None


def telling(sessions: Sequence[Values]) -> list[Values]:
    """Return the sessions with at least ``FEW`` values."""
    return [values for values in sessions if values.size >= FEW]


def spreads(sessions: Sequence[Values]) -> Spreads:
    """Return the spread of one series within and between sessions, each given by its values."""
    told = telling(sessions)
    medians = np.array([np.median(values) for values in told])
    centre = abs(float(np.median(medians))) if told else 0.0
    if centre == 0:
        return Spreads(None, None)
    around = [spread(values) for values in told]
    relative = [one.relative for one in around if one.relative is not None]
    within = float(np.median(relative)) if relative else None
    if len(told) < 2:
        return Spreads(within, None)
    # The function answers for the difference of two medians; one alone has its √2th part.
    errors = [
        standard_error(one.iqr, int(values.size)) / math.sqrt(2) for one, values in zip(around, told, strict=True)
    ]
    left = float(medians.var(ddof=1)) - float(np.mean(np.square(errors)))
    return Spreads(within, math.sqrt(max(left, 0.0)) / centre)
