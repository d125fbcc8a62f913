"""How good the gate is: false alarms a session and true changes found, beside the gates that others use.

Takes A/A samples (``--samples FILE.csv``: series, session, order, value; a series' name ends in its metric), else makes
some up and says so. Each trial draws whole sessions, one to be judged and the others as its baseline, and as many
samples of each in a row; injects a change into one series in ten as a shift, as slower tails (the slowest fifth) or as
drift (from none at the first sample to twice the change at the last); and lets every gate judge. A gate that knows
one reference only is given the latest baseline session, as it is used. Exit 1 where the gate misses, on recorded
samples, what is demanded of it at 20.
"""

from __future__ import annotations

import argparse
import csv
import math
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from isobench.gate.decide import SURE, Question, decide
from isobench.gate.level import FEWEST
from isobench.gate.limits import Limits
from isobench.metrics import METRICS
from isobench.stats import spread
from isobench.stats.values import Values

Sessions = Mapping[str, Values]
Samples = dict[str, list[Values]]
Draw = np.random.Generator
CHANGES = (0.0, 0.02, 0.03, 0.05, 0.10, 0.20)
COUNTS = (5, 10, 20, 30)
SHARE = 0.1
DEMANDED_N, DEMANDED_CHANGE, STEADY = 20, 0.05, 0.03
MOST_ALARMS, LEAST_FOUND = 0.01, 0.95


def limits_of(series: str) -> Limits:
    """Return the limits of the metric that ends a series' name; an unknown one is better lower, by 5 %."""
    metric = METRICS.get(series.rsplit(maxsplit=1)[-1])
    return Limits.of(metric) if metric else Limits("lower", 0.05, 0.0)


def ours(baseline: Sequence[Sessions], judged: Sessions) -> dict[str, str]:
    """Judge as ``isobench check`` does."""
    answers = decide({name: Question([one[name] for one in baseline], values, limits_of(name))
                      for name, values in judged.items()})  # fmt: skip
    return {name: answer.verdict for name, answer in answers.items()}


Alone = Callable[[Values, Values], bool]
"""Whether a gate that sees one reference calls values (turned so that larger is worse) a regression."""


def by_mean(reference: Values, values: Values) -> bool:
    """pytest-benchmark, ``--benchmark-compare-fail=mean:5%``."""
    return float(values.mean()) > 1.05 * float(reference.mean())


def by_least(reference: Values, values: Values) -> bool:
    """pytest-benchmark, ``--benchmark-compare-fail=min:5%``."""
    return float(values.min()) > 1.05 * float(reference.min())


def by_ratio(factor: float) -> Alone:
    """Return a gate on the ratio of the means, as github-action-benchmark's alert threshold."""
    return lambda reference, values: float(values.mean()) > factor * float(reference.mean())


def by_welch(reference: Values, values: Values) -> bool:
    """Welch's t at 0.05, one-sided towards worse at 0.025."""
    from scipy.special import stdtr

    first, second = values.var(ddof=1) / values.size, reference.var(ddof=1) / reference.size
    error = first + second
    if error == 0:
        return float(values.mean()) > float(reference.mean())
    freedom = error**2 / (first**2 / (values.size - 1) + second**2 / (reference.size - 1))
    return float(stdtr(freedom, -(values.mean() - reference.mean()) / math.sqrt(error))) < 0.025


def by_band(share: float) -> Alone:
    """Return a gate on the ratio of the medians, as hand-set limits of a test suite."""
    return lambda reference, values: float(np.median(values)) > (1 + share) * float(np.median(reference))


OTHERS: dict[str, Alone] = {
    "pytest-benchmark mean:5%": by_mean,
    "pytest-benchmark min:5%": by_least,
    "ratio 200 %": by_ratio(2.0),
    "ratio 110 %": by_ratio(1.1),
    "Welch's t, 0.05": by_welch,
    "fixed band ±5 %": by_band(0.05),
    "fixed band ±10 %": by_band(0.10),
}
OURS = "isobench check"


def verdicts(baseline: Sequence[Sessions], judged: Sessions) -> dict[str, dict[str, str]]:
    """Return each gate's verdict of each series."""
    found = {OURS: ours(baseline, judged)}
    # A rate is turned into the time of one: what those tools are given.
    turned = {name: (_seconds(name, baseline[-1][name]), _seconds(name, values)) for name, values in judged.items()}
    for gate, worse in OTHERS.items():
        found[gate] = {name: "regression" if worse(*pair) else "no change" for name, pair in turned.items()}
    return found


def _seconds(series: str, values: Values) -> Values:
    turn = limits_of(series).direction == "higher" and bool(values.min() > 0)
    return 1 / values if turn else values


def injected(kind: str, change: float, series: str, values: Values) -> Values:
    """Return the values made worse by ``change``, as ``shift``, ``tails`` or ``drift``."""
    if kind == "shift":
        by = np.full(values.size, change)
    elif kind == "drift":
        by = np.linspace(0, 2 * change, values.size)
    else:
        bad = values if limits_of(series).direction == "lower" else -values
        by = np.where(bad >= np.quantile(bad, 0.8), change, 0.0)
    worse: Values = values * (1 + by if limits_of(series).direction == "lower" else 1 - by)
    return worse


@dataclass
class Tally:
    """What one gate said: of ``trials`` sessions ``alarmed`` had any false alarm; of changes, how many it found."""

    trials: int = 0
    alarmed: int = 0
    judged: int = 0
    inconclusive: int = 0
    changed: Counter[tuple[str, float]] = field(default_factory=Counter)
    found: Counter[tuple[str, float]] = field(default_factory=Counter)
    steady: Counter[bool] = field(default_factory=Counter)

    def add(self, said: Mapping[str, str], changed: set[str], kind: str, change: float, steady: set[str]) -> None:
        """Count one session's verdicts."""
        if change == 0:
            self.trials += 1
            self.alarmed += any(verdict in ("regression", "improvement") for verdict in said.values())
            self.judged += len(said)
            self.inconclusive += sum(verdict == "inconclusive" for verdict in said.values())
            return
        for name in changed:
            hit = said[name] == "regression"
            self.changed[kind, change] += 1
            self.found[kind, change] += hit
            if kind == "shift" and change == DEMANDED_CHANGE and name in steady:
                self.steady[hit] += 1


def trial(samples: Samples, count: int, draw: Draw) -> tuple[list[Sessions], Sessions]:
    """Draw one session to be judged and all others, in an order of their own, as its baseline; ``count`` in a row."""
    order = draw.permutation(min(len(values) for values in samples.values()))

    def taken(number: int) -> Sessions:
        return {name: _row(values[number], count, draw) for name, values in samples.items()}

    return [taken(number) for number in order[1:]], taken(order[0])


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
    steady = steady_series(samples)
    names = list(samples)
    plans = [("shift", 0.0)] * 3 + [(kind, c) for kind in ("shift", "tails", "drift") for c in CHANGES if c]
    for _ in range(trials):
        for kind, change in plans:
            baseline, judged = trial(samples, count, draw)
            chosen = set(draw.choice(names, max(1, round(SHARE * len(names))), replace=False).tolist())
            changed = chosen if change else set()
            worse = {n: injected(kind, change, n, v) if n in changed else v for n, v in judged.items()}
            for gate, said in verdicts(baseline, worse).items():
                found[gate].add(said, changed, kind, change, steady)
    return found


def steady_series(samples: Samples) -> set[str]:
    """Return the throughput series whose A/A spread (IQR over median of all samples) is at most 3 %."""
    found = set()
    for name, sessions in samples.items():
        metric = METRICS.get(name.split()[-1])
        share = spread(np.concatenate(sessions)).relative
        if metric and metric.family == "throughput" and metric.direction == "higher" and share and share <= STEADY:
            found.add(name)
    return found


def least_counts(samples: Samples) -> Iterator[tuple[str, int | None]]:
    """Yield for each steady series the least samples at which a 5 % change would be found in 95 of 100, or None.

    Computed: the margin beyond the relevant effect against the interval's reach and the level's error, the spread
    between sessions being what all samples of each session leave of it.
    """
    from scipy.special import ndtri

    sure = float(ndtri(LEAST_FOUND)) + float(ndtri(SURE))
    for name in sorted(steady_series(samples)):
        sessions = [np.log(values) for values in samples[name] if values.min() > 0]
        middles = np.array([np.median(values) for values in sessions])
        within = float(np.mean([values.var(ddof=1) for values in sessions]))
        between = max(float(middles.var(ddof=1)) - within / float(np.mean([v.size for v in sessions])), 0.0)
        # A rate that falls by 5 % changes its logarithm by more than one that falls by the relevant effect.
        margin = math.log1p(-limits_of(name).relevant_effect) - math.log1p(-DEMANDED_CHANGE)
        room = (margin / sure) ** 2 / (1 + 1 / max(len(sessions) - 1, 1)) - between
        # The level's variance is π/3 of the mean's for normal values.
        yield name, max(FEWEST, math.ceil(math.pi / 3 * within / room)) if room > 0 else None


def made_up(series: int, sessions: int, samples: int, seed: int) -> Samples:
    """Return synthetic A/A samples: log-normal, spreads of 0.3 to 6 % within and 0.1 to 3 % between sessions."""
    draw = np.random.default_rng(seed)
    metrics = ("requests_per_second", "cpu_events", "time_to_ready", "host_pss_ready", "seq_read")
    scale = {
        "requests_per_second": 8e4,
        "cpu_events": 900,
        "time_to_ready": 0.9,
        "host_pss_ready": 9e7,
        "seq_read": 9e8,
    }
    found: Samples = {}
    for number in range(series):
        metric = metrics[number % len(metrics)]
        within, between = np.exp(draw.uniform(np.log([0.003, 0.001]), np.log([0.06, 0.03])))
        found[f"made-up-{number:02}@docker {metric}"] = [
            scale[metric] * np.exp(draw.normal(draw.normal(0, between), within, samples)) for _ in range(sessions)
        ]
    return found


def read_samples(file: Path) -> Samples:
    """Return recorded samples; series that some session lacks are left out. Raises ValueError, naming the line."""
    rows: dict[str, dict[str, list[tuple[float, float]]]] = defaultdict(lambda: defaultdict(list))
    with file.open(newline="", encoding="utf-8") as opened:
        for number, row in enumerate(csv.DictReader(opened), start=2):
            try:
                rows[row["series"]][row["session"]].append((float(row["order"]), float(row["value"])))
            except (KeyError, TypeError, ValueError):
                raise ValueError(f"{file}:{number}: wants series, session, order, value") from None
    names = {session for sessions in rows.values() for session in sessions}
    whole = {name: sessions for name, sessions in rows.items() if len(sessions) == len(names) and _gated(name)}
    if len(names) < 2 or not whole:
        raise ValueError(f"{file}: holds no series of two sessions or more")
    return {name: [np.array([value for _, value in sorted(sessions[session])]) for session in sorted(names)]
            for name, sessions in whole.items()}  # fmt: skip


def _gated(series: str) -> bool:
    return limits_of(series).direction != "neutral"


def lines(count: int, found: Mapping[str, Tally]) -> Iterator[str]:
    """Yield the table of one number of samples."""
    yield f"\n{count} samples"
    shown = [(kind, change) for kind in ("shift", "tails", "drift") for change in CHANGES if change]
    heads = " ".join(f"{kind[0]}{change:>4.0%}" for kind, change in shown)
    yield f"{'gate':<26}{'sessions':>9}{'alarmed':>9}{'inconcl.':>9}  {heads}   (found: s shift, t tails, d drift)"
    for gate, one in found.items():
        shares = " ".join(f"{_share(one.found[key], one.changed[key]):>5.0%}" for key in shown)
        yield (f"{gate:<26}{one.trials:>9}{_share(one.alarmed, one.trials):>9.1%}"
               f"{_share(one.inconclusive, one.judged):>9.1%}  {shares}")  # fmt: skip


def _share(part: int, whole: int) -> float:
    return part / whole if whole else math.nan


def demands(found: Mapping[str, Tally]) -> Iterator[tuple[bool, str]]:
    """Yield what is demanded at 20 samples, and whether it is met."""
    own = found[OURS]
    alarmed = _share(own.alarmed, own.trials)
    yield alarmed <= MOST_ALARMS, f"sessions with any false alarm: {alarmed:.2%} of {own.trials} (at most 1 %)"
    steady = own.steady[True] + own.steady[False]
    if steady:
        hit = own.steady[True] / steady
        yield hit >= LEAST_FOUND, f"5 % throughput shifts found where the spread is at most 3 %: {hit:.1%} of {steady}"
    ours_found = _share(sum(own.found.values()), sum(own.changed.values()))
    better = [gate for gate, one in found.items()
              if _share(one.alarmed, one.trials) < alarmed
              and _share(sum(one.found.values()), sum(one.changed.values())) > ours_found]  # fmt: skip
    yield not better, f"gates with both fewer false alarms and more finds: {', '.join(better) or 'none'}"


def main(arguments: list[str] | None = None) -> int:
    """Print the tables; return 1 where a demand is missed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--samples", type=Path, metavar="FILE.csv", help="recorded A/A samples; without: made up")
    parser.add_argument("--trials", type=int, default=100, help="of each change and number of samples")
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
    for count in COUNTS:
        found = tallies(samples, count, given.trials, given.seed)
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
