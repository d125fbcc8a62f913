"""Disk: sizes of what is stored, what one more instance adds, and the speed of its storage."""

from __future__ import annotations

from typing import Literal

from isobench.model.metric import Metric


def _bytes(name: str, instant: str, definition: str, source: str, floor: float = 64 * 1024) -> Metric:
    return Metric(
        name=name,
        unit="B",
        direction="lower",
        family="disk",
        scope="host",
        instant=instant,
        definition=definition,
        source=source,
        relevant_effect=0.02,
        floor=floor,
    )


def _speed(
    name: str, unit: str, definition: str, floor: float, direction: Literal["higher", "lower"] = "higher"
) -> Metric:
    return Metric(
        name=name,
        unit=unit,
        direction=direction,
        family="disk",
        scope="guest",
        instant="job",
        definition=definition + " Rests on the guest's clock; clock_ratio stands beside it.",
        source="fio",
        relevant_effect=0.05,
        floor=floor,
    )


DISK: tuple[Metric, ...] = (
    _bytes(
        "rootfs_bytes",
        "image",
        "Sum of the file sizes of the workload's root file system.",
        "Felter et al. 2014",
    ),
    _bytes(
        "stored_bytes",
        "image",
        "Bytes allocated for it in the target's store: an image's unpacked layers, a VM's base disk, native's folder.",
        "st_blocks",
    ),
    _bytes("disk_virtual", "image", "The VM disk's nominal size. VMs only.", "qemu-img"),
    _bytes(
        "image_size_compressed",
        "image",
        "zstd -3 of the root file system's tar, the same bytes on every target.",
        "zstd",
    ),
    _bytes("kernel_size", "image", "Kernel and initramfs, which only a VM ships.", "file sizes"),
    _bytes(
        "instance_disk_ready",
        "ready",
        "Bytes that one more instance adds: writable layer or overlay; at ready + 1 s. Volumes apart.",
        "st_blocks",
    ),
    _bytes(
        "instance_disk_done",
        "done",
        "The same after the last job.",
        "st_blocks",
    ),
    _bytes(
        "host_io_read",
        "life",
        "Bytes the instance read from the host's block layer up to done.",
        "io.stat (v2), blkio.throttle.io_service_bytes (v1)",
        1 << 20,
    ),
    _bytes(
        "host_io_written",
        "life",
        "Bytes the instance wrote to the host's block layer up to done. Under cgroup v1 the kernel charges delayed "
        "write-back to the root group, so only direct and synchronous writes count there.",
        "io.stat (v2), blkio.throttle.io_service_bytes (v1)",
        1 << 20,
    ),
    _speed("seq_read", "B/s", "1 MiB sequential reads of a file that was written in full before.", 1e6),
    _speed("seq_write", "B/s", "1 MiB sequential writes, fsync at the end included.", 1e6),
    _speed("rand_read_iops", "1/s", "4 KiB random reads within a file written in full before.", 50),
    _speed("rand_write_iops", "1/s", "4 KiB random writes within a file written in full before.", 50),
    _speed(
        "fsync_latency_p50",
        "s",
        "Median of fsync after each 4 KiB write.",
        0.0001,
        "lower",
    ),
)
