"""The answer in a sentence or two, computed from the samples and from nothing else."""

from __future__ import annotations

from dataclasses import dataclass

from isobench.report.format import between, human, short, times
from isobench.report.meta import mapping
from isobench.report.series import Data, Series, difference
from isobench.stats import Ratio

_MAIN = {
    "requests_per_second": "requests",
    "transactions_per_second": "transactions",
    "cpu_events": "CPU events",
    "compress_rate": "compression",
    "mem_triad": "memory triad",
    "seq_write": "sequential writes",
    "net_throughput_out": "network throughput",
}
_COUNTED = {
    "requests_per_second": "serves {} the requests",
    "transactions_per_second": "commits {} the transactions",
    "cpu_events": "computes {} the events",
}
MEMORY = ("host_available_drop", "host_pss_ready")
"""The leading memory figures, the first that is there."""
_MOST = 3
"""Sentences of targets against Docker; the overview has them all."""


def headline(data: Data) -> list[str]:
    """Return the sentences that open the report; each figure with interval or range and the samples behind it."""
    if not data.series:
        return ["Nothing was measured: no sample of this session ended well."]
    if sentences := _comparisons(data):
        return sentences
    first = next((series for series in data.series.values() if series.comparable), None)
    if first is None:
        return ["All that was measured here was emulated: nothing is concluded from it."]
    return [f"{short(first.workload)} on {short(first.target)}: {first.metric.name} {_figure(first)}."]


def emulated_note(data: Data) -> str:
    """Return the sentence that what was emulated proves nothing; empty where nothing was."""
    if not data.emulated:
        return ""
    names = _listed([short(name) for name in data.targets if name in data.emulated])
    return (
        f"{names}: emulated (TCG), not a guide to KVM. Hatched or hollow in every figure; no ratio, no colour and no "
        "sentence rests on these times."
    )


def scope(data: Data) -> str:
    """Return what the sentences rest on: counts, intervals, limits, cache; empty where nothing was measured."""
    leading = [s for t in data.targets if (s := _leading(data, "time_to_ready", t)) is not None]
    if not leading:
        return ""
    counts = sorted({s.median.n for s in leading})
    ends = f"{counts[0]}" if len(counts) == 1 else f"{counts[0]}–{counts[-1]}"
    resources = mapping(mapping(mapping(data.session.meta, "workloads"), leading[0].workload), "resources")
    given = [f"{resources['vcpus']} vCPU"] if isinstance(resources.get("vcpus"), int) else []
    given += [human(float(m), "B") + " memory"] if isinstance(m := resources.get("memory"), int) else []
    limits = f" {short(leading[0].workload)} has {' and '.join(given)} everywhere." if given else ""
    return (
        f"Medians of {ends} samples a target. In brackets 95 % intervals; without brackets there are fewer than 6 "
        f"samples and no interval.{limits} Memory is what the host loses to an instance at rest."
    )


def main_metric(data: Data, workload: str) -> str | None:
    """Return the throughput figure that stands for a workload, None where it has none."""
    return next((m for m in _MAIN if any(data.get(workload, t, m) for t in data.targets)), None)


def rate_title(metric: str) -> str:
    """Return what a leading throughput figure counts, in a word or two."""
    return _MAIN.get(metric, metric)


def leading_workload(data: Data, targets: list[str], metric: str = "time_to_ready") -> str | None:
    """Return the workload that stands for all: one that all these targets measured; redis, else that with most."""
    found = [w for w in data.workloads if all(data.get(w, t, metric) for t in targets)]

    def weight(workload: str) -> tuple[bool, bool, int]:
        counts = [s.median.n for t in targets if (s := data.get(workload, t, metric)) is not None]
        return workload == "redis", main_metric(data, workload) is not None, min(counts)

    return max(found, key=weight, default=None)


def memory_metric(data: Data, workload: str, targets: list[str]) -> str | None:
    """Return the leading memory figure that all these targets have of a workload."""
    return next((m for m in MEMORY if all(data.get(workload, t, m) for t in targets)), None)


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of a sentence; ``few`` is the number of samples of its weaker side where it has no interval."""

    words: str
    few: int | None


def _comparisons(data: Data) -> list[str]:
    bare = list(dict.fromkeys(target.partition(" [")[0] for target in data.real))
    reference = "docker" if "docker" in bare else next(iter(bare), None)
    if reference is None:
        return []
    found = [_against(data, target, reference) for target in _telling(data, reference)[:_MOST]]
    if "native" in bare and reference != "native":
        found += [_against(data, t, "native") for t in data.real if t.partition(" [")[0] == reference]
    return [sentence for sentence in found if sentence]


def _telling(data: Data, reference: str) -> list[str]:
    """Return the targets that may be set against the reference: machines first, then one of each other kind."""
    known = mapping(data.session.meta, "targets")
    kinds = {t: str(mapping(known, t.partition(" [")[0]).get("kind", t)) for t in (*data.real, reference)}
    others = [t for t in data.real if t.partition(" [")[0] not in (reference, "native")]
    first_of: dict[str, str] = {}
    for target in others:
        first_of.setdefault(kinds[target], target)
    first_of.pop(kinds[reference], None)
    firsts = sorted(first_of.values(), key=lambda t: "vm" not in kinds[t])
    return [*firsts, *(t for t in others if t not in firsts)]


def _against(data: Data, target: str, reference: str) -> str | None:
    """Return one sentence: how much later ready, how much more memory, how much less work than on the reference."""
    _, bracket, parameters = target.partition(" [")
    targets = [target, reference + bracket + parameters]
    workload = leading_workload(data, targets)
    if workload is None:
        return None
    parts = [_ready(data, workload, target, reference), _memory(data, workload, targets, reference),
             _work(data, workload, target, reference)]  # fmt: skip
    told = [part for part in parts if part]
    if not told:
        return None
    few = [part.few for part in told if part.few is not None]
    hint = f" (a hint: n = {min(few)})" if few else ""
    words = _listed([part.words for part in told])
    return f"{short(workload)} on {short(target, 48)}, against {short(reference)}, {words}{hint}."


def _ready(data: Data, workload: str, target: str, reference: str) -> _Part | None:
    series = data.get(workload, target, "time_to_ready")
    ratio = data.ratio(series, reference) if series else None
    if series is None or ratio is None:
        return None
    if _same(ratio):
        return _Part(f"is ready as soon ({series.text})", None)
    return _Part(f"takes {times(ratio)} as long to be ready ({series.text})", _few(ratio))


def _memory(data: Data, workload: str, targets: list[str], reference: str) -> _Part | None:
    name = memory_metric(data, workload, targets)
    series = data.get(workload, targets[0], name) if name else None
    other = data.reference(series, reference) if series else None
    if series is None or other is None:
        return None
    apart = difference(series, other)
    if apart.low is None or apart.high is None:
        few, around = min(series.median.n, other.median.n), ""
    elif apart.low <= 0 <= apart.high:
        return _Part("costs the host no more memory", None)
    else:
        low, high = sorted((abs(apart.low), abs(apart.high)))
        few, around = None, f" ({between(low, high, 'B')})"
    more = "more" if apart.value >= 0 else "less"
    return _Part(f"costs the host {human(abs(apart.value), 'B')}{around} {more} an instance", few)


def _work(data: Data, workload: str, target: str, reference: str) -> _Part | None:
    name = main_metric(data, workload)
    series = data.get(workload, target, name) if name else None
    ratio = data.ratio(series, reference) if series else None
    if ratio is None or name is None:
        return None
    said = _COUNTED.get(name, f"reaches {{}} the {rate_title(name)}")
    return _Part(said.format("as many of" if _same(ratio) else times(ratio)), _few(ratio))


def _few(ratio: Ratio) -> int | None:
    return min(ratio.n, ratio.n_reference) if ratio.low is None else None


def _same(ratio: Ratio) -> bool:
    return ratio.low is not None and ratio.high is not None and ratio.low <= 1 <= ratio.high


def _listed(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def _figure(series: Series) -> str:
    kind = "95 % interval" if series.has_interval else "range"
    return f"{series.text} ({kind} {series.around}, n = {series.median.n})"


def _leading(data: Data, metric: str, target: str) -> Series | None:
    """Return the target's series that stands for all: redis, else the one with most samples."""
    found = [entry for entry in data.of_metric(metric) if entry.target == target]
    return max(found, key=lambda s: (s.workload == "redis", s.median.n), default=None)
