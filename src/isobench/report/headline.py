"""The answer in a sentence or two, computed from the samples and from nothing else."""

from __future__ import annotations

from isobench.report.format import short, times
from isobench.report.series import Data, Series

_MAIN = {
    "requests_per_second": "requests",
    "transactions_per_second": "transactions",
    "cpu_events": "CPU events",
    "mem_triad": "memory triad",
    "seq_write": "sequential writes",
}


def headline(data: Data) -> list[str]:
    """Return the sentences that open the report; each figure with interval or range and the samples behind it."""
    if not data.series:
        return ["Nothing was measured: no sample of this session ended well."]
    found = (_startup(data), _best_vm(data), _memory(data), _throughput(data))
    sentences = [sentence for sentence in found if sentence]
    if data.emulated:
        names = " and ".join(short(name) for name in data.targets if name in data.emulated)
        sentences.append(f"{names} ran emulated (TCG): not a guide to KVM, so no ratio is drawn from their times.")
    if not sentences:
        first = next(iter(data.series.values()))
        sentences = [f"{short(first.workload)} on {short(first.target)}: {first.metric.name} {_figure(first)}."]
    return sentences


def main_metric(data: Data, workload: str) -> str | None:
    """Return the throughput figure that stands for a workload, None where it has none."""
    return next((m for m in _MAIN if any(data.get(workload, t, m) for t in data.targets)), None)


def rate_title(metric: str) -> str:
    """Return what a leading throughput figure counts, in a word or two."""
    return _MAIN.get(metric, metric)


def _figure(series: Series) -> str:
    kind = "95 % interval" if series.has_interval else "range"
    return f"{series.text} ({kind} {series.around}, n = {series.median.n})"


def _leading(data: Data, metric: str, target: str) -> Series | None:
    """Return the target's series that stands for all: redis, else the one with most samples."""
    found = [entry for entry in data.of_metric(metric) if entry.target == target]
    return max(found, key=lambda s: (s.workload == "redis", s.median.n), default=None)


def _startup(data: Data) -> str | None:
    chosen = _leading(data, "time_to_ready", "docker")
    if chosen is None:
        return None
    ratio = data.ratio(chosen, "native")
    told = f"{short(chosen.workload)} is ready in a Docker container after {_figure(chosen)}"
    return f"{told}, {times(ratio)} the time it needs natively{_caveat(ratio.low)}." if ratio else told + "."


def _best_vm(data: Data) -> str | None:
    parts = []
    for target in data.targets:
        if target in data.emulated or not target.startswith("vm"):
            continue
        ready = _leading(data, "time_to_ready", target)
        if ready and (ratio := data.ratio(ready, "docker")):
            text = f"on {short(target)} {short(ready.workload)} takes {times(ratio)} as long to be ready as in Docker"
            parts.append(text + _caveat(ratio.low))
    return "; ".join(parts)[:1].upper() + "; ".join(parts)[1:] + "." if parts else None


def _memory(data: Data) -> str | None:
    parts = []
    for target in data.targets:
        chosen = _leading(data, "host_pss_ready", target)
        docker = _leading(data, "host_pss_ready", "docker")
        if chosen and docker and chosen.workload == docker.workload and target not in data.emulated:
            parts.append(f"{chosen.text} ({chosen.around}) on {short(target)}")
    workload = docker.workload if parts and docker else ""
    return f"Ready and at rest, {short(workload)} takes host memory (Pss) of {', '.join(parts)}." if parts else None


def _throughput(data: Data) -> str | None:
    parts = []
    for workload in data.workloads:
        name = main_metric(data, workload)
        series = data.get(workload, "docker", name) if name else None
        ratio = data.ratio(series, "native") if series else None
        if ratio and name:
            parts.append(f"{rate_title(name)} {times(ratio)}{_caveat(ratio.low)}")
    return "Throughput in Docker against native: " + ", ".join(parts) + "." if parts else None


def _caveat(low: float | None) -> str:
    return "" if low is not None else " (fewer than 6 samples: no interval)"
