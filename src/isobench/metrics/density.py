"""Density and concurrency: many instances on one host."""

from __future__ import annotations

from isobench.model.metric import Metric

AT_ONCE = (1, 2, 5, 10)
"""How many instances are started at once."""


def _start_time(count: int) -> Metric:
    return Metric(
        name=f"start_time_at_{count}",
        unit="s",
        direction="lower",
        family="density",
        scope="host",
        instant="life",
        definition=f"{count} instance(s) asked for at once: each one's request → ready, the median of them.",
        source="Firecracker (NSDI 2020), concurrent starts; LightVM (SOSP 2017)",
        relevant_effect=0.05,
        floor=0.02,
    )


DENSITY: tuple[Metric, ...] = (
    Metric(
        name="host_available_drop",
        unit="B",
        direction="lower",
        family="density",
        scope="host",
        instant="life",
        definition="Fall of the host's MemAvailable for each further idle instance, caches dropped before each "
        "reading: Theil and Sen's slope over the instances, 1 s after each was ready. The facts "
        "host_available_drop_low and _high are its 95 % interval, ksm the state of kernel samepage merging.",
        source="gVisor's density benchmark; LightVM (SOSP 2017); Sen, JASA 63 (1968)",
        relevant_effect=0.05,
        floor=1 << 20,
    ),
    Metric(
        name="density",
        unit="1",
        direction="higher",
        family="density",
        scope="host",
        instant="life",
        definition="Idle instances that this host holds above the floor: what was available before the first, less the "
        "floor, over host_available_drop. The fact density_extrapolated says whether the floor was not reached.",
        source="LightVM (SOSP 2017)",
        relevant_effect=0.05,
        floor=1.0,
    ),
    *(_start_time(count) for count in AT_ONCE),
    Metric(
        name="starts_per_second",
        unit="1/s",
        direction="higher",
        family="density",
        scope="host",
        instant="life",
        definition=f"{AT_ONCE[-1]} instances asked for at once: their number over the time from the first request "
        "to the last one's ready.",
        source="Firecracker (NSDI 2020)",
        relevant_effect=0.05,
        floor=0.1,
    ),
    Metric(
        name="min_memory",
        unit="B",
        direction="lower",
        family="density",
        scope="host",
        instant="life",
        definition="Smallest memory limit (a guest's RAM) at which the workload still gets ready: bisection to 8 MiB. "
        "Only on request (run --study min-memory).",
        source="Kata's and Firecracker's minimal guests; bisection",
        relevant_effect=0.05,
        floor=8 << 20,
    ),
)
