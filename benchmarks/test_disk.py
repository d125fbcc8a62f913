"""Disk: what one image and one instance of it take, and what is moved on the host from ``request`` to ``removed``.

    image → request → ready + 1 s: read → the workload's jobs → done: read → stopped → removed

``rootfs_bytes``, ``stored_bytes``, ``disk_virtual`` and ``kernel_size`` are the image's, once for all its instances;
``instance_disk`` is what one more instance adds, before and after its work; ``host_io_*`` what it moved on the host's
block layer. A workload with storage jobs adds rates and latencies, of files written in full first. The rounds are the
life that these were read in, of the instances that stopped gracefully; the figures stand in ``extra_info``.
"""

from __future__ import annotations

from isobench.pytest_plugin import MeasureInstance


def test_disk_within_lifecycle_time(measure_instance: MeasureInstance) -> None:
    """Seconds from ``request`` to ``removed``; beside them the disk figures, in bytes and what a second does."""
    measure_instance.record(seconds="lifecycle_time", beside="disk")
