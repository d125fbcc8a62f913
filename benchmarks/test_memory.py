"""Memory: what one instance adds to the host at ``ready`` + 1 s, at ``done``, and at its peak between them.

    request → ready → + 1 s: read → the workload's jobs → done: read → stopped → removed

``host_pss`` is the share of every process that the instance adds (VMM, shim, the workload's own); ``vmm_overhead`` what
of it is not the workload's; ``cgroup_*`` the kernel's account of the instance's control group; ``guest_*`` what is seen
inside. The scope is in the name: there is no "memory". Bytes are no durations, so they stand in ``extra_info``, and
``isobench check`` judges them; the rounds are the life they were read in, of the instances that stopped gracefully.
"""

from __future__ import annotations

from isobench.pytest_plugin import MeasureInstance


def test_memory_within_lifecycle_time(measure_instance: MeasureInstance) -> None:
    """Seconds from ``request`` to ``removed``; beside them the memory figures, in bytes."""
    measure_instance.record(seconds="lifecycle_time", beside="memory")
