"""The answer in a sentence or two, computed from the samples and from nothing else."""

from __future__ import annotations

from isobench.report.format import human, short, span, times
from isobench.report.series import Data, Series

_MAIN = ("requests_per_second", "cpu_events", "mem_triad", "seq_write")


def headline(data: Data) -> list[str]:
    """Return the sentences that open the report; each figure with interval or range and the samples behind it."""
    if not data.series:
        return ["Nothing was measured: no sample of this session ended well."]
    sentences = [sentence for sentence in (_startup(data), _best_vm(data), _throughput(data)) if sentence]
    if data.emulated:
        names = ", ".join(short(name) for name in data.targets if name in data.emulated)
        sentences.append(
            f"{names}: emulated (TCG), not a guide to KVM; no ratio of their times is drawn, and none should be."
        )
    if not sentences:
        first = next(iter(data.series.values()))
        sentences = [f"{short(first.workload)} on {short(first.target)}: {first.metric.name} {_figure(first)}."]
    return sentences


def main_metric(data: Data, workload: str) -> str | None:
    """Return the throughput figure that stands for a workload, None where it has none."""
    return next((m for m in _MAIN if any(data.get(workload, t, m) for t in data.targets)), None)


def _figure(series: Series) -> str:
    middle, unit = series.median, series.metric.unit
    if middle.low is not None and middle.high is not None:
        return f"{human(middle.value, unit)} (95 % interval {span(middle.low, middle.high, unit)}, n = {middle.n})"
    return f"{human(middle.value, unit)} (range {span(middle.smallest, middle.largest, unit)}, n = {middle.n})"


def _pick(data: Data, metric: str, target: str) -> Series | None:
    """Return the series of that target with most samples that has a reference in Docker."""
    found = [s for s in data.of_metric(metric) if s.target == target and data.ratio(s, "docker")]
    return max(found, key=lambda s: (s.workload == "redis", s.median.n), default=None)


def _startup(data: Data) -> str | None:
    docker = [s for s in data.of_metric("time_to_ready") if s.target == "docker"]
    if not docker:
        return None
    chosen = max(docker, key=lambda s: (s.workload == "redis", s.median.n))
    ratio = data.ratio(chosen, "native")
    told = f"{short(chosen.workload)} is ready in a Docker container after {_figure(chosen)}"
    if ratio is None:
        return told + "."
    return f"{told}, {times(ratio)} the time it needs natively{_caveat(ratio.low)}."


def _best_vm(data: Data) -> str | None:
    parts = []
    for target in data.targets:
        if target in data.emulated or not target.startswith("vm"):
            continue
        ready = _pick(data, "time_to_ready", target)
        if ready and (ratio := data.ratio(ready, "docker")):
            text = f"on {short(target)} {short(ready.workload)} takes {times(ratio)} as long to be ready as in Docker"
            parts.append(text + _caveat(ratio.low))
    return "; ".join(parts)[:1].upper() + "; ".join(parts)[1:] + "." if parts else None


def _throughput(data: Data) -> str | None:
    parts = []
    for workload in data.workloads:
        name = main_metric(data, workload)
        series = data.get(workload, "docker", name) if name else None
        ratio = data.ratio(series, "native") if series else None
        if ratio and name:
            parts.append(f"{times(ratio)} on {short(workload)} ({name}{', no interval' if ratio.low is None else ''})")
    return "Docker's throughput against native: " + ", ".join(parts) + "." if parts else None


def _caveat(low: float | None) -> str:
    return "" if low is not None else " (fewer than 6 samples: no interval)"
