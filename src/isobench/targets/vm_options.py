"""The options of a VM, what they make of its storage, and what of them this host cannot give."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from isobench.targets.kind import Options
from isobench.workloads.schema import LEAST_MEMORY
from isobench.workloads.sizes import Size

Machine = Literal["microvm", "q35"]
Cache = Literal["none", "writeback", "unsafe"]

_VHOST = Path("/dev/vhost-net")
_MEMINFO = Path("/proc/meminfo")
_CLASSES = {"none": "device", "writeback": "host cache", "unsafe": "volatile"}
"""Where a write is that the guest was told of as done: by the cache mode of the disk that takes it."""


class VmOptions(Options):
    """The options of a VM. Files are looked for from the current folder; a default is what isobench's own VMs have."""

    machine: Machine
    vcpus: int | None = Field(default=None, ge=1, le=255)
    memory: Annotated[Size, Field(ge=LEAST_MEMORY, multiple_of=1 << 20)] | None = None
    format: Literal["qcow2", "raw"] = "qcow2"
    cache: Cache = "writeback"
    volume: Literal["disk", "root"] = "disk"
    volume_cache: Cache = "none"
    network: Literal["bridge", "none"] = "bridge"
    vhost: bool | None = None
    kernel: str | None = None
    hugepages: bool = False
    iothreads: int = Field(default=0, ge=0, le=16)
    xml: str | None = None

    def storage(self) -> str:
        """Return in words where a guest's data goes."""
        root = "qcow2 overlay over raw" if self.format == "qcow2" else "raw copy"
        volume = f"volume raw, cache={self.volume_cache}" if self.volume == "disk" else "volume on the same disk"
        return f"{root}, cache={self.cache}; {volume}"

    def durability(self, *, has_volume: bool) -> str:
        """Return the class of the disk that takes the workload's data: its volume, where it has one.

        A root disk without one is no worse than a container's layer as long as flushes reach the device.
        """
        if has_volume:
            return _CLASSES[self.volume_cache if self.volume == "disk" else self.cache]
        return "volatile" if self.cache == "unsafe" else "device"


def lacking(options: VmOptions) -> str | None:
    """Return which option this host cannot give, and why, or None."""
    if options.vhost and not _VHOST.exists():
        return f"vhost: there is no {_VHOST}: modprobe vhost_net"
    if options.hugepages and (free := _free_huge()) < (wanted := options.memory or 1):
        said = f"{free >> 20} MiB of huge pages are free, {wanted >> 20} MiB wanted" if free else "none is free"
        return f"hugepages: {said}: reserve some with sysctl vm.nr_hugepages=N"
    return None


def missing(options: VmOptions) -> str | None:
    """Return which option names a file that is not there, or None."""
    for name, file in (("kernel", options.kernel), ("xml", options.xml)):
        if file is not None and not Path(file).is_file():
            return f"{name}: {file} is no file (looked for from the current folder)"
    return None


def _free_huge() -> int:
    """Return the bytes of huge pages of the default size that are free."""
    told = dict(re.findall(r"^(HugePages_Free|Hugepagesize):\s+(\d+)", _MEMINFO.read_text(), re.MULTILINE))
    return int(told.get("HugePages_Free", 0)) * int(told.get("Hugepagesize", 0)) * 1024
