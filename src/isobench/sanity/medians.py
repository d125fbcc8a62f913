"""Rules on medians: what a guest cannot do better than the host that it runs on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from statistics import median

from isobench.metrics import METRICS
from isobench.model import Cell, Sample
from isobench.report.format import counted, human
from isobench.sanity.finding import Finding
from isobench.sanity.guests import is_guest
from isobench.store.reader import SessionRecord

MARGIN = 0.10
"""By how much a guest's median must be better than native's: less is within the scatter of few samples."""

NATIVE = "native"
CPU = ("cpu_events", "cpu_events_all", "compress_rate")
READS = ("seq_read", "rand_read_iops")
FSYNC = ("fsync_latency_p50",)


@dataclass(frozen=True, slots=True)
class _Better:
    """A median that is better than native's, and by how much (0.25: a quarter)."""

    cell: Cell
    metric: str
    value: float
    native: float
    by: float
    facts: Mapping[str, object]

    def finding(self, rule: str, meaning: str) -> Finding:
        unit, count = METRICS[self.metric].unit, counted(self.metric)
        figures = f"{human(self.value, unit, count)} against {human(self.native, unit, count)}"
        seen = f"{self.metric} is {self.by:.0%} better than native's ({figures})"
        return Finding(rule, self.cell.workload, self.cell.target, f"{seen}: {meaning}")


def cpu_beyond_native(session: SessionRecord) -> Iterator[Finding]:
    """Yield guests that compute faster than native by more than ``MARGIN``."""
    meaning = "a guest has no faster cores than its host; its clock or native's cores were not what they should be"
    for found in _better(session, CPU):
        if is_guest(found.facts):
            yield found.finding("guest CPU beyond native", meaning)


def reads_beyond_device(session: SessionRecord) -> Iterator[Finding]:
    """Yield guests whose disk, without a host cache, reads faster than the device does for native."""
    meaning = "cache=none reads from the device, so some cache was in between, or native's reads were held up"
    for found in _better(session, READS):
        if is_guest(found.facts) and "cache=none" in _storage_used(session, found):
            yield found.finding("reads beyond the device", meaning)


def fsync_beyond_device(session: SessionRecord) -> Iterator[Finding]:
    """Yield cells that claim to be durable on the device, and are so faster than native is on it."""
    meaning = "it is said to be durable on the device, so it did not reach it, or native's fsync was held up"
    for found in _better(session, FSYNC):
        if found.facts.get("durability") == "device":
            yield found.finding("fsync beyond the device", meaning)


def _better(session: SessionRecord, metrics: tuple[str, ...]) -> Iterator[_Better]:
    taken: dict[Cell, list[Sample]] = defaultdict(list)
    for sample in session.samples:
        if sample.left_out is None:
            taken[sample.cell].append(sample)
    for cell, own in taken.items():
        reference = taken.get(Cell(cell.workload, NATIVE, cell.parameters), [])
        for metric in (m for m in metrics if m in METRICS and cell.target != NATIVE):
            value, native = (_median(samples, metric) for samples in (own, reference))
            if value is None or native is None or value <= 0 or native <= 0:
                continue
            by = (native / value if METRICS[metric].direction == "lower" else value / native) - 1.0
            if by > MARGIN:
                yield _Better(cell, metric, value, native, by, own[-1].facts)


def _median(samples: list[Sample], metric: str) -> float | None:
    values = [sample.metrics[metric] for sample in samples if metric in sample.metrics]
    return median(values) if values else None


def _storage_used(session: SessionRecord, found: _Better) -> str:
    """Return what the facts say of the disk that was read: the volume, where the workload has one of its own."""
    root, _, volume = str(found.facts.get("storage", "")).partition("; volume ")
    workloads = session.meta.get("workloads")
    table = workloads.get(found.cell.workload) if isinstance(workloads, dict) else None
    on_it = isinstance(table, dict) and table.get("volume") and "cache=" in volume
    return volume if on_it else root
