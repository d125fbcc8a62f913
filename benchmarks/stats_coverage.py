"""How often the intervals of isobench.stats cover the truth: by simulation, on data whose truth is known.

Prints a line for each interval, distribution and count: the share of trials covered, its Monte-Carlo standard error,
and the demand it meets. Exit 1 when one is missed. The seed is fixed: the same trials, the same table.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from isobench import stats
from isobench.stats.values import Values

Interval = tuple[float | None, float | None]
Draw = np.random.Generator
DELTA, RATIO = 1.0, 1.1
NEVER_ABOVE = 1.0


@dataclass(frozen=True, slots=True)
class Case:
    """One line: what is estimated from what, its truth, and the demanded coverage (None: printed as found).

    ``share`` is the part of the trials it gets; what resamples is slow.
    """

    interval: str
    data: str
    n: str
    truth: float
    trial: Callable[[Draw], Interval]
    demanded: tuple[float, float] | None = None
    share: float = 1.0


@dataclass(frozen=True, slots=True)
class Found:
    """What a case covered."""

    case: Case
    covered: float
    error: float

    @property
    def missed(self) -> bool:
        """Whether it misses its demand."""
        return self.case.demanded is not None and not self._within(self.case.demanded)

    def verdict(self) -> str:
        """Return the last column."""
        if self.case.demanded is not None:
            low, high = self.case.demanded
            asked = f"{low:.0%} or more" if high == NEVER_ABOVE else f"{low:.0%} to {high:.0%}"
            return f"{'MISSED' if self.missed else 'met'}: {asked}"
        return "as found" if self._within((0.93, 0.97)) else "as found, outside 93% to 97%"

    def _within(self, bounds: tuple[float, float]) -> bool:
        return bounds[0] <= self.covered <= bounds[1]


def normal(draw: Draw, n: int) -> Values:
    """Draw from a normal distribution of median 10 and standard deviation 1."""
    return draw.normal(10, 1, n)


def lognormal(draw: Draw, n: int) -> Values:
    """Draw from a log-normal distribution of median 10 and log standard deviation 0.5."""
    return 10 * draw.lognormal(0, 0.5, n)


def bimodal(draw: Draw, n: int) -> Values:
    """Draw from two equal modes at 8 and 12, whose median 10 lies where there are hardly any values."""
    return np.where(draw.random(n) < 0.5, 8.0, 12.0) + draw.normal(0, 0.5, n)


def heavy(draw: Draw, n: int) -> Values:
    """Draw from a Pareto distribution of shape 1.5 (no variance) scaled to median 10."""
    return 10 * (1 + draw.pareto(1.5, n)) / 2 ** (1 / 1.5)


def ticks(draw: Draw, n: int) -> Values:
    """Draw from the normal distribution, rounded to half its standard deviation: many ties."""
    return np.round(normal(draw, n) * 2) / 2


DATA = {"normal": normal, "log-normal": lognormal, "bimodal": bimodal, "heavy-tailed": heavy, "ties": ticks}
SHAPES = ("normal", "log-normal")


_SHAPED: dict[str, Callable[[Values], Values]] = {
    "normal": lambda both: 10 + both,
    "log-normal": lambda both: 10 * np.exp(both / 2),
    "bimodal": lambda both: 10 + 2 * np.sign(both) + both / 2,
}


def pair(data: str, draw: Draw, n: int, correlation: float) -> tuple[Values, Values]:
    """Draw two correlated groups of the same shape, block by block."""
    first = draw.standard_normal(n)
    second = correlation * first + np.sqrt(1 - correlation**2) * draw.standard_normal(n)
    both = np.stack([first, second])
    one, other = _SHAPED[data](both)
    return one, other


def blocks(values: Values) -> dict[int, float]:
    """Number the values by block."""
    return dict(enumerate(values.tolist()))


def of_median(data: str, n: int) -> Callable[[Draw], Interval]:
    """Return a trial of the median's interval."""

    def trial(draw: Draw) -> Interval:
        found = stats.median(DATA[data](draw, n))
        return found.low, found.high

    return trial


def of_ratio(data: str, n: int, m: int) -> Callable[[Draw], Interval]:
    """Return a trial of the ratio of independent medians."""

    def trial(draw: Draw) -> Interval:
        found = stats.median_ratio(RATIO * DATA[data](draw, n), DATA[data](draw, m))
        return (found.low, found.high) if found else (None, None)

    return trial


def of_paired_ratio(data: str, n: int, correlation: float) -> Callable[[Draw], Interval]:
    """Return a trial of the ratio of medians by block."""

    def trial(draw: Draw) -> Interval:
        above, below = pair(data, draw, n, correlation)
        found = stats.paired_median_ratio(blocks(RATIO * above), blocks(below))
        return (found.low, found.high) if found else (None, None)

    return trial


def of_resampled_blocks(data: str, n: int, correlation: float) -> Callable[[Draw], Interval]:
    """Return a trial of the method not chosen: the percentile bootstrap of whole blocks."""

    def trial(draw: Draw) -> Interval:
        above, below = pair(data, draw, n, correlation)
        picked = draw.integers(0, n, size=(1000, n))
        ratios = np.median(RATIO * above[picked], axis=1) / np.median(below[picked], axis=1)
        low, high = np.quantile(ratios, [0.025, 0.975]).tolist()
        return low, high

    return trial


def of_shift(data: str, n: int, m: int) -> Callable[[Draw], Interval]:
    """Return a trial of the shift between independent groups."""

    def trial(draw: Draw) -> Interval:
        found = stats.shift(DELTA + DATA[data](draw, n), DATA[data](draw, m))
        return found.low, found.high

    return trial


def of_paired_shift(data: str, n: int, correlation: float) -> Callable[[Draw], Interval]:
    """Return a trial of the shift within blocks."""

    def trial(draw: Draw) -> Interval:
        above, below = pair(data, draw, n, correlation)
        found = stats.paired_shift(blocks(DELTA + above), blocks(below))
        return found.low, found.high

    return trial


def of_mean(data: str, n: int) -> Callable[[Draw], Interval]:
    """Return a trial of the bootstrap interval, of the mean."""

    def trial(draw: Draw) -> Interval:
        found = stats.bootstrap_interval(DATA[data](draw, n), np.mean, resamples=999, seed=int(draw.integers(1 << 31)))
        return found.low, found.high

    return trial


def of_geometric_mean(n: int) -> Callable[[Draw], Interval]:
    """Return a trial of the geometric mean of log-normal ratios."""

    def trial(draw: Draw) -> Interval:
        found = stats.geometric_mean(lognormal(draw, n))
        return found.low, found.high

    return trial


def of_quantile(p: float, n: int) -> Callable[[Draw], Interval]:
    """Return a trial of a quantile's interval on heavy-tailed data."""

    def trial(draw: Draw) -> Interval:
        found = stats.quantile(heavy(draw, n), p)
        return (None, None) if isinstance(found, stats.Refused) else (found.low, found.high)

    return trial


def cases() -> Iterator[Case]:
    """Yield every line of the table, in its order."""
    band, counts = (0.93, 0.97), (10, 20, 50)
    for data in DATA:
        for n in counts:
            yield Case("median", data, f"{n}", 10, of_median(data, n), None if data == "ties" else (0.93, NEVER_ABOVE))
    for data in DATA:
        for n, m in ((10, 10), (20, 20), (20, 50), (50, 50)):
            demanded = band if data in SHAPES and n >= 20 else None
            yield Case("ratio", data, f"{n}, {m}", RATIO, of_ratio(data, n, m), demanded)
            yield Case("shift", data, f"{n}, {m}", DELTA, of_shift(data, n, m), demanded)
    for data in _SHAPED:
        for correlation in (0.0, 0.5, 0.9):
            named = f"{data}, r = {correlation}"
            for n in counts:
                demanded = band if data in SHAPES and n >= 20 else None
                yield Case("ratio by block", named, f"{n}", RATIO, of_paired_ratio(data, n, correlation), demanded)
                yield Case("shift by block", named, f"{n}", DELTA, of_paired_shift(data, n, correlation), demanded)
            trial = of_resampled_blocks(data, 20, correlation)
            yield Case("(resampled blocks)", named, "20", RATIO, trial, share=0.2)
    for data, mean in (("normal", 10.0), ("log-normal", 10 * float(np.exp(0.125)))):
        for n in counts:
            yield Case("mean, BCa", data, f"{n}", mean, of_mean(data, n), share=0.1)
    for n in (3, 5, 10):
        yield Case("geometric mean", "log-normal", f"{n}", 10, of_geometric_mean(n))
    for p, n in ((0.9, 29), (0.9, 100), (0.99, 299), (0.99, 1000)):
        truth = 10 * (2 * (1 - p)) ** (-1 / 1.5)
        yield Case(f"quantile p{p * 100:g}", "heavy-tailed", f"{n}", truth, of_quantile(p, n))


def simulate(case: Case, trials: int, seed: int) -> Found:
    """Carry out a case's trials; a trial without an interval covers nothing."""
    draw = np.random.default_rng(seed)
    count = max(round(trials * case.share), 1)
    hits = 0
    for _ in range(count):
        low, high = case.trial(draw)
        hits += low is not None and high is not None and low <= case.truth <= high
    covered = hits / count
    return Found(case, covered, (covered * (1 - covered) / count) ** 0.5)


def main(arguments: list[str] | None = None) -> int:
    """Print the table; return 1 when a demand is missed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--trials", type=int, default=5000, help="of each case; what resamples takes a part of them")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args(arguments)
    if given.trials < 1:
        parser.error("--trials takes a whole number from 1")
    print(f"95 % intervals, {given.trials} trials, seed {given.seed}")
    print(f"{'interval':<19}{'data':<22}{'n':>7}  {'covered':>8}  {'s.e.':>6}  demand")
    missed = 0
    for number, case in enumerate(cases()):
        found = simulate(case, given.trials, given.seed * 1000 + number)
        missed += found.missed
        numbers = f"{found.covered:>8.2%}  {found.error:>6.2%}"
        print(f"{case.interval:<19}{case.data:<22}{case.n:>7}  {numbers}  {found.verdict()}", flush=True)
    print(f"{missed} demands missed" if missed else "every demand is met")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
