"""The control group of an instance: made, limited, read and removed.

Processes live in its leaves (``vmm``, ``native``, ``helpers``, or the container that the engine makes below it), since
v2 allows processes only there.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from isobench.errors import HarnessError
from isobench.host.cgroup import files, hierarchy, home, systemd
from isobench.host.cgroup.hierarchy import V2_CONTROLLERS, below


@dataclass(frozen=True, slots=True)
class MemoryAccount:
    """The kernel's account of a group in bytes; a figure that the kernel does not keep is None."""

    current: int
    anon: int
    file: int
    kernel: int | None
    peak: int | None


class Cgroup:
    """The control group of one instance; a context manager that ends by killing and removing all below it.

    ``cores`` (the kernel's list format) and ``memory`` (bytes, without swap beyond them, as Docker does) limit the
    whole instance from its making on.
    """

    outlasts = False
    """Whether it was there before ``request``, and so goes only when the clock has stopped."""

    def __init__(self, instance: str, *, cores: str | None = None, memory: int | None = None) -> None:
        self.path = f"{home.parent()}/{instance}"
        self.version = hierarchy.version()
        self._cores, self._memory = cores, memory

    def __enter__(self) -> Self:
        self.make()
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()

    @property
    def engine_parent(self) -> str:
        """What an engine is given as the parent of its container's group."""
        return f"/{self.path}"

    def make(self) -> None:
        """Make the group under every controller, with its limits."""
        for root in hierarchy.controlling():
            self._make(root, self.path)
        if self._cores is not None:
            self._limit_cpus(self._cores)
        if self._memory is not None:
            self._limit_memory(self._memory)

    def _make(self, root: Path, path: str) -> None:
        """Make a group and its parents, opening controllers (v2) or inheriting the cpuset (v1) on the way down."""
        # What is above a delegated group is its owner's to change.
        above = root / home.parent() if systemd.manages() else root
        for part in (root / path).relative_to(above).parts:
            if self.version == 2:
                _open(above)
            here = above / part
            here.mkdir(exist_ok=True)
            if root.name == "cpuset" and self.version == 1:
                for knob in ("cpuset.cpus", "cpuset.mems"):
                    if not (here / knob).read_text().strip():
                        _write(here / knob, (above / knob).read_text().strip())
            if root.name == "memory" and self.version == 1:
                _write(here / "memory.use_hierarchy", "1", optional=True)
            above = here

    def leaf(self, name: str) -> tuple[Path, ...]:
        """Make a leaf for processes and return its ``cgroup.procs`` files: writing 0 to each enters it."""
        path = f"{self.path}/{name}"
        for root in hierarchy.controlling():
            self._make_leaf(root, path)
        return tuple(root / path / "cgroup.procs" for root in hierarchy.controlling())

    def _make_leaf(self, root: Path, path: str) -> None:
        parent = root / self.path
        if self.version == 2:
            _open(parent)
        here = root / path
        here.mkdir(exist_ok=True)
        if root.name == "cpuset" and self.version == 1:
            for knob in ("cpuset.cpus", "cpuset.mems"):
                _write(here / knob, (parent / knob).read_text().strip())

    def enter(self, leaf: str, *pids: int) -> None:
        """Move processes of ours (a container's shim) into a leaf; one that has ended meanwhile is no error."""
        procs = self.leaf(leaf)
        for pid in pids:
            for file in procs:
                _write(file, str(pid), optional=True)

    def _limit_cpus(self, cores: str) -> None:
        _write(self._file("cpuset", "cpuset.cpus"), cores)

    def _limit_memory(self, limit: int) -> None:
        _write(self._file("memory", "memory.max", "memory.limit_in_bytes"), str(limit))
        # Not there where the kernel keeps no account of swap.
        swap = ("0", "memory.swap.max") if self.version == 2 else (str(limit), "memory.memsw.limit_in_bytes")
        _write(self._file("memory", swap[1]), swap[0], optional=True)

    def oom_kills(self) -> int:
        """Return how many processes of the instance the kernel has killed for want of memory."""
        name = "memory.events" if self.version == 2 else "memory.oom_control"
        top = self._file("memory", name).parent
        # v2 counts a group's own and those below; v1 counts each group alone, and dead ones no more.
        there = (top / name,) if self.version == 2 else tuple(group / name for group in below(top))
        return sum(_flat(file).get("oom_kill", 0) for file in there if file.exists())

    def _file(self, controller: str, v2: str, v1: str | None = None) -> Path:
        if self.version == 2:
            return hierarchy.ROOT / self.path / v2
        return hierarchy.ROOT / controller / self.path / (v1 or v2)

    def pids(self) -> tuple[int, ...]:
        """Return every process in the group and below."""
        found: set[int] = set()
        root = hierarchy.controlling()[0]
        for group in below(root / self.path):
            try:
                found.update(int(line) for line in (group / "cgroup.procs").read_text().split())
            except OSError:
                continue
        return tuple(sorted(found))

    def memory(self) -> MemoryAccount:
        """Return the kernel's account of the instance's memory now."""
        stat = _flat(self._file("memory", "memory.stat"))
        if self.version == 2:
            return MemoryAccount(
                current=_integer(self._file("memory", "memory.current")) or 0,
                anon=stat["anon"],
                file=stat["file"],
                kernel=stat.get("kernel"),
                peak=_integer(self._file("memory", "memory.peak")),
            )
        return MemoryAccount(
            current=_integer(self._file("memory", "", "memory.usage_in_bytes")) or 0,
            anon=stat["total_rss"],
            file=stat["total_cache"],
            kernel=_integer(self._file("memory", "", "memory.kmem.usage_in_bytes")),
            peak=_integer(self._file("memory", "", "memory.max_usage_in_bytes")),
        )

    def cpu_seconds(self) -> float:
        """Return the CPU seconds that the instance has used so far."""
        if self.version == 2:
            return _flat(self._file("cpu", "cpu.stat"))["usage_usec"] / 1e6
        return (_integer(self._file("cpuacct", "", "cpuacct.usage")) or 0) / 1e9

    def block_io(self) -> tuple[int, int]:
        """Return the bytes read from and written to the host's block layer so far."""
        if self.version == 2:
            devices = files.nested(self._file("io", "io.stat").read_text()).values()
            return sum(one.get("rbytes", 0) for one in devices), sum(one.get("wbytes", 0) for one in devices)
        read = written = 0
        recursive = self._file("blkio", "", "blkio.throttle.io_service_bytes_recursive")
        for line in recursive.read_text().splitlines():
            match line.split():
                case [_, "Read", count]:
                    read += int(count)
                case [_, "Write", count]:
                    written += int(count)
        return read, written

    def remove(self, timeout: float = 5.0) -> None:
        """Kill what is left inside and remove the group; raises HarnessError when a process will not go."""
        self._until(lambda: not any(self._left()), timeout)

    def _until(self, gone: Callable[[], bool], timeout: float) -> None:
        """Kill what is inside until it is gone: a process may come in meanwhile."""
        deadline = time.monotonic() + timeout
        while True:
            for pid in self.pids():
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            if gone():
                return
            if time.monotonic() > deadline:
                raise HarnessError(f"control group {self.path} cannot be removed", mend="isobench clean")
            time.sleep(0.002)

    def _left(self) -> Iterator[Path]:
        for root in hierarchy.mounted():
            for folder in below(root / self.path):
                try:
                    folder.rmdir()
                except FileNotFoundError:
                    continue
                except OSError:
                    yield folder


def _open(group: Path) -> None:
    """Open the controllers for the groups below one (v2)."""
    _write(group / "cgroup.subtree_control", " ".join(f"+{name}" for name in V2_CONTROLLERS))


def _write(path: Path, value: str, *, optional: bool = False) -> None:
    try:
        path.write_text(value)
    except OSError as error:
        if not optional:
            raise HarnessError(f"cannot write {value!r}: {error.strerror}", where=str(path)) from error


def _flat(path: Path) -> dict[str, int]:
    return files.flat(path.read_text())


def _integer(path: Path) -> int | None:
    try:
        return files.single(path.read_text())
    except OSError:
        return None
