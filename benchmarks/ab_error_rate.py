"""How often ``isobench ab`` is wrong, and what it finds: by simulation, with its looks and its stopping rule.

Every trial is a whole run: series in blocks, judged as ``isobench ab`` judges them at each planned look, stopped when
the headlines are decided. Under no change (A/A) it prints, for each kind of data,

    one series       series whose p was 1 % or less at any look (demanded: at most 1 %)
    each block       the same for a t-test without correction after every block, for contrast
    any in a run     runs with any discovery among all series, whatever its size (demanded: at most 1 %)
    any alarm        runs with any regression or improvement: as large as counts, too (demanded: at most 1 %)

then, with the headlines changed, how many get the right word, a wrong one, and after how many blocks. The seed
is fixed: the same trials, the same table. Exit 1 when a demand is missed by more than three standard errors.

``--session FOLDER`` takes the blocks of a recorded A/A session of ``isobench ab`` (as ``isobench ab docker docker``):
each trial draws whole blocks of it with replacement and exchanges the sides of each by a coin, as chance in the order
would.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.special import stdtr

from isobench.ab import Pairs, Spending, decide
from isobench.gate.decide import RATE, Answer
from isobench.gate.limits import Limits
from isobench.metrics import METRICS
from isobench.stats.values import Values
from isobench.store.reader import read_session

SPENDING = Spending()
LIMITS = Limits("lower", 0.03, 0.0)
ALONE = 0.01
CHANGES = (0.0, 0.02, 0.06, 0.10, 0.20, 0.50)
HEADLINES, SERIES = 2, 20

Draw = np.random.Generator
Source = Callable[[Draw], tuple[Values, list[Limits], int]]
"""Draws one A/A run: logarithms by side, series and block, what counts for each series, and how many are headlines,
which come first."""


@dataclass(frozen=True, slots=True)
class Run:
    """One simulated run: the answers at its end, and after how many blocks that was."""

    answers: dict[int, Answer]
    blocks: int


def made_up(kind: str, spread: float) -> Source:
    """Return a source of made-up series; in all, each block moves both sides together by 2 %."""

    def source(draw: Draw) -> tuple[Values, list[Limits], int]:
        shape = (2, SERIES, SPENDING.most)
        block = draw.normal(0, 0.02, shape[1:])
        return block + _errors(kind, draw, shape, spread), [LIMITS] * SERIES, HEADLINES

    return source


def _errors(kind: str, draw: Draw, shape: tuple[int, int, int], spread: float) -> Values:
    own: Values = draw.normal(0, spread, shape)
    if kind == "heavy tails":
        own = spread / math.sqrt(3) * draw.standard_t(3, shape)
    elif kind == "skewed":
        own = spread * (draw.exponential(1, shape) - 1)
    elif kind == "bimodal":
        own += 0.3 * draw.integers(0, 2, shape)
    elif kind == "outliers":
        own += 0.7 * (draw.random(shape) < 0.05)
    elif kind == "drift":
        # A steep one, also within a block: the side that comes second, as drawn, has drifted further.
        second = draw.integers(0, 2, shape[1:])
        own += np.linspace(0, 2, shape[2]) + np.stack([second, 1 - second]) / shape[2]
    elif kind == "in steps":
        own = np.round(own / (2 * spread)) * 2 * spread
    return own


def recorded(folder: Path) -> Source:
    """Return a source of the first two variants' blocks in a recorded A/A session."""
    session = read_session(folder)
    labels = [one["label"] for one in session.meta["ab"]["variants"]][:2]
    values: dict[tuple[str, str], dict[str, dict[int, float]]] = {}
    for sample in session.samples:
        for name, value in sample.metrics.items() if sample.left_out is None else ():
            if METRICS[name].direction != "neutral" and value > 0:
                sides = values.setdefault((sample.cell.workload, name), {})
                sides.setdefault(sample.cell.target, {})[sample.block] = value
    found: list[Values] = []
    limits: list[Limits] = []
    first = {(one["workload"], one["metric"]) for one in session.meta["plan"]["headlines"]}
    headlines = 0
    for key, sides in sorted(values.items(), key=lambda entry: entry[0] not in first):
        common = sorted(set.intersection(*(set(sides.get(label, {})) for label in labels)))
        if len(common) >= SPENDING.least:
            found.append(np.log([[sides[label][block] for block in common] for label in labels]))
            limits.append(Limits.of(METRICS[key[1]]))
            headlines += key in first
    if not found:
        sys.exit(f"{folder}: no series of two variants in {SPENDING.least} blocks or more")

    def source(draw: Draw) -> tuple[Values, list[Limits], int]:
        logs = np.empty((2, len(found), SPENDING.most))
        for number, series in enumerate(found):
            drawn = series[:, draw.integers(0, series.shape[1], SPENDING.most)]
            turned = draw.random(SPENDING.most) < 0.5
            logs[:, number] = np.where(turned, drawn[::-1], drawn)
        return logs, limits, headlines

    return source


def carried_out(logs: Values, limits: list[Limits], headlines: int) -> Run:
    """Judge a run at its looks, as ``isobench ab`` does, until its headlines are decided."""
    values = np.exp(logs)
    answers: dict[int, Answer] = {}
    for block in SPENDING.planned():
        answers = decide({number: _pairs(values[:, number, :block], limit) for number, limit in enumerate(limits)},
                         block, SPENDING)  # fmt: skip
        if all(answers[number].verdict != "inconclusive" for number in range(headlines)):
            return Run(answers, block)
    return Run(answers, SPENDING.most)


def _pairs(values: Values, limits: Limits) -> Pairs:
    one, other = (dict(enumerate(side, start=1)) for side in values.tolist())
    return Pairs(one, other, limits)


def naive(logs: Values) -> int:
    """Return how many series a t-test without correction, after every block, calls changed at 1 %."""
    differences = logs[1] - logs[0]
    alarmed = np.zeros(differences.shape[0], dtype=bool)
    for count in range(SPENDING.least, SPENDING.most + 1):
        own = differences[:, :count]
        error = np.maximum(own.std(axis=1, ddof=1) / math.sqrt(count), 1e-12)
        alarmed |= 2 * stdtr(count - 1, -np.abs(own.mean(axis=1)) / error) <= ALONE
    return int(alarmed.sum())


def unchanged(name: str, source: Source, trials: int, seed: int) -> Iterator[str]:
    """Yield the line of a kind of data under no change; it ends in MISSED where a demand is."""
    alone = repeated = any_found = alarms = series = blocks = 0
    for trial in range(trials):
        logs, limits, headlines = source(np.random.default_rng([seed, trial]))
        run = carried_out(logs, limits, headlines)
        # A series is tested to the end: the rate is to hold whether or not the headlines stop the run.
        whole = decide(
            {n: _pairs(np.exp(logs[:, n]), limit) for n, limit in enumerate(limits)}, SPENDING.most, SPENDING
        )
        alone += sum(one.p is not None and one.p <= ALONE for one in whole.values())
        repeated += naive(logs)
        any_found += any(one.q is not None and one.q <= RATE for one in run.answers.values())
        alarms += any(one.verdict in ("regression", "improvement") for one in run.answers.values())
        series += len(limits)
        blocks += run.blocks
    rates = ((alone, series), (any_found, trials), (alarms, trials))
    missed = any(count / of > ALONE + 3 * math.sqrt(ALONE * (1 - ALONE) / of) for count, of in rates)
    yield (f"{name:<14} {alone / series:>11.2%} {repeated / series:>11.2%} {any_found / trials:>13.2%} "
           f"{alarms / trials:>10.2%} {blocks / trials:>7.1f}  {'MISSED' if missed else 'met'}")  # fmt: skip


def changed(name: str, source: Source, trials: int, seed: int) -> Iterator[str]:
    """Yield the line of a kind of data whose headlines are changed by each of ``CHANGES``."""
    cells = []
    for change in CHANGES:
        right = wrong = blocks = of = 0
        for trial in range(trials):
            logs, limits, headlines = source(np.random.default_rng([seed, trial, 1]))
            logs[1, :headlines] += math.log1p(change)
            run = carried_out(logs, limits, headlines)
            told = [(run.answers[n].verdict, _right(limits[n], change, logs[0, n])) for n in range(headlines)]
            # What the injected change is: worse where lower is better, and no change within what counts.
            right += sum(verdict == true for verdict, true in told)
            wrong += sum(verdict not in ("inconclusive", true) for verdict, true in told)
            of += headlines
            blocks += run.blocks
        cells.append(f"{right / of:>5.0%} {wrong / of:>5.1%} {blocks / trials:>4.0f}")
    yield f"{name:<14} " + "  ".join(cells)


def _right(limits: Limits, change: float, logs: Values) -> str:
    level = math.exp(float(logs.mean()))
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
    sources = {kind: made_up(kind, 0.03) for kind in kinds}
    spreads = {f"spread {spread:.1%}": made_up("normal", spread) for spread in (0.005, 0.01, 0.02, 0.03, 0.06)}
    if given.session:
        sources = spreads = {"recorded": recorded(given.session)}
    made = "blocks of a recorded A/A session" if given.session else f"SYNTHETIC (made up): {SERIES} series, spread 3 %"
    print(f"A/A runs, {made}; {given.trials} runs, seed {given.seed}; {SPENDING.words()}")
    print(f"{'data':<14} {'one series':>11} {'each block':>11} {'any in a run':>13} {'any alarm':>10} {'blocks':>7}")
    missed = False
    for name, source in sources.items():
        for line in unchanged(name, source, given.trials, given.seed):
            print(line, flush=True)
            missed |= line.endswith("MISSED")
    few = max(given.trials // 5, 1)
    counts = "3 %" if not given.session else "the registry's"
    print(
        f"\nheadlines named rightly, wrongly, and blocks until then; {few} runs each, {counts} is the least that counts"
    )
    print(f"{'data':<14} " + "  ".join(f"{change:>+16.0%}" for change in CHANGES))
    for name, source in spreads.items():
        for line in changed(name, source, few, given.seed):
            print(line, flush=True)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
