"""Throughput and latency, and what the host's CPUs paid for them."""

from __future__ import annotations

from isobench.report.figures.dots import dots
from isobench.report.figures.look import Panel
from isobench.report.series import Data

_SHOWN = (
    ("cpu_events", "CPU, one thread", "Events of sysbench, on the host's clock."),
    ("cpu_events_all", "CPU, all threads", "Events of sysbench, on the host's clock."),
    ("mem_copy", "Memory copy", "STREAM, on the guest's clock."),
    ("mem_triad", "Memory triad", "STREAM, on the guest's clock."),
    ("requests_per_second", "Requests served", "Saturated, closed loop."),
    ("request_latency_p50", "Latency at a fixed rate, median", "Open loop, the same rate on all targets."),
    ("request_latency_p99", "Latency at a fixed rate, 99th percentile", "Open loop, the same rate on all targets."),
    ("host_cpu_per_op", "Host CPU for each operation", "The instance and its helpers."),
)


def panels(data: Data) -> list[Panel]:
    """Return the panels of the throughput family."""
    return [found for entry in _SHOWN if (found := dots(data, *entry)) is not None]
