"""Change points of one series of session levels: where its level changed for good, by how much, how surely.

Found as the segmentation that minimises the squared residuals plus a penalty for each change, exactly (PELT), so that
one step cannot hide another. Before, spells shorter than a segment are clipped to the running median, since a few odd
sessions are no change. Then each point has to hold in the rank permutation test of its two neighbouring segments,
corrected over the series' points; the weakest that does not is removed and its neighbours are judged anew. Source:
R. Killick, P. Fearnhead and I. A. Eckley, *Optimal Detection of Changepoints With a Linear Computational Cost*
(JASA 107, 2012); C. Truong, L. Oudre and N. Vayatis, *Selective review of offline change point detection methods*
(Signal Processing 167, 2020), whose package ``ruptures`` does it. The segments' distance and its interval are
``isobench.stats.shift`` of the logarithms. Sessions are taken as independent of one another.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from isobench.stats import discoveries, permutation_test, shift
from isobench.stats.values import Values, checked

MIN_SEGMENT = 5
"""Fewest sessions between two change points: fewer are an incident, no level."""
PENALTY = 4.0
"""Squared standardised residuals that a change point must save, times the log of the count; each change has a place
and a level, so 2 is Schwarz's. Twice that leaves fewer than one false point in a hundred series before the test."""
RATE = 0.01
CLIP = 4.0


@dataclass(frozen=True, slots=True)
class Step:
    """A change point: the index of the first session after it, the ratio of the levels and its 95 % interval.

    The interval is None where the two segments are too short for one; ``before`` and ``after`` are medians in the unit.
    """

    first: int
    before: float
    after: float
    ratio: float
    low: float | None
    high: float | None


def steps(levels: Sequence[float], *, least: float = 0.0, segment: int = MIN_SEGMENT) -> list[Step]:
    """Return the change points of positive levels in their order, whose size is ``least`` (0.05 is 5 %) or more.

    Raises ValueError for levels that are not finite or not positive.
    """
    values = checked(levels)
    if (values <= 0).any():
        raise ValueError("a ratio of levels refuses zero and negative ones")
    if values.size < 2 * segment:
        return []
    logs = np.log(values)
    points = _kept(logs, _candidates(logs, least, segment))
    bounds = [0, *points, len(logs)]
    found = [_step(values, logs, *around) for around in zip(bounds, bounds[1:], bounds[2:], strict=False)]
    return [step for step in found if abs(math.log(step.ratio)) >= math.log1p(least)]


def _candidates(logs: Values, least: float, segment: int) -> list[int]:
    from ruptures import KernelCPD  # type: ignore[import-untyped]

    noise = max(_noise(logs), math.log1p(least) / 20)
    if noise == 0:
        noise = float(np.ptp(logs)) / 20 or 1.0
    signal = (_clipped(logs, noise, segment) / noise).reshape(-1, 1)
    found = KernelCPD(kernel="linear", min_size=segment).fit(signal).predict(pen=PENALTY * math.log(len(logs)))
    return [int(point) for point in found[:-1]]


def _noise(logs: Values) -> float:
    """Return the standard deviation about the levels, from the median distance of neighbours: steps hardly count."""
    return float(np.median(np.abs(np.diff(logs)))) / (0.6745 * math.sqrt(2))


def _clipped(logs: Values, noise: float, segment: int) -> Values:
    from scipy.ndimage import median_filter

    around = median_filter(logs, size=2 * segment - 1, mode="nearest")
    return np.clip(logs, around - CLIP * noise, around + CLIP * noise)


def _kept(logs: Values, points: list[int]) -> list[int]:
    """Remove the least sure point until all that are left are discoveries."""
    while points:
        bounds = [0, *points, len(logs)]
        p = [
            permutation_test(logs[middle:end], logs[start:middle], threshold=RATE).p
            for (start, middle), (_, end) in pairwise(pairwise(bounds))
        ]
        if all(discoveries(p, RATE)):
            break
        del points[int(np.argmax(p))]
    return points


def _step(values: Values, logs: Values, start: int, middle: int, end: int) -> Step:
    found = shift(logs[middle:end], logs[start:middle])
    low, high = (None if bound is None else math.exp(bound) for bound in (found.low, found.high))
    before, after = float(np.median(values[start:middle])), float(np.median(values[middle:end]))
    return Step(middle, before, after, math.exp(found.value), low, high)
