"""Throughput: work done over time, on the host's clock where the work is known."""

from __future__ import annotations

from typing import Literal

from isobench.model.metric import Metric

Scope = Literal["host", "guest"]
_OPEN_LOOP = "open loop; Tene, coordinated omission"


def _rate(name: str, unit: str, scope: Scope, definition: str, source: str, floor: float) -> Metric:
    return Metric(
        name=name,
        unit=unit,
        direction="higher",
        family="throughput",
        scope=scope,
        instant="job",
        definition=definition,
        source=source,
        relevant_effect=0.02,
        floor=floor,
    )


def _time(name: str, scope: Scope, definition: str, source: str, floor: float) -> Metric:
    return Metric(
        name=name,
        unit="s",
        direction="lower",
        family="throughput",
        scope=scope,
        instant="job",
        definition=definition,
        source=source,
        relevant_effect=0.05,
        floor=floor,
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
        "compress_rate",
        "B/s",
        "host",
        "Bytes of a fixed corpus that zstd -3 reads and compresses, one thread, over the time between its marks on the "
        "host's clock; the corpus is in memory, the result is thrown away.",
        "zstd",
        1e6,
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
    _time(
        "mem_latency",
        "guest",
        "A fixed number of dependent loads over their time: a random chain through every cache line of an array of "
        "4 × the last-level cache (else marked in-cache), in pages of 4 KiB. Rests on the guest's clock, since "
        "building the chain takes a good part of the job.",
        "pointer chase; McVoy and Staelin, lmbench",
        2e-9,
    ),
    _time(
        "syscall_latency",
        "host",
        "A fixed number of getppid system calls over the time between their marks on the host's clock, the start of "
        "the one program that makes them included.",
        "lmbench lat_syscall null",
        5e-9,
    ),
    _time(
        "file_open_close",
        "host",
        "The same for open and close of one file on the root file system, which an overlay is for containers.",
        "lmbench lat_syscall open",
        50e-9,
    ),
    _time(
        "fork_exec",
        "host",
        "The same for fork, exec of a small static program and wait for its end.",
        "lmbench lat_proc exec",
        20e-6,
    ),
    _time(
        "import_time",
        "host",
        "A fixed number of fresh Python interpreters, one after the other, that each import numpy and end, over the "
        "time between their marks on the host's clock; the files have been read before.",
        "isobench",
        0.005,
    ),
    _rate(
        "net_throughput_in",
        "B/s",
        "host",
        "Bytes a second into the instance over one TCP connection: what iperf3's client on the host sent, on the "
        "host's clock, once the first seconds, left out, have filled the buffers.",
        "iperf3",
        1e6,
    ),
    _rate(
        "net_throughput_out",
        "B/s",
        "host",
        "Bytes a second out of the instance over one TCP connection: what iperf3's client on the host received, on "
        "the host's clock, without the first seconds.",
        "iperf3 --reverse",
        1e6,
    ),
    _time(
        "net_rr_latency_p50",
        "host",
        "Median of a fixed number of round trips of one byte over one TCP connection from the host, each request sent "
        "when the response to the one before has come (closed loop).",
        "netperf TCP_RR",
        5e-6,
    ),
    _rate(
        "requests_per_second",
        "1/s",
        "host",
        "Saturated, closed loop: the rate that the client on the host counted over its own run, on the host's clock; "
        "clients, payload and pipeline stand in workload.toml.",
        "redis-benchmark, wrk",
        10,
    ),
    _time(
        "request_latency_p50",
        "host",
        "Median latency at a fixed offered rate (open loop), the same for all targets, counted from the instant at "
        "which each request was due.",
        _OPEN_LOOP,
        20e-6,
    ),
    _time(
        "request_latency_p99",
        "host",
        "99th percentile of the same; refused below 300 requests.",
        _OPEN_LOOP,
        20e-6,
    ),
    _rate(
        "transactions_per_second",
        "1/s",
        "host",
        "A fixed number of transactions over their time on the host's clock, each durable before the next on its "
        "connection begins, in the durability class of the storage that the sample names. SQLite: between the "
        "marks of its job; PostgreSQL: as pgbench on the host counts, closed loop, without connecting.",
        "sqlite3, pgbench (TPC-B-like)",
        1,
    ),
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
