"""A target whose instances are the real init as ordinary processes of the host: nothing confines them."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import cast

from isobench.guest.channel import Channel
from isobench.host.cpus import Placement
from isobench.host.process import command_lines
from isobench.images.types import Image, Rootfs
from isobench.model import Cell, Job, MetricSource, Parameters, Ready, Resources, TargetSpec, Volume, Workload
from isobench.plan import Step
from isobench.studies.study import Stage
from isobench.targets.base import Instance, Prepared, Slot, Target

WORK = Job(
    "work", "instance", ("sh", "-c", "sleep 0.1"), (MetricSource("cpu_events", "rate"),), {"quick": {"n": 1}}, "n"
)
WORKLOAD = Workload(
    "plain", "t", "d", Path("/w"), ("sleep", "600"), Ready("start"), Resources(1, 8 << 20, 80 << 20), (WORK,),
    volume=Volume("/d", 1 << 30), timeout=10.0,
)  # fmt: skip
IMAGE = Image("i", "t", (("PATH", "/usr/bin:/bin"),), "/", f"{os.getuid()}:{os.getgid()}", 1)
STEP = Step(Cell("plain", "plain", Parameters(study="s")), 0, "measured", "stop")


class Account:
    """What a control group would tell of a process and all that it has begun."""

    path = "none"

    def __init__(self) -> None:
        self.first: int | None = None

    def pids(self) -> tuple[int, ...]:
        return (self.first, *below(self.first)) if self.first else ()

    def cpu_seconds(self) -> float:
        """Return the CPU time of those that live, and of the children that each has waited for."""
        return sum(_ticks(pid) for pid in self.pids()) / os.sysconf("SC_CLK_TCK")


class PlainInstance:
    """One init."""

    address = "127.0.0.1"

    def __init__(self, program: Path, folder: Path) -> None:
        self._program, self.channel, self.cgroup = program, Channel(folder / "channel"), Account()
        self.process: subprocess.Popen[bytes] | None = None

    def setup(self) -> bytes:
        return b""

    def create(self) -> None:
        """There is nothing to make."""

    def start(self) -> None:
        self.process = subprocess.Popen([self._program, self.channel.path])
        self.cgroup.first = self.process.pid

    def running_at(self, timeout: float) -> int:
        return self.channel.wait_connected(timeout)

    def kernel_done_at(self, timeout: float) -> int | None:
        return None

    def facts(self) -> dict[str, str]:
        return {"acceleration": "none"}

    def stop(self, grace: float) -> int:
        self.end()
        return time.monotonic_ns()

    def remove(self) -> None:
        """There is nothing that is left."""

    def end(self) -> None:
        if self.process:
            for pid in (self.process.pid, *below(self.process.pid)):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            self.process.wait(10)
            self.process = self.cgroup.first = None


@dataclass
class PlainTarget:
    """Begins them; ``begun`` counts."""

    program: Path
    spec: TargetSpec = field(default_factory=lambda: TargetSpec("plain", "native", "t", "d", "i"))
    begun: list[PlainInstance] = field(default_factory=list)

    @contextmanager
    def instance(self, prepared: Prepared, slot: Slot) -> Iterator[PlainInstance]:
        one = PlainInstance(self.program, slot.folder)
        self.begun.append(one)
        try:
            yield one
        finally:
            one.end()
            one.channel.close()


def stage(target: PlainTarget, folder: Path, workload: Workload = WORKLOAD) -> Stage:
    """Return a stage for one sample below a folder."""
    numbers = iter(range(100))

    def slot(_: Workload) -> Slot:
        number = next(numbers)
        own = folder / str(number)
        own.mkdir()
        core = min(os.sched_getaffinity(0))
        return Slot(str(number), own, Placement((core,), (core,), shared=False), number)

    prepared = Prepared(workload, IMAGE, Rootfs(folder, "d", 1, 1, 1))
    return Stage(cast("object", SimpleNamespace()), cast(Target, target), prepared, {}, slot)  # type: ignore[arg-type]


def as_instance(one: PlainInstance) -> Instance:
    return cast(Instance, one)


def attempting(program: Path) -> list[str]:
    """Return what the inits of this program try now."""
    return [words[2] for _, words in command_lines() if words[:2] == [str(program), "--attempt"]]


def below(pid: int) -> list[int]:
    """Return the processes that a process has begun, and theirs."""
    try:
        own = [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []
    return [*own, *(further for child in own for further in below(child))]


def _ticks(pid: int) -> int:
    try:
        return sum(int(word) for word in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:15])
    except OSError:
        return 0
