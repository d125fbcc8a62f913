"""One control group an instance, for every kind of target, under cgroup v1 (hybrid included) and v2.

The instance's group is ``isobench/<id>``; processes live in its leaves (``vmm``, ``native``, ``helpers``, or the
container that the engine makes below it), since v2 allows processes only there.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from isobench.errors import HarnessError

ROOT = Path("/sys/fs/cgroup")
PARENT = "isobench"
_V1_CONTROLLERS = ("cpuset", "memory", "cpuacct", "blkio", "pids", "freezer")
_V2_CONTROLLERS = ("cpuset", "memory", "cpu", "io", "pids")


def version() -> int:
    """Return 2 on a unified hierarchy, else 1 (hybrid hosts have their controllers on v1)."""
    return 2 if (ROOT / "cgroup.controllers").exists() else 1


def unavailable() -> str | None:
    """Return why control groups cannot be made here, or None."""
    if os.geteuid() != 0:
        return "making control groups needs root"
    if version() == 2:
        missing = set(_V2_CONTROLLERS) - set((ROOT / "cgroup.controllers").read_text().split())
        return f"the unified hierarchy lacks {', '.join(sorted(missing))}" if missing else None
    needed = [name for name in ("cpuset", "memory", "cpuacct", "blkio") if not (ROOT / name).is_dir()]
    return f"no cgroup v1 hierarchy for {', '.join(needed)}" if needed else None


@dataclass(frozen=True, slots=True)
class MemoryAccount:
    """The kernel's account of a group in bytes; a figure that the kernel does not keep is None."""

    current: int
    anon: int
    file: int
    kernel: int | None
    peak: int | None


class Cgroup:
    """The control group of one instance; a context manager that ends by killing and removing all below it."""

    def __init__(self, instance: str) -> None:
        self.path = f"{PARENT}/{instance}"
        self.version = version()

    def __enter__(self) -> Cgroup:
        self.make()
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()

    def make(self) -> None:
        """Make the group under every controller."""
        for controller_root in self._roots():
            self._make(controller_root, self.path)

    def _roots(self) -> tuple[Path, ...]:
        if self.version == 2:
            return (ROOT,)
        return tuple(ROOT / name for name in _V1_CONTROLLERS if (ROOT / name).is_dir())

    def _make(self, root: Path, path: str) -> None:
        """Make a group and its parents, opening controllers (v2) or inheriting the cpuset (v1) on the way down."""
        above = root
        for part in Path(path).parts:
            if self.version == 2:
                _write(above / "cgroup.subtree_control", " ".join(f"+{name}" for name in _V2_CONTROLLERS))
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
        for root in self._roots():
            self._make_leaf(root, path)
        return tuple(root / path / "cgroup.procs" for root in self._roots())

    def _make_leaf(self, root: Path, path: str) -> None:
        parent = root / self.path
        if self.version == 2:
            _write(parent / "cgroup.subtree_control", " ".join(f"+{name}" for name in _V2_CONTROLLERS))
        here = root / path
        here.mkdir(exist_ok=True)
        if root.name == "cpuset" and self.version == 1:
            for knob in ("cpuset.cpus", "cpuset.mems"):
                _write(here / knob, (parent / knob).read_text().strip())

    def enter(self, leaf: str, *pids: int) -> None:
        """Move processes of ours (a container's shim) into a leaf; one that has ended meanwhile is no error."""
        files = self.leaf(leaf)
        for pid in pids:
            for procs in files:
                _write(procs, str(pid), optional=True)

    def limit_cpus(self, cores: str) -> None:
        """Confine the whole instance to these cores (the kernel's list format)."""
        _write(self._file("cpuset", "cpuset.cpus"), cores)

    def limit_memory(self, limit: int) -> None:
        """Limit the whole instance to ``limit`` bytes, with no swap beyond them, as Docker does."""
        _write(self._file("memory", "memory.max", "memory.limit_in_bytes"), str(limit))
        # Not there where the kernel keeps no account of swap.
        swap = ("0", "memory.swap.max") if self.version == 2 else (str(limit), "memory.memsw.limit_in_bytes")
        _write(self._file("memory", swap[1]), swap[0], optional=True)

    def oom_kills(self) -> int:
        """Return how many processes of the instance the kernel has killed for want of memory."""
        name = "memory.events" if self.version == 2 else "memory.oom_control"
        top = self._file("memory", name).parent
        # v2 counts a group's own and those below; v1 counts each group alone, and dead ones no more.
        files = (top / name,) if self.version == 2 else tuple(group / name for group in below(top))
        return sum(dict(_pairs(file)).get("oom_kill", 0) for file in files if file.exists())

    def _file(self, controller: str, v2: str, v1: str | None = None) -> Path:
        if self.version == 2:
            return ROOT / self.path / v2
        return ROOT / controller / self.path / (v1 or v2)

    def pids(self) -> tuple[int, ...]:
        """Return every process in the group and below."""
        found: set[int] = set()
        root = self._roots()[0]
        for group in below(root / self.path):
            try:
                found.update(int(line) for line in (group / "cgroup.procs").read_text().split())
            except OSError:
                continue
        return tuple(sorted(found))

    def memory(self) -> MemoryAccount:
        """Return the kernel's account of the instance's memory now."""
        stat = dict(_pairs(self._file("memory", "memory.stat")))
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
            return dict(_pairs(self._file("cpu", "cpu.stat")))["usage_usec"] / 1e6
        return (_integer(self._file("cpuacct", "", "cpuacct.usage")) or 0) / 1e9

    def block_io(self) -> tuple[int, int]:
        """Return the bytes read from and written to the host's block layer so far."""
        read = written = 0
        if self.version == 2:
            for line in (ROOT / self.path / "io.stat").read_text().splitlines():
                fields = dict(item.split("=") for item in line.split()[1:])
                read += int(fields.get("rbytes", 0))
                written += int(fields.get("wbytes", 0))
            return read, written
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
        deadline = time.monotonic() + timeout
        while True:
            for pid in self.pids():
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    continue
            if not any(self._left()):
                return
            if time.monotonic() > deadline:
                raise HarnessError(f"control group {self.path} cannot be removed", mend="isobench clean")
            time.sleep(0.002)

    def _left(self) -> Iterator[Path]:
        for root in _hierarchies():
            top = root / self.path
            for folder in below(top):
                try:
                    folder.rmdir()
                except FileNotFoundError:
                    continue
                except OSError:
                    yield folder


def below(top: Path) -> tuple[Path, ...]:
    """Return the groups below one and itself, the deepest first; none where it is not there.

    Groups go away meanwhile: an engine removes its own, and what is gone is no error here.
    """
    return tuple(Path(folder) for folder, _, _ in os.walk(top, topdown=False))


def _hierarchies() -> tuple[Path, ...]:
    """Return every mounted hierarchy: an engine makes an instance's group in all of them, not just in ours."""
    if version() == 2:
        return (ROOT,)
    return tuple(path for path in sorted(ROOT.iterdir()) if path.is_dir() and not path.is_symlink())


def leftovers() -> tuple[str, ...]:
    """Return the names of instance groups that exist, below every hierarchy."""
    roots = _hierarchies()
    return tuple(
        sorted({p.name for root in roots if (root / PARENT).is_dir() for p in (root / PARENT).iterdir() if p.is_dir()})
    )


def remove_parent() -> None:
    """Remove the (empty) group that holds the instances' groups."""
    for root in _hierarchies():
        try:
            (root / PARENT).rmdir()
        except OSError:
            continue


def _write(path: Path, value: str, *, optional: bool = False) -> None:
    try:
        path.write_text(value)
    except OSError as error:
        if not optional:
            raise HarnessError(f"cannot write {value!r}: {error.strerror}", where=str(path)) from error


def _pairs(path: Path) -> Iterator[tuple[str, int]]:
    for line in path.read_text().splitlines():
        key, _, value = line.partition(" ")
        yield key, int(value)


def _integer(path: Path) -> int | None:
    try:
        text = path.read_text().strip()
    except OSError:
        return None
    return int(text) if text.isdigit() else None
