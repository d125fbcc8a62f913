"""Disk: what is stored, what one more instance adds, and the speed of its storage."""

from __future__ import annotations

from isobench.report.figures.dots import dots
from isobench.report.figures.look import Panel
from isobench.report.series import Data

_SIZES = (
    ("rootfs_bytes", "Root file system", "Sum of its files, the same on all targets."),
    ("stored_bytes", "Stored once for all instances", "Layers, base disk or folder."),
    ("instance_disk_done", "What one more instance adds", "Writable layer or overlay after the work."),
    ("kernel_size", "Kernel and initramfs", "Only a VM ships them."),
)
_SPEEDS = (
    ("seq_read", "Sequential reads, 1 MiB", "On the guest's clock."),
    ("seq_write", "Sequential writes, 1 MiB", "On the guest's clock; fsync at the end included."),
    ("rand_read_iops", "Random reads, 4 KiB", "On the guest's clock."),
    ("rand_write_iops", "Random writes, 4 KiB", "On the guest's clock."),
    ("fsync_latency_p50", "fsync after a 4 KiB write", "Median latency, on the guest's clock."),
)


def panels(data: Data) -> list[Panel]:
    """Return the panels of the disk family."""
    classes = data.durability
    several = len({*classes.values()}) > 1
    said = " Compare within a durability class only: it stands beneath each target." if several else ""
    found = [dots(data, *entry) for entry in _SIZES]
    found += [dots(data, metric, title, note + said, classes) for metric, title, note in _SPEEDS]
    return [panel for panel in found if panel is not None]
