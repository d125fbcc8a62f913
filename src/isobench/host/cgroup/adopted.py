"""The group of an instance that another program made: the system's libvirt, which puts each VM in one of its own."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path

from isobench.errors import SampleError
from isobench.host.cgroup import hierarchy
from isobench.host.cgroup.group import Cgroup

_INNER = re.compile(r"/(libvirt|emulator|vcpu\d+|iothread\d+)(/.*)?$")
"""What libvirt makes below a VM's own group."""


class Adopted(Cgroup):
    """A group found from its process; its maker limits and removes it. Until it is found it holds nothing."""

    def __init__(self) -> None:
        super().__init__("")
        self.path = ""
        self._used = 0.0

    def make(self) -> None:
        """Do nothing: it comes with the instance."""

    def find(self, pid: int) -> None:
        """Take the group of a running process; raises SampleError where it has none of its own."""
        if (path := _path(pid)) is None:
            raise SampleError("died", "the VM's process ended at once")
        self.path = _INNER.sub("", path)
        if not self.path or set(self.pids()) - {pid}:
            self.path = ""
            raise SampleError(
                "error", f"libvirt gave the VM no control group of its own: it shares /{path} with other processes",
                mend="let it have cgroup_controllers in qemu.conf, or unset LIBVIRT_DEFAULT_URI",
            )  # fmt: skip

    def pids(self) -> tuple[int, ...]:
        """Return its processes; none until it is found, or when it is gone."""
        return super().pids() if self.path else ()

    def cpu_seconds(self) -> float:
        """Return the CPU seconds so far; of a group that went with its VM, those when it was last asked."""
        if self.path:
            with suppress(OSError):
                self._used = super().cpu_seconds()
        return self._used

    def oom_kills(self) -> int:
        """Return how many of its processes the kernel has killed for want of memory; none where it is gone."""
        return super().oom_kills() if self.path else 0

    def _file(self, controller: str, v2: str, v1: str | None = None) -> Path:
        if not self.path:
            raise SampleError("error", "the VM has not been seen running")
        return super()._file(controller, v2, v1)

    def remove(self, timeout: float = 5.0) -> None:
        """Kill what its maker has lost; raises HarnessError when a process will not go."""
        self._until(lambda: not self.pids(), timeout)


def _path(pid: int) -> str | None:
    """Return a process's group relative to the root (v1: the memory controller's), None of one that has ended."""
    if hierarchy.version() == 2:
        return hierarchy.own_group(pid)
    try:
        lines = Path("/proc", str(pid), "cgroup").read_text().splitlines()
    except OSError:
        return None
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if "memory" in controllers.split(","):
            return path.lstrip("/")
    return ""
