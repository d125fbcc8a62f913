"""Which effect a number of samples can show, given how far single figures spread (pure)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

SIZES = (10, 20, 50)


@dataclass(frozen=True, slots=True)
class Resolution:
    """With ``samples`` on each side, as shares of the median: the 95 % interval's half-width, and what 80 % find."""

    samples: int
    half_width: float
    detectable: float


def standard_error(spread: float, samples: int) -> float:
    """Return the standard error of the difference of two medians of ``samples`` each, in the unit of ``spread``.

    ``spread`` is the interquartile range. The standard error of one median is 1.25 IQR / (1.35 √n) (McGill, Tukey and
    Larsen, "Variations of box plots", The American Statistician 32, 1978: the asymptotic error of a median under the
    normal law, √(π/2) σ/√n, with σ from the IQR); two independent ones add in quadrature, hence √2.
    """
    return math.sqrt(2) * 1.25 * spread / (1.35 * math.sqrt(samples))


def resolution(spread: float, samples: int) -> Resolution:
    """Return the 95 % half-width (1.96 SE) and the effect found with 80 % power at the 5 % level ((1.96 + 0.84) SE).

    The power of a two-sided normal test: Cohen, "Statistical Power Analysis", 1988, chapter 2.
    """
    error = standard_error(spread, samples)
    normal = NormalDist()
    confidence = normal.inv_cdf(0.975)
    return Resolution(samples, confidence * error, (confidence + normal.inv_cdf(0.80)) * error)
