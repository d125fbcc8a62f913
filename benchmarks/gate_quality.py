"""How good the gate is: false alarms a session and true changes found, beside the gates that others use.

Takes A/A samples (``--samples FILE.csv``: series, session, order, value; a series' name ends in its metric), else makes
some up and says so. Each trial draws whole sessions, one to be judged and the others as its baseline, and as many
samples of each in a row; injects a change into one series in ten as a shift, as slower tails (the slowest fifth) or as
drift (from none at the first sample to twice the change at the last); and lets every gate judge. A change below a
series' absolute floor is not put in: nobody wants to hear of it. A gate that knows one reference only is given the
latest baseline session, as it is used. ``isobench ab`` has no baseline: its blocks are pairs of samples of the judged
session, one between them, sides drawn by chance, the change put into one side.

Exit 1 where the gate misses, on recorded samples, what is demanded of it at 20.
"""

from __future__ import annotations

import argparse
import math
import os
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np

from isobench.ab import Pairs, Spending
from isobench.ab import decide as decide_ab
from isobench.gate.decide import SURE, Question, decide
from isobench.gate.level import FEWEST, level
from isobench.gate.weight import weight_of
from isobench.stats.values import Values

# Its own modules lie beside it; the names of isobench come first.
sys.path.append(str(Path(__file__).with_name("gate")))
from others import OTHERS
from samples import (
    Samples,
    Sessions,
    counts,
    family_of,
    injected,
    limits_of,
    made_up,
    metric_of,
    read_samples,
    steady_series,
)

Draw = np.random.Generator
CHANGES = (0.02, 0.03, 0.05, 0.10, 0.20)
KINDS = ("shift", "tails", "drift")
COUNTS = (5, 10, 20, 30)
SHARE = 0.1
DEMANDED_N, DEMANDED_CHANGE = 20, 0.05
MOST_ALARMS, LEAST_FOUND = 0.01, 0.95
CHECK, AB = "isobench check", "isobench ab"
_APART = 2


@dataclass(frozen=True, slots=True)
class Trial:
    """One session to be judged, and the others: ``count`` samples of each in a row.

    ``whole`` is the judged one with all its samples, as it was and with what was put into it: its blocks are drawn
    from all of them.
    """

    count: int
    baseline: Sequence[Sessions]
    judged: Sessions
    whole: tuple[Sessions, Sessions]
    changed: frozenset[str]


def by_check(one: Trial) -> dict[str, str]:
    """Judge as ``isobench check`` does."""
    answers = decide({name: _question(name, one.baseline, values) for name, values in one.judged.items()})
    return {name: answer.verdict for name, answer in answers.items()}


def _question(name: str, baseline: Sequence[Sessions], values: Values) -> Question:
    before = [session[name] for session in baseline]
    return Question(before, values, limits_of(name), family=family_of(name), weight=weight_of(metric_of(name)))


def by_ab(one: Trial, draw: Draw) -> dict[str, str]:
    """Judge as ``isobench ab`` does, at the end of as many blocks as there are samples."""
    spending = Spending(min(Spending().least, one.count), one.count)
    before, after = one.whole
    asked = {name: _pairs(name, before[name], values, one.count, draw) for name, values in after.items()}
    return {name: answer.verdict for name, answer in decide_ab(asked, one.count, spending).items()}


def _pairs(name: str, before: Values, after: Values, blocks: int, draw: Draw) -> Pairs:
    # The samples of a block end in the same way, stopped or killed, which a session's blocks alternate between. A pair
    # drawn twice would look like two blocks that agree: only where there are too few.
    pairs = before.size - _APART
    first = draw.choice(pairs, size=blocks, replace=pairs < blocks)
    swapped = draw.integers(2, size=blocks)
    reference, variant = before[first + _APART * swapped], after[first + _APART * (1 - swapped)]
    by_block = [dict(enumerate(map(float, side), start=1)) for side in (reference, variant)]
    return Pairs(by_block[0], by_block[1], limits_of(name))


def verdicts(one: Trial, draw: Draw) -> dict[str, dict[str, str]]:
    """Return each gate's verdict of each series."""
    found = {CHECK: by_check(one), AB: by_ab(one, draw)}
    # A rate is turned into the time of one: what those tools are given.
    turned = {name: (_seconds(name, one.baseline[-1][name]), _seconds(name, values))
              for name, values in one.judged.items()}  # fmt: skip
    for gate, worse in OTHERS.items():
        found[gate] = {name: "regression" if worse(*pair) else "no change" for name, pair in turned.items()}
    return found


def _seconds(series: str, values: Values) -> Values:
    turn = limits_of(series).direction == "higher" and bool(values.min() > 0)
    return 1 / values if turn else values


@dataclass
class Tally:
    """What one gate said: of ``trials`` sessions ``alarmed`` had any false alarm; of changes, how many it found."""

    trials: int = 0
    alarmed: int = 0
    judged: int = 0
    inconclusive: int = 0
    changed: Counter[tuple[str, float]] = field(default_factory=Counter)
    found: Counter[tuple[str, float]] = field(default_factory=Counter)
    steady: dict[str, list[bool]] = field(default_factory=lambda: defaultdict(list))

    def untouched(self, said: Mapping[str, str]) -> None:
        """Count the verdicts of a session that nothing was put into."""
        self.trials += 1
        self.alarmed += any(verdict in ("regression", "improvement") for verdict in said.values())
        self.judged += len(said)
        self.inconclusive += sum(verdict == "inconclusive" for verdict in said.values())

    def add(self, said: Mapping[str, str], changed: frozenset[str], kind: str, change: float) -> None:
        """Count the verdicts of the changed series."""
        self.changed[kind, change] += len(changed)
        self.found[kind, change] += sum(said[name] == "regression" for name in changed)

    @property
    def found_share(self) -> float:
        """The share of all changes that it found."""
        return _share(sum(self.found.values()), sum(self.changed.values()))

    @property
    def alarm_share(self) -> float:
        """The share of untouched sessions with any false alarm."""
        return _share(self.alarmed, self.trials)


def drawn(samples: Samples, count: int, draw: Draw, kind: str = "", change: float = 0.0, only: str = "") -> Trial:
    """Draw one session to be judged and all others, in an order of their own, as its baseline; ``count`` in a row."""
    order = draw.permutation(min(len(values) for values in samples.values()))

    def taken(number: int) -> Sessions:
        return {name: _row(values[number], count, draw) for name, values in samples.items()}

    baseline = [taken(number) for number in order[1:]]
    whole = {name: values[order[0]] for name, values in samples.items()}
    rows = {name: _row(np.arange(values.size), count, draw) for name, values in whole.items()}
    able = [only] if only else [name for name, at in rows.items() if counts(name, change, whole[name][at])]
    some = max(1, round(SHARE * len(samples))) if change else 0
    chosen = frozenset(draw.choice(able, min(some, len(able)), replace=False).tolist()) if able else frozenset()
    judged = {name: _worse(kind, change, name, whole[name][at], chosen) for name, at in rows.items()}
    worse = {name: _worse(kind, change, name, values, chosen) for name, values in whole.items()}
    return Trial(count, baseline, judged, (whole, worse), chosen)


def _worse(kind: str, change: float, name: str, values: Values, chosen: frozenset[str]) -> Values:
    return injected(kind, change, name, values) if name in chosen else values


def _row(values: Values, count: int, draw: Draw) -> Values:
    """Return ``count`` values in a row from a random one on; a session of fewer gives some again."""
    if values.size < count:
        some: Values = values[draw.integers(values.size, size=count)]
        return some
    start = int(draw.integers(values.size - count + 1))
    row: Values = values[start : start + count]
    return row


def tallies(samples: Samples, count: int, trials: int, seed: int) -> dict[str, Tally]:
    """Return each gate's tally at one number of samples."""
    draw = np.random.default_rng((seed, count))
    found: dict[str, Tally] = defaultdict(Tally)
    for _ in range(trials):
        for gate, said in verdicts(drawn(samples, count, draw), draw).items():
            found[gate].untouched(said)
    for _ in range(max(trials // 4, 1)):
        for kind in KINDS:
            for change in CHANGES:
                one = drawn(samples, count, draw, kind, change)
                for gate, said in verdicts(one, draw).items():
                    found[gate].add(said, one.changed, kind, change)
    if count == DEMANDED_N:
        _try_steady(samples, count, max(trials // 4, 1), draw, found[CHECK])
    return found


def _try_steady(samples: Samples, count: int, trials: int, draw: Draw, tally: Tally) -> None:
    """Put the demanded change into each steady throughput series, one at a time."""
    for name in sorted(steady_series(samples)):
        for _ in range(trials):
            one = drawn(samples, count, draw, "shift", DEMANDED_CHANGE, only=name)
            tally.steady[name].append(by_check(one)[name] == "regression")


def least_counts(samples: Samples) -> Iterator[tuple[str, int | None]]:
    """Yield for each steady series the least samples at which a 5 % change would be found in 95 of 100, or None.

    Computed: the margin beyond the relevant effect against the interval's reach and the level's error, the spread
    between sessions being what all samples of each session leave of it.
    """
    from scipy.special import ndtri

    sure = float(ndtri(LEAST_FOUND)) + float(ndtri(SURE))
    for name in sorted(steady_series(samples)):
        sessions = [values for values in samples[name] if values.min() > 0 and values.size >= FEWEST]
        levels = [level(np.log(values)) for values in sessions]
        # The variance of one value that would leave a level the error it has: outliers weigh as they weigh there.
        within = float(np.mean([one.variance * one.n for one in levels]))
        of = np.array([one.value for one in levels])
        between = max(float(of.var(ddof=1)) - float(np.mean([one.variance for one in levels])), 0.0)
        # A rate that falls by 5 % changes its logarithm by more than one that falls by the relevant effect.
        margin = math.log1p(-limits_of(name).relevant_effect) - math.log1p(-DEMANDED_CHANGE)
        room = (margin / sure) ** 2 / (1 + 1 / max(len(sessions) - 1, 1)) - between
        yield name, max(FEWEST, math.ceil(within / room)) if room > 0 else None


def lines(count: int, found: Mapping[str, Tally]) -> Iterator[str]:
    """Yield the table of one number of samples."""
    yield f"\n{count} samples"
    shown = [(kind, change) for kind in KINDS for change in CHANGES]
    heads = " ".join(f"{kind[0]}{change:>4.0%}" for kind, change in shown)
    yield f"{'gate':<26}{'sessions':>9}{'alarmed':>9}{'inconcl.':>9}  {heads}   (found: s shift, t tails, d drift)"
    for gate, one in found.items():
        shares = " ".join(f"{_share(one.found[key], one.changed[key]):>5.0%}" for key in shown)
        yield (f"{gate:<26}{one.trials:>9}{one.alarm_share:>9.1%}"
               f"{_share(one.inconclusive, one.judged):>9.1%}  {shares}")  # fmt: skip


def _share(part: int, whole: int) -> float:
    return part / whole if whole else math.nan


def demands(found: Mapping[str, Tally]) -> Iterator[tuple[bool, str]]:
    """Yield what is demanded at 20 samples, and whether it is met."""
    for name in (CHECK, AB):
        own = found[name]
        words = f"{name}: sessions with any false alarm: {own.alarm_share:.2%} of {own.trials} (at most 1 %)"
        yield own.alarm_share <= MOST_ALARMS, words
        better = [gate for gate, one in found.items()
                  if one.alarm_share < own.alarm_share and one.found_share > own.found_share]  # fmt: skip
        yield not better, f"{name}: gates with both fewer false alarms and more finds: {', '.join(better) or 'none'}"
    for name, hits in found[CHECK].steady.items():
        share = _share(sum(hits), len(hits))
        yield share >= LEAST_FOUND, f"{CHECK}: 5 % shifts of {name} found: {share:.1%} of {len(hits)} (at least 95 %)"


def main(arguments: list[str] | None = None) -> int:
    """Print the tables; return 1 where a demand is missed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--samples", type=Path, metavar="FILE.csv", help="recorded A/A samples; without: made up")
    parser.add_argument("--trials", type=int, default=200, help="untouched sessions; of each change a quarter as many")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--series", type=int, default=30, help="made-up series")
    parser.add_argument("--sessions", type=int, default=10, help="made-up sessions")
    given = parser.parse_args(arguments)
    try:
        samples = (
            read_samples(given.samples) if given.samples else made_up(given.series, given.sessions, 40, given.seed)
        )
    except (OSError, ValueError) as error:
        parser.error(str(error))
    sessions = len(next(iter(samples.values())))
    what = f"recorded in {given.samples.name}" if given.samples else "SYNTHETIC (made up, not measured)"
    print(f"A/A samples {what}: {len(samples)} series, {sessions} sessions; {given.trials} trials, seed {given.seed}")
    missed = 0
    # Each number of samples has draws of its own, so the table is the same however many processes make it.
    with ProcessPoolExecutor(min(len(COUNTS), os.cpu_count() or 1)) as pool:
        made = pool.map(partial(tallies, samples, trials=given.trials, seed=given.seed), COUNTS)
        rows = dict(zip(COUNTS, made, strict=True))
    for count, found in rows.items():
        print("\n".join(lines(count, found)), flush=True)
        if count == DEMANDED_N:
            for met, words in demands(found):
                missed += not met
                print(f"  {'met' if met else 'MISSED'}: {words}", flush=True)
    print("\nleast samples at which a 5 % change of a steady throughput series is found in 95 of 100, computed")
    for name, least in least_counts(samples):
        print(f"  {name:<50}{'none: sessions differ too much' if least is None else least}")
    print(
        f"least samples at which the gate answers at all: {FEWEST}; sessions: 1, and 5 to know the spread between them"
    )
    if not given.samples:
        print("made-up samples show that this runs, and how gates differ; no claim on a host rests on them")
    return 1 if missed and given.samples else 0


if __name__ == "__main__":
    sys.exit(main())
