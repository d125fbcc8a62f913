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
    clipped = _clipped(logs, least, segment)
    points = _kept(logs, clipped, _candidates(clipped, segment), segment)
    bounds = [0, *points, len(logs)]
    found = [_step(values, logs, *around) for around in zip(bounds, bounds[1:], bounds[2:], strict=False)]
    return [step for step in found if abs(math.log(step.ratio)) >= math.log1p(least)]


def _clipped(logs: Values, least: float, segment: int) -> Values:
    """Return the logarithms in units of their noise, without what stands out for less than a segment."""
    from scipy.ndimage import median_filter

    # The median distance of neighbours: steps hardly count. A figure that hardly varies has no noise to divide by.
    noise = float(np.median(np.abs(np.diff(logs)))) / (0.6745 * math.sqrt(2))
    noise = max(noise, math.log1p(least) / 20) or float(np.ptp(logs)) / 20 or 1.0
    around = median_filter(logs, size=2 * segment - 1, mode="nearest")
    clipped: Values = np.clip(logs, around - CLIP * noise, around + CLIP * noise) / noise
    return clipped


def _candidates(clipped: Values, segment: int) -> list[int]:
    from ruptures import KernelCPD  # type: ignore[import-untyped]

    search = KernelCPD(kernel="linear", min_size=segment).fit(clipped.reshape(-1, 1))
    return [int(point) for point in search.predict(pen=PENALTY * math.log(clipped.size))[:-1]]


def _kept(logs: Values, clipped: Values, points: list[int], segment: int) -> list[int]:
    """Remove points whose segment is not whole yet, then the least sure one until all left are discoveries."""
    while points:
        bounds = [0, *points, len(logs)]
        spans = list(zip(bounds, points, bounds[2:], strict=False))
        early = [n for n, span in enumerate(spans) if _cut_short(clipped, *span, segment)]
        if early:
            del points[early[0]]
            continue
        p = [permutation_test(logs[middle:end], logs[start:middle], threshold=RATE).p for start, middle, end in spans]
        if all(discoveries(p, RATE)):
            break
        del points[int(np.argmax(p))]
    return points


def _cut_short(clipped: Values, start: int, middle: int, end: int, segment: int) -> bool:
    """Return whether the step lies nearer to an end than a segment: the fewest sessions only held it off there.

    It would be told with the wrong first session; it is found when its segment is whole.
    """

    def residual(at: int) -> float:
        return float(sum(part.size * part.var() for part in (clipped[start:at], clipped[at:end])))

    best = min(range(max(start + 1, middle - segment + 1), min(end, middle + segment)), key=residual)
    return min(best - start, end - best) < segment


def _step(values: Values, logs: Values, start: int, middle: int, end: int) -> Step:
    found = shift(logs[middle:end], logs[start:middle])
    low, high = (None if bound is None else math.exp(bound) for bound in (found.low, found.high))
    before, after = float(np.median(values[start:middle])), float(np.median(values[middle:end]))
    return Step(middle, before, after, math.exp(found.value), low, high)
