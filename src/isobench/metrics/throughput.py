"""Throughput: work done over time, on the host's clock where the work is known."""

from __future__ import annotations

from isobench.model.metric import Metric


def _rate(name: str, unit: str, scope: str, definition: str, source: str, floor: float) -> Metric:
    return Metric(
        name=name,
        unit=unit,
        direction="higher",
        family="throughput",
        scope="guest" if scope == "guest" else "host",
        instant="job",
        definition=definition,
        source=source,
        relevant_effect=0.03,
        floor=floor,
    )


def _latency(name: str, definition: str) -> Metric:
    return Metric(
        name=name,
        unit="s",
        direction="lower",
        family="throughput",
        scope="host",
        instant="job",
        definition=definition,
        source="open loop; Tene, coordinated omission",
        relevant_effect=0.05,
        floor=20e-6,
    )


THROUGHPUT: tuple[Metric, ...] = (
    _rate(
        "cpu_events",
        "1/s",
        "host",
        "sysbench cpu: a fixed number of events over the time between its marks on the host's clock; 1 thread.",
        "sysbench",
        1,
    ),
    _rate(
        "cpu_events_all",
        "1/s",
        "host",
        "The same with as many threads as the instance has vCPUs.",
        "sysbench",
        1,
    ),
    _rate(
        "mem_copy",
        "B/s",
        "guest",
        "Best of the repetitions of a[i] = b[i], 16 bytes counted an element; arrays of 4 × the last-level cache, "
        "else the sample is marked in-cache. Rests on the guest's clock.",
        "McCalpin, STREAM",
        1e6,
    ),
    _rate(
        "mem_triad",
        "B/s",
        "guest",
        "Best of the repetitions of a[i] = b[i] + s·c[i], 24 bytes counted an element; otherwise as mem_copy.",
        "McCalpin, STREAM",
        1e6,
    ),
    _rate(
        "requests_per_second",
        "1/s",
        "host",
        "Saturated, closed loop: the rate that the client on the host counted over its own run, on the host's clock; "
        "clients, payload and pipeline stand in workload.toml.",
        "redis-benchmark",
        10,
    ),
    _latency(
        "request_latency_p50",
        "Median latency at a fixed offered rate (open loop), the same for all targets, counted from the instant at "
        "which each request was due.",
    ),
    _latency("request_latency_p99", "99th percentile of the same; refused below 300 requests."),
    Metric(
        name="host_cpu_per_op",
        unit="s",
        direction="lower",
        family="throughput",
        scope="host",
        instant="job",
        definition="CPU seconds that the host spent (the instance's control group and its helpers) for each unit "
        "of work of the workload's main job.",
        source="cpuacct, cpu.stat",
        relevant_effect=0.05,
        floor=1e-9,
    ),
    Metric(
        name="clock_ratio",
        unit="1",
        direction="neutral",
        family="throughput",
        scope="host",
        instant="job",
        definition="Guest elapsed over host elapsed of a job, the one farthest from 1 where there are several; "
        "outside 0.99–1.01 the sample's outcome is 'clock'.",
        source="both clocks read around the same job",
        relevant_effect=0.01,
        floor=0.01,
    ),
)
