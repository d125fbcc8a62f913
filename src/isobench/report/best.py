"""Which target is best for what: one line a need, from the medians of what ran for real, and how sure that is.

The target with the best median leads. Those that are not told from it stand beside it: the heat map would leave their
ratio to it without colour, or show it as better. Nothing emulated takes part, nor what ran without isolation; a line is
about one set of parameters and, where data is stored, the commonest durability class only.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from isobench.metrics import METRICS
from isobench.report.format import digits, short
from isobench.report.headline import MEMORY, main_metric
from isobench.report.heat import step_of
from isobench.report.series import Data, Series
from isobench.report.walls import kernels
from isobench.stats import Ratio

_ALONE = "native"
"""What runs beside the host's own processes: no answer to how to isolate, but the measure of what it costs."""
_TAIL = "request_latency_p99"
_NEEDS = {
    "time_to_ready": "ready soonest", "host_available_drop": "least host memory", "host_pss_ready": "least host memory",
    "requests_per_second": "most requests served", "transactions_per_second": "most transactions",
    "cpu_events": "fastest computing", "compress_rate": "fastest compression", "mem_triad": "fastest memory",
    "seq_write": "fastest sequential writes", "net_throughput_out": "fastest network", _TAIL: "shortest tail, p99",
}  # fmt: skip
_AS = {"s": "as long", "B": "as much"}
"""How a multiple of each unit reads; of a rate it is as fast."""
_MOST = 4
"""Names in a line beyond this many are counted."""


@dataclass(frozen=True, slots=True)
class Best:
    """A need with the targets that serve it best, in words; ``workload`` and ``metric`` are empty where a fact decides.

    ``among`` says what was set against each other, ``behind`` is the first that is worse, as a multiple of the best,
    ``alone`` what the same takes without isolation. A ``doubtful`` best should not be chosen for this figure.
    """

    need: str
    workload: str
    metric: str
    among: str
    targets: str
    figure: str
    behind: str
    alone: str
    sure: str
    doubtful: bool = False


@dataclass(frozen=True, slots=True)
class _Contest:
    """The series set against each other, and their durability class where it is one of several."""

    series: list[Series]
    durability: str | None


def bests(data: Data) -> list[Best]:
    """Return a line for each need that two isolated targets or more were measured for."""
    lines = [line for parameters in _parameters(data) for line in _of(data, parameters)]
    return [line for line in (*lines, _own_kernel(data)) if line]


def _parameters(data: Data) -> list[str]:
    """Return the sets of parameters of the session's targets, as they stand in brackets; one empty one without any."""
    return list(dict.fromkeys(target.partition(" [")[2] for target in data.real))


def _of(data: Data, parameters: str) -> list[Best | None]:
    asked = [widest for metrics in (("time_to_ready",), MEMORY) if (widest := _widest(data, metrics, parameters))]
    asked += [(workload, metric) for workload in data.workloads if (metric := main_metric(data, workload))]
    asked += [(workload, _TAIL) for workload in data.workloads]
    return [_best(data, workload, metric, parameters) for workload, metric in asked]


def _contest(data: Data, workload: str, metric: str, parameters: str) -> _Contest:
    found = [
        series
        for target in data.real
        if target.partition(" [")[2] == parameters and target.partition(" [")[0] != _ALONE
        if (series := data.get(workload, target, metric)) and series.median.value > 0
    ]
    told = [_class(data, series) for series in found]
    commonest = Counter(told).most_common(1)[0][0] if told else None
    kept = [series for series, own in zip(found, told, strict=True) if own == commonest]
    return _Contest(kept, commonest if len(kept) < len(found) else None)


def _class(data: Data, series: Series) -> str | None:
    """Return how durable a finished write is where a figure depends on it."""
    stored = series.metric.family in ("disk", "throughput")
    return data.durability.get((series.workload, series.target)) if stored else None


def _widest(data: Data, metrics: tuple[str, ...], parameters: str) -> tuple[str, str] | None:
    """Return workload and metric by which most targets can be told apart; among equals the first metric, and redis."""
    order = sorted(data.workloads, key=lambda workload: workload != "redis")
    pairs = [(workload, metric) for metric in metrics for workload in order]
    return max(pairs, key=lambda pair: len(_contest(data, pair[0], pair[1], parameters).series), default=None)


def _best(data: Data, workload: str, metric: str, parameters: str) -> Best | None:
    contest = _contest(data, workload, metric, parameters)
    if len(contest.series) < 2:
        return None
    lower = METRICS[metric].direction == "lower"
    first, *others = sorted(contest.series, key=lambda s: s.median.value if lower else -s.median.value)
    # Without a block in common two targets were not measured side by side: nothing is said of them.
    ratios = [(s, ratio) for s in others if (ratio := data.ratio(s, _bare(first))) is not None]
    if not ratios:
        return None
    level = [s for s, ratio in ratios if step_of(ratio, lower) <= 0]
    worse = [(s, ratio) for s, ratio in ratios if step_of(ratio, lower) > 0]
    alone = data.reference(first, _ALONE)
    alone = alone if alone and _class(data, alone) == _class(data, first) else None
    over = data.ratio(first, _ALONE) if alone else None
    doubtful = over is not None and step_of(over, lower) < 0
    among = f"of {len(ratios) + 1}" + (f" on storage of class {contest.durability}" if contest.durability else "")
    return Best(
        _NEEDS.get(metric, metric), short(workload), metric, among + (f", {parameters[:-1]}" if parameters else ""),
        _names([_bare(s) for s in (first, *level)]), _figure(first),
        _behind(*worse[0]) if worse else "–", _figure(alone) if alone else "–",
        _sure([ratio for _, ratio in ratios], clear=bool(worse), doubtful=doubtful), doubtful,
    )  # fmt: skip


def _sure(ratios: list[Ratio], *, clear: bool, doubtful: bool) -> str:
    fewest = min(min(ratio.n, ratio.n_reference) for ratio in ratios)
    if doubtful:
        return f"doubtful: better than without isolation, n = {fewest}"
    if any(ratio.low is None for ratio in ratios):
        return f"a hint: n = {fewest}"
    return f"clear: 95 % intervals, n ≥ {fewest}" if clear else f"no difference that matters, n ≥ {fewest}"


def _behind(series: Series, ratio: Ratio) -> str:
    words = f"{short(_bare(series))}: {digits(ratio.value)}× {_AS.get(series.metric.unit, 'as fast')}"
    if ratio.low is None or ratio.high is None:
        return words
    low, high = digits(ratio.low), digits(ratio.high)
    return f"{words} ({low}–{high})" if low != high else words


def _own_kernel(data: Data) -> Best | None:
    """Return the targets whose instances do not run on the host's kernel: a fact, under emulation, too."""
    told = {target: shared for target, shared in kernels(data).items() if target != _ALONE}
    own, shared = ([target for target, same in told.items() if same is wanted] for wanted in (False, True))
    if not own or not shared:
        return None
    emulated = {target.partition(" [")[0] for target in data.emulated}
    real, other = [t for t in own if t not in emulated], [t for t in own if t in emulated]
    names = [_names(real)] if real else []
    names += [f"emulated: {_names(other)}"] if other else []
    return Best(
        "a kernel of its own", "", "", f"of {len(told)}, by attempts from inside", "; ".join(names), "–",
        f"the host's: {_names(shared)}", "–", "a fact",
    )  # fmt: skip


def _bare(series: Series) -> str:
    return series.target.partition(" [")[0]


def _figure(series: Series) -> str:
    return f"{series.text} ({series.around})" if series.has_interval else series.text


def _names(targets: list[str]) -> str:
    shown = [short(target) for target in targets[:_MOST]]
    more = len(targets) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")
