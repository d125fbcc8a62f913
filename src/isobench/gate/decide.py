"""The gate's method: is this session's level what the baseline's sessions let one expect?

The sampling unit is the session. Each gives one level (``isobench.gate.level``) with its error; logarithms, so that
changes are ratios (plain values where a series reaches zero). Under no change the judged level is one more draw from
what the baseline's levels were drawn from, so its distance from their mean, over the spread of the levels times
``sqrt(1 + 1 / sessions)``, follows Student's t: the prediction interval for one future observation. The spread of the
levels holds both what differs between sessions and the error within; a judged session whose own error is larger than
the baseline's adds the difference. The spread is never taken for less than the errors within explain, nor for less
than the series of its family tell together (``isobench.gate.prior``), which lend their degrees of freedom.

Below ``FEWEST_SESSIONS`` the baseline cannot tell the spread between sessions. It is taken from the host's profile,
else assumed, and said so.

Source: G. J. Hahn and W. Q. Meeker, *Statistical Intervals* (1991), section 4.8; Y. Benjamini and Y. Hochberg (J. R.
Stat. Soc. B 57, 1995); D. J. Schuirmann, *A comparison of the two one-sided tests procedure* (J. Pharmacokinet.
Biopharm. 15, 1987) for the interval, each of whose bounds is 95 % sure.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

import numpy as np

from isobench.gate import level as levels
from isobench.gate.level import level
from isobench.gate.limits import Limits
from isobench.gate.prior import Prior, prior
from isobench.stats import adjusted
from isobench.stats.values import Values
from isobench.verdict import Verdict

RATE = 0.01
"""The false discovery rate over a check."""
SURE = 0.95
"""How sure each bound of the interval is."""
FEWEST_SESSIONS = 5
ASSUMED = 0.10
"""Standard deviation between sessions, of one, where too few sessions and no profile tell it."""
NOTHING = 1e-12
"""Variances and distances of logarithms below this are rounding errors of equal values."""

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Known:
    """What is known beforehand of the spread between sessions: a standard deviation, of one, from ``sessions``."""

    spread: float
    sessions: float


@dataclass(frozen=True, slots=True)
class Question:
    """One series: the baseline's values by session, the judged session's, and what change counts.

    Series of one ``family`` (startup, memory, disk, throughput) are alike in how sessions differ, and lend each other
    what they tell of it. A series of more ``weight`` gets more of the false discovery rate.
    """

    baseline: Sequence[Values]
    judged: Values
    limits: Limits
    known: Known | None = None
    family: str = ""
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Answer:
    """A verdict and what it rests on: levels in the unit, the ratio with its interval (None around zero), the change
    in the unit, p and q (p corrected for the check), counts."""

    verdict: Verdict
    reason: str
    sessions: int
    n: int
    before: float | None = None
    after: float | None = None
    ratio: tuple[float, float, float] | None = None
    change: tuple[float, float] | None = None
    p: float | None = None
    q: float | None = None


@dataclass(frozen=True, slots=True)
class _Seen:
    """One series on its scale: the baseline's mean level, the judged one, and three variances."""

    logs: bool
    centre: float
    judged: float
    sessions: int
    n: int
    own: float
    within: float
    excess: float

    def in_unit(self, distance: float) -> float:
        return math.exp(self.centre) * math.expm1(min(distance, 700.0)) if self.logs else distance

    @property
    def constant(self) -> bool:
        """Whether every value was the same, in all sessions: then no spread is to be assumed."""
        return max(self.own, self.within, self.excess) < NOTHING and abs(self.judged - self.centre) < NOTHING

    @property
    def before(self) -> float:
        return math.exp(self.centre) if self.logs else self.centre


def decide(questions: Mapping[Key, Question]) -> dict[Key, Answer]:
    """Answer all questions of a check at once: they are corrected together, and share a prior by family."""
    seen = {key: _seen(question) for key, question in questions.items()}
    told: dict[str, list[_Seen]] = defaultdict(list)
    for key, one in seen.items():
        if one:
            told[questions[key].family].append(one)
    priors = {family: _prior(some) for family, some in told.items()}
    errors = {key: _error(one, priors[questions[key].family], questions[key].known) for key, one in seen.items() if one}
    p = {key: _p(one, *errors[key]) if one else None for key, one in seen.items()}
    q = dict(zip(p, adjusted(p.values(), [questions[key].weight for key in p]), strict=True))
    return {
        key: _answer(one, *errors[key], questions[key], p[key], q[key]) if one else _too_few(questions[key])
        for key, one in seen.items()
    }


def _seen(question: Question) -> _Seen | None:
    told = [values for values in question.baseline if values.size >= levels.FEWEST]
    if not told or question.judged.size < levels.FEWEST:
        return None
    logs = bool(question.judged.min() > 0 and all(values.min() > 0 for values in told))
    *before, judged = (level(np.log(values) if logs else values) for values in (*told, question.judged))
    of = np.array([one.value for one in before])
    within = float(np.mean([one.variance for one in before]))
    own = float(of.var(ddof=1)) if of.size > 1 else 0.0
    return _Seen(logs, float(of.mean()), judged.value, int(of.size), judged.n, own, within,
                 max(judged.variance - within, 0.0))  # fmt: skip


def _too_few(question: Question) -> Answer:
    told = sum(values.size >= levels.FEWEST for values in question.baseline)
    side = "here" if question.judged.size < levels.FEWEST else "in any baseline session"
    return Answer("inconclusive", f"fewer than {levels.FEWEST} samples {side}", told, int(question.judged.size))


def _prior(seen: Sequence[_Seen]) -> Prior:
    told = [one for one in seen if one.sessions >= FEWEST_SESSIONS and min(one.own, one.within) > NOTHING]
    return prior([one.own / one.within for one in told], [one.sessions - 1 for one in told])


def _error(one: _Seen, shared: Prior, known: Known | None) -> tuple[float, float]:
    """Return the standard error of the distance to be expected, and its degrees of freedom."""
    freedom = one.sessions - 1.0
    if one.constant:
        return 0.0, max(freedom, 1.0)
    if one.sessions < FEWEST_SESSIONS:
        between = (known or Known(ASSUMED, math.inf)).spread * (1.0 if one.logs else abs(one.centre))
        variance = max(one.own, one.within + between**2)
        freedom += max(known.sessions - 1.0, 1.0) if known else math.inf
    else:
        joint = (shared.freedom * shared.ratio * one.within + freedom * one.own) / (shared.freedom + freedom)
        variance = max(one.own, joint, one.within)
        freedom += shared.freedom
    return math.sqrt(variance * (1 + 1 / one.sessions) + one.excess), freedom


def _p(one: _Seen, error: float, freedom: float) -> float:
    from scipy.special import stdtr

    distance = abs(one.judged - one.centre)
    if error == 0:
        return 0.0 if distance > NOTHING else 1.0  # a figure that never varied, and did
    return min(2 * float(stdtr(min(freedom, 1e9), -distance / error)), 1.0)


@lru_cache(maxsize=256)
def _quantile(freedom: float) -> float:
    from scipy.special import stdtrit

    return float(stdtrit(min(freedom, 1e9), SURE))


def _answer(one: _Seen, error: float, freedom: float, question: Question, p: float | None, q: float | None) -> Answer:
    distance, reach = one.judged - one.centre, _quantile(freedom) * error
    low, high = one.in_unit(distance - reach), one.in_unit(distance + reach)
    verdict, reason = verdict_of(low, high, one.before, question.limits, q)
    if one.sessions < FEWEST_SESSIONS:
        few = _few(one.sessions, question.known)
        reason = f"{reason}; {few}" if reason else few
    ratio = None
    if one.logs:
        first, second, third = (math.exp(min(x, 700.0)) for x in (distance, distance - reach, distance + reach))
        ratio = (first, second, third)
    after = math.exp(one.judged) if one.logs else one.judged
    return Answer(verdict, reason, one.sessions, one.n, one.before, after, ratio, (low, high), p, q)


def verdict_of(low: float, high: float, before: float, limits: Limits, q: float | None) -> tuple[Verdict, str]:
    """Return the verdict, and why, of a ratio\'s interval and corrected p by a series\' limits (docs/gate.md)."""
    bound = limits.bound(before)
    if low > bound or high < -bound:
        if q is None or q > RATE:
            return "inconclusive", f"beyond what counts, but chance is not ruled out (q = {q:.2g})" if q else ""
        better = (low > bound) == (limits.direction == "higher")
        return ("improvement" if better else "regression"), ""
    if -bound <= low and high <= bound:
        return "no change", ""
    return "inconclusive", "the interval reaches over the smallest change that counts"


def _few(sessions: int, known: Known | None) -> str:
    how = f"known to be {known.spread:.1%}" if known else f"assumed to be {ASSUMED:.0%}"
    if known and math.isinf(known.sessions):
        how = "none, since it is counted"
    return f"by {sessions} baseline session{'' if sessions == 1 else 's'}, spread between sessions {how}"
