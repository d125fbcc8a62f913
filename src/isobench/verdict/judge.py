"""One series against another: a change counts when its whole interval lies beyond effect and floor."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from isobench.model import Metric
from isobench.stats import FEWEST, Median, Ratio, median, median_ratio

Verdict = Literal[
    "regression", "improvement", "no change", "inconclusive", "incomparable", "missing", "new", "error"
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict with what it rests on; ``reason`` says why there is no firmer one."""

    verdict: Verdict
    a: Median
    b: Median
    ratio: Ratio | None
    reason: str = ""


def judge(metric: Metric, a: Iterable[float], b: Iterable[float]) -> Judgement:
    """Judge B's values against A's, in the metric's unit; raises ValueError when a side is empty or not finite.

    The 95 % interval of the change is compared with the larger of the metric's smallest relevant effect (of A's
    median) and its absolute floor: wholly beyond is a change, wholly within is none, all else is inconclusive.
    """
    before, after = tuple(a), tuple(b)
    first, second, ratio = median(before), median(after), median_ratio(after, before)

    def answer(verdict: Verdict, reason: str = "") -> Judgement:
        return Judgement(verdict, first, second, ratio, reason)

    if min(first.n, second.n) < FEWEST:
        return answer("inconclusive", f"fewer than {FEWEST} samples")
    low, high = _change(first, second, ratio)
    bound = max(metric.relevant_effect * abs(first.value), metric.floor)
    if -bound <= low and high <= bound:
        return answer("no change")
    if not (low > bound or high < -bound):
        return answer("inconclusive", "the interval reaches over the smallest change that counts")
    if metric.direction == "neutral":
        return answer("inconclusive", "it changed, but neither way is better")
    better_up = metric.direction == "higher"
    return answer("improvement" if (low > bound) == better_up else "regression")


def _change(first: Median, second: Median, ratio: Ratio | None) -> tuple[float, float]:
    """Return the interval of the change in the unit: from the ratio where it has one, else from both medians'."""
    if ratio is not None and ratio.low is not None and ratio.high is not None and first.value > 0:
        return (ratio.low - 1) * first.value, (ratio.high - 1) * first.value
    # Around zero a ratio has no interval. Both medians' intervals together are wider than one of their difference
    # would be, so they claim nothing that it would not.
    assert first.low is not None and first.high is not None  # noqa: S101
    assert second.low is not None and second.high is not None  # noqa: S101
    return second.low - first.high, second.high - first.low
