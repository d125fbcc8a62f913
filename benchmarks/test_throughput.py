"""Throughput: the work that an instance does from a job's start mark to its end mark, both on the host's clock.

    request → ready → + 1 s → job: start mark … end mark → done → stopped → removed

Where the work done is known, the rate is that work over the seconds between the marks; a figure that a tool inside
prints rests on the guest's clock, and its scope says so. An instance whose clock ran off by over 1 % is left out. The
rounds are the life that the jobs ran in, of the instances that stopped gracefully; the rates stand in ``extra_info``. A
workload without jobs, such as ``idle``, has no throughput: it is skipped.
"""

from __future__ import annotations

from isobench.pytest_plugin import MeasureInstance


def test_throughput_within_lifecycle_time(measure_instance: MeasureInstance) -> None:
    """Seconds from ``request`` to ``removed``; beside them the throughput figures, by job."""
    measure_instance.record(seconds="lifecycle_time", beside="throughput")
