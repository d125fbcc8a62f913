"""How often ``isobench ab`` is wrong, and what it finds: by simulation, with its looks, its leaving and its stopping.

Every trial is a whole run: a reference and variants of several workloads in blocks, judged as ``isobench ab`` judges
them at each planned look. A variant of a workload leaves at the look that decides its headlines, a workload's reference
with the last of them, and the run is over when nobody is left. Under no change (A/A) it prints, for each kind of data,

    one series       series whose p was 1 % or less at any look, had it stayed to the end (demanded: at most 1 %)
    each block       the same for a t-test without correction after every block, for contrast
    any in a run     runs with any discovery among all series, whatever its size (demanded: at most 1 %)
    any alarm        runs with any regression or improvement: as large as counts, too (demanded: at most 1 %)
    blocks           after which the run was over
    samples          that were taken, of those that had been without leaving

then, with the headlines of the first variant changed, how many get the right word, a wrong one, and after how many
blocks. The seed is fixed: the same trials, the same table. Exit 1 when a demand is missed by more than three standard
errors.

``--session FOLDER`` takes the blocks of a recorded A/A session of ``isobench ab`` (as ``isobench ab docker docker``):
each trial draws whole blocks of each workload with replacement and changes the sides of each about by chance, as chance
in the order would.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy.special import stdtr

from isobench.ab import Pairs, Spending, decide
from isobench.ab.blocks import decided
from isobench.gate.decide import RATE, Answer
from isobench.gate.limits import Limits
from isobench.metrics import METRICS
from isobench.model import Sample
from isobench.stats.values import Values
from isobench.store.reader import read_session

SPENDING = Spending()
LIMITS = Limits("lower", 0.03, 0.0)
ALONE = 0.01
CHANGES = (0.0, 0.02, 0.06, 0.10, 0.20, 0.50)
VARIANTS, HEADLINES, SERIES = 2, 2, 6
UNEVEN = (1 / 3, 1.0, 2.0)
"""Of the spread, one a workload: so they are decided one after another."""

Draw = np.random.Generator
Key = tuple[int, int]
"""A series and a variant, by number."""


@dataclass(frozen=True, slots=True)
class Series:
    """What is known of a series beforehand."""

    workload: int
    headline: bool
    limits: Limits


@dataclass(frozen=True, slots=True)
class Drawn:
    """One A/A run: logarithms by side (the reference first), series and block, NaN where a block has none."""

    logs: Values
    series: tuple[Series, ...]

    def pairs(self) -> dict[Key, Pairs]:
        """Return every series of every variant against the reference's."""
        values = np.exp(self.logs)
        return {(number, variant): Pairs(_by_block(values[0, number]), _by_block(values[variant, number]), one.limits)
                for number, one in enumerate(self.series) for variant in range(1, len(values))}  # fmt: skip


Source = Callable[[Draw], Drawn]


@dataclass(frozen=True, slots=True)
class Run:
    """One simulated run: the answers at its end, after how many blocks that was, and the share of samples taken."""

    answers: dict[Key, Answer]
    blocks: int
    taken: float


def made_up(kind: str, spread: float, uneven: tuple[float, ...] = UNEVEN) -> Source:
    """Return a source of made-up series; in all, each block moves all sides together by 2 %."""
    series = tuple(Series(workload, number < HEADLINES, LIMITS)
                   for workload in range(len(uneven)) for number in range(SERIES))  # fmt: skip
    scale = np.array([uneven[one.workload] for one in series])[:, None]

    def source(draw: Draw) -> Drawn:
        shape = (1 + VARIANTS, len(series), SPENDING.most)
        block = draw.normal(0, 0.02, shape[1:])
        return Drawn(block + _errors(kind, draw, shape, spread * scale), series)

    return source


def _errors(kind: str, draw: Draw, shape: tuple[int, int, int], spread: Values) -> Values:
    own: Values = draw.normal(0, 1, shape) * spread
    if kind == "heavy tails":
        own = spread / math.sqrt(3) * draw.standard_t(3, shape)
    elif kind == "skewed":
        own = spread * (draw.exponential(1, shape) - 1)
    elif kind == "bimodal":
        own += 5 * spread * draw.integers(0, 2, shape)
    elif kind == "outliers":
        own += 10 * spread * (draw.random(shape) < 0.05)
    elif kind == "drift":
        # A steep one, also within a block: the side that comes later, as drawn, has drifted further, by almost as much
        # as its values scatter.
        own += np.linspace(0, 2, shape[2]) + spread / 1.2 * draw.permuted(_ranks(shape), axis=0)
    elif kind == "in steps":
        own = np.round(own / (2 * spread)) * 2 * spread
    return own


def _ranks(shape: tuple[int, int, int]) -> Values:
    return np.broadcast_to(np.arange(float(shape[0]))[:, None, None], shape).copy()


def recorded(folder: Path) -> Source:
    """Return a source of the blocks in a recorded A/A session."""
    session = read_session(folder)
    labels = [one["label"] for one in session.meta["ab"]["variants"]]
    first = {(one["workload"], one["metric"]) for one in session.meta["plan"]["headlines"]}
    values: dict[tuple[str, str], dict[tuple[str, int], float]] = {}
    for sample in session.samples:
        for name, value in sample.metrics.items() if sample.left_out is None else ():
            if METRICS[name].direction != "neutral" and value > 0:
                values.setdefault((sample.cell.workload, name), {})[sample.cell.target, sample.block] = value
    blocks = {workload: _whole(session.samples, workload, labels) for workload, _ in values}
    names = list(dict.fromkeys(workload for workload, _ in values if len(blocks[workload]) >= SPENDING.least))
    found = {key: own for key, own in values.items() if key[0] in names}
    if not found:
        sys.exit(f"{folder}: no workload has all its variants in {SPENDING.least} blocks or more")
    series = tuple(Series(names.index(key[0]), key in first, Limits.of(METRICS[key[1]])) for key in found)
    logs = [np.log([[own.get((label, block), math.nan) for block in blocks[key[0]]] for label in labels])
            for key, own in found.items()]  # fmt: skip

    def source(draw: Draw) -> Drawn:
        drawn = np.empty((len(labels), len(series), SPENDING.most))
        for workload in range(len(names)):
            at = draw.integers(0, len(blocks[names[workload]]), SPENDING.most)
            side = draw.permuted(np.tile(np.arange(len(labels))[:, None], SPENDING.most), axis=0)
            for number, one in enumerate(series):
                if one.workload == workload:
                    drawn[:, number] = logs[number][side, at]
        return Drawn(drawn, series)

    return source


def _whole(samples: tuple[Sample, ...], workload: str, labels: list[str]) -> list[int]:
    """Return the blocks in which a sample of every variant counts."""
    sides: list[set[int]] = [{one.block for one in samples if one.left_out is None
                              and (one.cell.workload, one.cell.target) == (workload, label)}
                             for label in labels]  # fmt: skip
    return sorted(set.intersection(*sides))


def _by_block(values: Values) -> dict[int, float]:
    return {block: value for block, value in enumerate(values.tolist(), start=1) if not math.isnan(value)}


def carried_out(drawn: Drawn, budget: float = 1.0) -> Run:
    """Judge a run at its looks, as ``isobench ab`` does, until nobody is left or ``budget``, a share of all samples,
    is spent."""
    pairs = drawn.pairs()
    headlines: dict[tuple[int, int], list[Key]] = {}
    for number, variant in pairs:
        if drawn.series[number].headline:
            headlines.setdefault((drawn.series[number].workload, variant), []).append((number, variant))
    cells = len({workload for workload, _ in headlines}) * len(drawn.logs)
    most, planned = budget * cells * SPENDING.most, SPENDING.planned()
    left: dict[tuple[int, int], int] = {}
    answers: dict[Key, Answer] = {}
    samples = 0
    for block in range(1, SPENDING.most + 1):
        here = [pair for pair in headlines if pair not in left]
        size = len(here) + len({workload for workload, _ in here})
        samples += size
        spent = samples + size > most
        if block not in planned and not spent:
            continue
        told = {key: replace(one, left=left.get((drawn.series[key[0]].workload, key[1]))) for key, one in pairs.items()}
        answers = decide(told, block, SPENDING)
        left |= {pair: block for pair in here if decided(answers[key].verdict for key in headlines[pair])}
        if spent or len(left) == len(headlines):
            break
    return Run(answers, block, samples / (cells * block))


def naive(drawn: Drawn) -> int:
    """Return how many series a t-test without correction, after every block, calls changed at 1 %."""
    alarmed = 0
    for one in (drawn.logs[1:] - drawn.logs[0]).reshape(-1, SPENDING.most):
        own = one[~np.isnan(one)]
        counts = np.arange(SPENDING.least, own.size + 1)
        if counts.size:
            sums, squares = own.cumsum()[counts - 1], (own**2).cumsum()[counts - 1]
            variance = np.maximum(squares - sums**2 / counts, 0) / (counts - 1)
            error = np.maximum(np.sqrt(variance / counts), 1e-12)
            alarmed += bool((2 * stdtr(counts - 1, -np.abs(sums / counts) / error) <= ALONE).any())
    return alarmed


def unchanged(name: str, source: Source, trials: int, seed: int, budget: float = 1.0) -> Iterator[str]:
    """Yield the line of a kind of data under no change; it ends in MISSED where a demand is."""
    alone = repeated = any_found = alarms = series = blocks = 0
    taken = 0.0
    for trial in range(trials):
        drawn = source(np.random.default_rng([seed, trial]))
        run = carried_out(drawn, budget)
        # A series is tested to the end: the rate is to hold whether or not anything leaves.
        whole = decide(drawn.pairs(), SPENDING.most, SPENDING)
        alone += sum(one.p is not None and one.p <= ALONE for one in whole.values())
        repeated += naive(drawn)
        any_found += any(one.q is not None and one.q <= RATE for one in run.answers.values())
        alarms += any(one.verdict in ("regression", "improvement") for one in run.answers.values())
        series += len(whole)
        blocks += run.blocks
        taken += run.taken
    rates = ((alone, series), (any_found, trials), (alarms, trials))
    missed = any(count / of > ALONE + 3 * math.sqrt(ALONE * (1 - ALONE) / of) for count, of in rates)
    yield (f"{name:<16} {alone / series:>10.2%} {repeated / series:>11.2%} {any_found / trials:>13.2%} "
           f"{alarms / trials:>10.2%} {blocks / trials:>7.1f} {taken / trials:>8.0%}  {'MISSED' if missed else 'met'}"
           )  # fmt: skip


def changed(name: str, source: Source, trials: int, seed: int) -> Iterator[str]:
    """Yield the line of a kind of data whose first variant has its headlines changed by each of ``CHANGES``."""
    cells = []
    for change in CHANGES:
        right = wrong = blocks = of = 0
        for trial in range(trials):
            drawn = source(np.random.default_rng([seed, trial, 1]))
            headlines = [number for number, one in enumerate(drawn.series) if one.headline]
            drawn.logs[1, headlines] += math.log1p(change)
            run = carried_out(drawn)
            told = [(run.answers[n, 1].verdict, _right(drawn.series[n].limits, change, drawn.logs[0, n]))
                    for n in headlines]  # fmt: skip
            # What the injected change is: worse where lower is better, and no change within what counts.
            right += sum(verdict == true for verdict, true in told)
            wrong += sum(verdict not in ("inconclusive", true) for verdict, true in told)
            of += len(headlines)
            blocks += run.blocks
        cells.append(f"{right / of:>5.0%} {wrong / of:>5.1%} {blocks / trials:>4.0f}")
    yield f"{name:<16} " + "  ".join(cells)


def _right(limits: Limits, change: float, logs: Values) -> str:
    level = math.exp(float(np.nanmean(logs)))
    if change * level <= limits.bound(level):
        return "no change"
    return "regression" if limits.direction == "lower" else "improvement"


def main() -> int:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--session", type=Path, help="blocks of a recorded A/A session instead of made-up ones")
    parser.add_argument("--trials", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    kinds = ("normal", "heavy tails", "skewed", "bimodal", "outliers", "drift", "in steps")
    sources = {kind: (made_up(kind, 0.03), 1.0) for kind in kinds} | {
        "normal, ½ budget": (made_up("normal", 0.03), 0.5)
    }
    even = {f"spread {spread:.1%}": made_up("normal", spread, (1.0, 1.0)) for spread in (0.005, 0.01, 0.02, 0.03, 0.06)}
    made = (f"SYNTHETIC (made up): {VARIANTS} variants and their reference, {len(UNEVEN)} workloads of "
            f"{SERIES} series, spreads 1, 3 and 6 %")  # fmt: skip
    if given.session:
        even = {"recorded": recorded(given.session)}
        sources = {"recorded": (even["recorded"], 1.0), "½ budget": (even["recorded"], 0.5)}
        made = "blocks of a recorded A/A session"
    print(f"A/A runs, {made}; {given.trials} runs, seed {given.seed};\n{SPENDING.words()}")
    print(f"{'data':<16} {'one series':>10} {'each block':>11} {'any in a run':>13} {'any alarm':>10} {'blocks':>7} "
          f"{'samples':>8}")  # fmt: skip
    missed = False
    for name, (source, budget) in sources.items():
        for line in unchanged(name, source, given.trials, given.seed, budget):
            print(line, flush=True)
            missed |= line.endswith("MISSED")
    few = max(given.trials // 5, 1)
    counts = "3 %" if not given.session else "the registry's"
    print(f"\nheadlines of the first variant named rightly, wrongly, and blocks until all is decided;\n"
          f"{few} runs each, {counts} is the least that counts")  # fmt: skip
    print(f"{'data':<16} " + "  ".join(f"{change:>+16.0%}" for change in CHANGES))
    for name, source in even.items():
        for line in changed(name, source, few, given.seed):
            print(line, flush=True)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
