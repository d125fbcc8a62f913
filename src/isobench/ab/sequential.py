"""The sequential test: has the difference been decided, though it was looked at again and again?

Each block gives one difference of logarithms, variant less reference (a series that reaches zero: a difference in its
unit). Blocks are in random order inside, so under no change it is symmetric around zero. Student's t on them, since the
order of a few thousandths matters here: a rank statistic over its own error rejects bimodal data up to a hundred times
too often there, t does not (docs/ab.md).

A look at block k may spend ``k / most`` of the error rate in all (the linear spending function of K. K. G. Lan and
D. L. DeMets, *Discrete Sequential Boundaries for Clinical Trials*, Biometrika 70, 1983), and each look is charged the
whole of its increment, without credit for what looks have in common (E. V. Slud and L. J. Wei, JASA 77, 1982, is the
exact form). So the rate holds for any dependence by Boole's inequality, when looks come may follow from the budget,
and two things are valid whenever one stops: the smallest ``p / increment`` so far as a p, which the false discovery
rate of the run is controlled with (R. Johari and others, *Always Valid Inference*, Oper. Res. 70, 2022), and what all
looks' intervals have in common as an interval.

Every series has looks of its own: one that leaves, since its pair is decided, spends nothing from then on and keeps its
p and its interval. Its q can only fall, as the p of the others do.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from isobench.gate.decide import NOTHING, SURE, Answer, verdict_of
from isobench.gate.limits import Limits
from isobench.stats import adjusted
from isobench.stats.values import Values, checked

FEWEST = 4
"""Fewer pairs are not tested."""
_GROWTH, _NEAR = 1.3, 1.1

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Spending:
    """When to look, and what a look may spend: from ``least`` blocks on, each time after 30 % more, to ``most``."""

    least: int = 6
    most: int = 40

    def planned(self) -> tuple[int, ...]:
        """Return the blocks after which to look."""
        found = [self.least]
        # A look just before the last one would be of little use.
        while (at := max(found[-1] + 1, round(found[-1] * _GROWTH))) * _NEAR < self.most:
            found.append(at)
        return (*found, self.most) if self.most > self.least else (self.most,)

    def looks(self, blocks: int) -> tuple[tuple[int, float], ...]:
        """Return the looks of a run that ended after ``blocks``, each with its share of the error rate."""
        at = [block for block in self.planned() if block < blocks] + [blocks]
        told = zip([0, *at[:-1]], at, strict=True)
        return tuple((block, (block - before) / self.most) for before, block in told if block > before)

    def words(self) -> str:
        """Return the rule for the session's record."""
        return (f"a look after each of {', '.join(map(str, self.planned()))} blocks, which spends its share of them; "
                "a variant of a workload leaves when its headline series are decided")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Pairs:
    """One series of the reference and of a variant: values by block, and what change counts. ``counted`` figures (the
    size of an image) have no chance in them. ``left`` is the last block that the series took part in, None while it is
    open: it spends nothing later, and keeps its p and interval."""

    reference: Mapping[int, float]
    variant: Mapping[int, float]
    limits: Limits
    counted: bool = False
    left: int | None = None

    def common(self, end: int) -> list[int]:
        """Return the blocks up to ``end`` in which both have a value."""
        return sorted(block for block in self.reference.keys() & self.variant.keys() if block <= end)


@dataclass(frozen=True, slots=True)
class _Look:
    """What a look saw: the mean difference with its standard error, the pairs, and the share of the error rate."""

    mean: float
    error: float
    n: int
    share: float


@dataclass(frozen=True, slots=True)
class _Seen:
    """One series on its scale: what each look saw of the differences, and the reference's level in the unit."""

    looks: tuple[_Look, ...]
    logs: bool
    before: float
    counted: bool

    def in_unit(self, distance: float) -> float:
        return self.before * math.expm1(min(distance, 700.0)) if self.logs else distance


def decide(series: Mapping[Key, Pairs], blocks: int, spending: Spending | None = None) -> dict[Key, Answer]:
    """Answer for all series of a run that has come to ``blocks``: they are one family for the correction.

    The answer holds at whichever block one stops for it, for each series at its own. ``Answer.n`` is the number of
    pairs.
    """
    rule = spending or Spending()
    ends = {key: blocks if pairs.left is None else min(pairs.left, blocks) for key, pairs in series.items()}
    looks = {end: rule.looks(end) for end in set(ends.values())}
    common = {key: pairs.common(ends[key]) for key, pairs in series.items()}
    seen = {key: _seen(pairs, common[key], looks[ends[key]]) for key, pairs in series.items()}
    p = {key: _always_valid(one) if one else None for key, one in seen.items()}
    q = dict(zip(p, adjusted(p.values()), strict=True))
    return {
        key: _answer(one, series[key].limits, p[key], q[key]) if one else _too_few(len(common[key]))
        for key, one in seen.items()
    }


def _seen(pairs: Pairs, common: Sequence[int], looks: Sequence[tuple[int, float]]) -> _Seen | None:
    if len(common) < FEWEST:
        return None
    before, after = (checked(side[block] for block in common) for side in (pairs.reference, pairs.variant))
    logs = bool(min(before.min(), after.min()) > 0)
    differences = np.log(after) - np.log(before) if logs else after - before
    level = float(np.exp(np.log(before).mean())) if logs else float(before.mean())
    counts = [(bisect_right(common, block), share) for block, share in looks]
    seen = tuple(_look(differences[:count], share) for count, share in counts if count >= FEWEST)
    return _Seen(seen, logs, level, pairs.counted) if seen else None


def _look(own: Values, share: float) -> _Look:
    spread = float(own.std(ddof=1))
    # Differences that are equal but for rounding have no error.
    error = 0.0 if spread < NOTHING * max(1.0, float(np.abs(own).max())) else spread / math.sqrt(own.size)
    return _Look(float(own.mean()), error, int(own.size), share)


def _too_few(count: int) -> Answer:
    return Answer("inconclusive", f"fewer than {FEWEST} blocks in which both have it", 1, count)


def _always_valid(one: _Seen) -> float:
    """Return the smallest p over its share so far: at most α with probability α at most, whenever one stops."""
    return min(1.0, *(_p(look, counted=one.counted) / look.share for look in one.looks))


def _p(look: _Look, *, counted: bool) -> float:
    from scipy.special import stdtr

    if look.error > 0:
        return 2 * float(stdtr(look.n - 1, -abs(look.mean) / look.error))
    if abs(look.mean) < NOTHING:
        return 1.0
    # A measured figure that comes in steps may differ by one step in every block by chance: the sign test.
    return 0.0 if counted else 2.0 ** (1 - look.n)


def _interval(one: _Seen) -> tuple[float, float]:
    """Return what the intervals of all looks have in common: empty where low is above high."""
    from scipy.special import stdtrit

    reaches = [float(stdtrit(look.n - 1, 1 - (1 - SURE) * look.share)) * look.error for look in one.looks]
    lows, highs = zip(
        *((look.mean - r, look.mean + r) for look, r in zip(one.looks, reaches, strict=True)), strict=True
    )
    low, high = max(lows), min(highs)
    # Equal differences average to values that differ by rounding.
    rounding = NOTHING * max(1.0, abs(low))
    return (high, high) if high < low <= high + rounding else (low, high)


def _answer(one: _Seen, limits: Limits, p: float | None, q: float | None) -> Answer:
    low, high = _interval(one)
    last = one.looks[-1]
    if low > high:
        return Answer("inconclusive", "what the looks say excludes one another: the difference changed meanwhile", 1,
                      last.n, one.before, one.before + one.in_unit(last.mean), p=p, q=q)  # fmt: skip
    verdict, reason = verdict_of(one.in_unit(low), one.in_unit(high), one.before, limits, q)
    # An earlier look may exclude the latest mean; the estimate is then the nearest that no look excludes.
    middle = min(max(last.mean, low), high)
    first, second, third = (math.exp(min(x, 700.0)) for x in (middle, low, high)) if one.logs else (0.0, 0.0, 0.0)
    return Answer(
        verdict, reason, 1, last.n, one.before, one.before + one.in_unit(middle),
        (first, second, third) if one.logs else None, (one.in_unit(low), one.in_unit(high)), p, q,
    )  # fmt: skip
