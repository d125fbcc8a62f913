"""Memory in bytes: scope and instant stand in the name, since 'memory' alone does not exist."""

from __future__ import annotations

from collections.abc import Iterator

from isobench.model.metric import Metric

INSTANTS = {"ready": "at ready + 1 s", "done": "at done, after the last job"}

_MEBIBYTE = 1 << 20

_AT_INSTANTS = (
    (
        "host_pss",
        "host",
        "Sum of Pss over every process that the instance adds to the host (VMM, shim, the container's own)",
        "/proc/PID/smaps_rollup; Kata metrics",
    ),
    (
        "vmm_overhead",
        "host",
        "What isolates, without what is isolated. VM: Pss of the VMM's mappings other than guest RAM, told by its "
        "exact size; container: Pss of shim and helpers. Under emulation it holds QEMU's translation cache and "
        "never stands beside a published figure",
        "Firecracker SPECIFICATION.md; /proc/PID/smaps",
    ),
    (
        "cgroup_current",
        "host",
        "The kernel's account of the instance's control group, page cache included",
        "memory.current (v2), memory.usage_in_bytes (v1)",
    ),
    ("cgroup_anon", "host", "Anonymous memory charged to the instance's control group", "memory.stat"),
    ("cgroup_file", "host", "Page cache charged to the instance's control group", "memory.stat"),
    (
        "cgroup_kernel",
        "host",
        "Kernel memory charged to the instance's control group",
        "memory.stat kernel (v2), memory.kmem.usage_in_bytes (v1)",
    ),
    (
        "guest_available",
        "guest",
        "MemAvailable as the workload sees it inside. A container sees the host's, which is why container-aware "
        "runtimes read their cgroup instead",
        "/proc/meminfo inside",
    ),
)


def _metrics() -> Iterator[Metric]:
    for name, scope, definition, source in _AT_INSTANTS:
        for instant, words in INSTANTS.items():
            yield Metric(
                name=f"{name}_{instant}",
                unit="B",
                direction="higher" if name == "guest_available" else "lower",
                family="memory",
                scope="guest" if scope == "guest" else "host",
                instant=instant,
                definition=f"{definition}; {words}.",
                source=source,
                relevant_effect=0.05,
                floor=_MEBIBYTE,
            )
    yield Metric(
        name="cgroup_peak",
        unit="B",
        direction="lower",
        family="memory",
        scope="host",
        instant="peak",
        definition="Highest cgroup_current of the instance's life. It includes page cache and is not a need.",
        source="memory.peak (v2), memory.max_usage_in_bytes (v1)",
        relevant_effect=0.05,
        floor=_MEBIBYTE,
    )
    yield Metric(
        name="guest_total",
        unit="B",
        direction="higher",
        family="memory",
        scope="guest",
        instant="ready",
        definition="MemTotal as the workload sees it inside: guest RAM less what the guest kernel keeps; in a "
        "container the host's, whatever the limit.",
        source="/proc/meminfo inside",
        relevant_effect=0.02,
        floor=_MEBIBYTE,
    )


MEMORY: tuple[Metric, ...] = tuple(_metrics())
