"""Which target is best for what: one line a need, from the medians of what ran for real, and how sure that is.

The target with the best median leads. Those that cannot be told from it stand beside it: their ratio to it is below the
heat map's first step, or its interval holds 1. Nothing emulated takes part, nor what ran without isolation. A figure of
storage is a contest within the commonest durability class only.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from isobench.report.format import short, times
from isobench.report.headline import main_metric, rate_title
from isobench.report.heat import EDGES
from isobench.report.series import Data, Series
from isobench.report.walls import kernels
from isobench.stats import Ratio

_ALONE = "native"
"""What runs beside the host's own processes: no answer to how to isolate, but the measure of what it costs."""
_MOST = 4
"""Names in a line beyond this many are counted."""


@dataclass(frozen=True, slots=True)
class Best:
    """A need with the targets that serve it best, in words; ``workload`` and ``metric`` are empty where a fact decides.

    ``behind`` is the first that is worse, as a multiple of the best; ``alone`` what the same takes without isolation.
    """

    need: str
    workload: str
    metric: str
    targets: str
    figure: str
    behind: str
    alone: str
    sure: str


def bests(data: Data) -> list[Best]:
    """Return a line for each need that two isolated targets or more were measured for."""
    asked = [("ready soonest", w, "time_to_ready") for w in _widest(data, "time_to_ready")]
    found = next((m for m in ("host_available_drop", "host_pss_ready") if _widest(data, m)), None)
    asked += [("least host memory", w, found) for w in _widest(data, found)] if found else []
    asked += [(rate_title(m), w, m) for w in data.workloads if (m := main_metric(data, w))]
    asked += [("lowest p99 at a fixed rate", w, "request_latency_p99") for w in data.workloads]
    lines = [_best(data, need, workload, metric) for need, workload, metric in asked]
    return [line for line in (*lines, _own_kernel(data)) if line]


def _contest(data: Data, workload: str, metric: str) -> list[Series]:
    """Return the series that are set against each other: of one set of parameters and one durability class."""
    found = [s for t in data.real if (s := data.get(workload, t, metric)) and t.partition(" [")[0] != _ALONE]
    if not found:
        return []
    parameters = found[0].target.partition(" [")[2]
    classes = data.durability if found[0].metric.family in ("disk", "throughput") else {}
    told = [classes.get((s.workload, s.target)) for s in found]
    common = Counter(told).most_common(1)[0][0]
    return [
        s for s, own in zip(found, told, strict=True) if s.target.partition(" [")[2] == parameters and own == common
    ]


def _widest(data: Data, metric: str) -> list[str]:
    """Return the workload, if any, of which most targets are set against each other: redis among equals."""
    counts = {w: len(_contest(data, w, metric)) for w in data.workloads}
    most = max(counts.values(), default=0)
    widest = [w for w, count in counts.items() if count == most]
    return (["redis"] if "redis" in widest else widest[:1]) if most > 1 else []


def _best(data: Data, need: str, workload: str, metric: str) -> Best | None:
    series = _contest(data, workload, metric)
    if len(series) < 2:
        return None
    sign = 1 if series[0].metric.direction == "lower" else -1
    ordered = sorted(series, key=lambda s: sign * s.median.value)
    first, others = ordered[0], [(s, _over(data, s, ordered[0])) for s in ordered[1:]]
    level = [s for s, ratio in others if ratio is None or _level(ratio)]
    worse = [(s, ratio) for s, ratio in others if ratio is not None and not _level(ratio)]
    alone = data.reference(ordered[0], _ALONE)
    return Best(
        need, short(workload), metric, _names([s.target for s in (first, *level)]), _figure(first),
        f"{short(worse[0][0].target)} {times(worse[0][1])}" if worse else "–", _figure(alone) if alone else "–",
        _sure(data, series, first, alone, clear=bool(worse)),
    )  # fmt: skip


def _over(data: Data, series: Series, best: Series) -> Ratio | None:
    return data.ratio(series, best.target.partition(" [")[0])


def _level(ratio: Ratio) -> bool:
    """Return whether a ratio is none that counts, as a tile of the heat map without colour."""
    if ratio.low is not None and ratio.high is not None and ratio.low <= 1 <= ratio.high:
        return True
    return ratio.value > 0 and max(ratio.value, 1 / ratio.value) < EDGES[0]


def _sure(data: Data, series: list[Series], best: Series, alone: Series | None, *, clear: bool) -> str:
    fewest = min(s.median.n for s in series)
    if alone and _beats(data, best, alone):
        return "doubtful: better than without isolation"
    if any(not s.has_interval for s in series):
        return f"a hint, n = {fewest}" + ("" if fewest == max(s.median.n for s in series) else " and up")
    return f"clear: 95 % intervals, n ≥ {fewest}" if clear else f"no difference shown, n ≥ {fewest}"


def _beats(data: Data, best: Series, alone: Series) -> bool:
    """Return whether the best beats what isolates nothing: then something else was measured, a cache for one."""
    ratio = _over(data, best, alone)
    if ratio is None or _level(ratio):
        return False
    return (ratio.value < 1) == (best.metric.direction == "lower")


def _own_kernel(data: Data) -> Best | None:
    """Return the targets whose instances do not run on the host's kernel: a fact, under emulation, too."""
    told = {target: shared for target, shared in kernels(data).items() if target != _ALONE}
    own, shared = ([target for target, same in told.items() if same is wanted] for wanted in (False, True))
    if not own or not shared:
        return None
    return Best(
        "a kernel of its own", "", "", _names(own), "–", f"shared: {_names(shared)}", "–", "a fact, tried from inside",
    )  # fmt: skip


def _figure(series: Series) -> str:
    return f"{series.text} ({series.around})" if series.has_interval else series.text


def _names(targets: list[str]) -> str:
    shown = [short(target) for target in targets[:_MOST]]
    more = len(targets) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")
