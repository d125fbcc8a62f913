"""``native``: namespaces and an overlay without an engine, started by the C launcher."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from isobench.engines import docker
from isobench.errors import SampleError
from isobench.guest import commands
from isobench.guest.build import GuestBinaries
from isobench.host import memory
from isobench.host.cgroup import Cgroup
from isobench.host.paths import Paths
from isobench.host.process import last_lines, remove_tree
from isobench.images.manifest import sizes
from isobench.model import TargetSpec
from isobench.model.sample import Fact
from isobench.targets.agent import ByAgent
from isobench.targets.base import Prepared, Processes, Slot
from isobench.targets.kind import Opened, Options, Traits
from isobench.targets.life import wait_ended

if TYPE_CHECKING:
    from isobench.house import House

_MARGIN = 5.0
_FOLDERS = ("upper", "work", "root")


class NativeTarget:
    """The host itself with namespaces. ``store`` must be on a disk: the writable layers lie there."""

    def __init__(self, spec: TargetSpec, guest: GuestBinaries, store: Path) -> None:
        self.spec = spec
        self._guest = guest
        self._store = store

    def prepare(self, prepared: Prepared) -> None:
        """Do nothing: the root file system is used as it is."""
        self._store.mkdir(parents=True, exist_ok=True)

    def instance(self, prepared: Prepared, slot: Slot) -> NativeInstance:
        """Return an instance that is not created yet."""
        return NativeInstance(prepared, slot, self._guest, self._store / slot.id)

    @contextmanager
    def volume(self, prepared: Prepared, slot: Slot) -> Iterator[str]:
        """Make a folder beside those of its instances."""
        folder = self._store / f"{slot.id}.kept"
        try:
            folder.mkdir(parents=True, mode=0o700)
            (folder / "volume").mkdir()
            yield str(folder / "volume")
        finally:
            remove_tree(folder)

    def sizes(self, prepared: Prepared) -> dict[str, float]:
        """Return what the unpacked root file system takes."""
        return {"stored_bytes": float(prepared.rootfs.stored_bytes)}

    def describe(self, prepared: Prepared) -> dict[str, str]:
        """Return the launcher's command line."""
        words = launch_words(prepared, self._guest, self._store / "ID", Path("RUN/ID"), "ID", ("PROCS",))
        return {"command": " ".join(words)}


def launch_words(
    prepared: Prepared, guest: GuestBinaries, store: Path, folder: Path, name: str, procs: tuple[str, ...],
    kept: str = "",
) -> list[str]:  # fmt: skip
    """Return the launcher's command line for one instance; ``kept`` is the folder of a volume that outlives it."""
    words = [str(guest.native), "--lower", str(prepared.rootfs.tree)]
    for part in _FOLDERS:
        words += [f"--{part}", str(store / part)]
    # The one init in the cache is bound over, so that all instances share its pages and none copies it.
    words += ["--guest", str(folder), "--bind", f"{guest.init}:/dev/isobench/init", "--hostname", name]
    if volume := prepared.workload.volume:
        words += ["--bind", f"{kept or store / 'volume'}:{volume.path}"]
    return words + [word for file in procs for word in ("--cgroup", file)]


class NativeKind:
    """The kind of ``native``: no option, no engine of its own."""

    options = Options
    traits = Traits(
        "$CACHE/instances", "namespace of its own, loopback only",
        lone="its only network is a loopback of its own: members would not reach one another",
    )  # fmt: skip

    def unavailable(self, spec: TargetSpec, paths: Paths) -> str | None:
        """Return why not: the root file system is built by Docker."""
        return docker.unavailable(paths)

    def open(self, spec: TargetSpec, house: House) -> Opened:
        """Return the target."""
        return Opened(NativeTarget(spec, house.guest, house.store))


KIND = NativeKind()


class NativeInstance(ByAgent):
    """One workload in namespaces of its own."""

    def __init__(self, prepared: Prepared, slot: Slot, guest: GuestBinaries, store: Path) -> None:
        super().__init__(prepared, slot, "127.0.0.1")
        self._guest = guest
        self._store = store
        self._process: subprocess.Popen[bytes] | None = None
        self._said = slot.folder / "native.log"

    def group(self) -> Cgroup:
        """Return a group limited in memory as well: there is no engine to do it."""
        return Cgroup(self.slot.group, cores=self.cores, memory=self.prepared.workload.resources.memory)

    def create(self) -> None:
        """Make the folders of the writable layer and of the volume."""
        # What an image's users may set-user-id is nobody else's to run.
        self._store.mkdir(mode=0o700)
        for name in (*_FOLDERS, *(("volume",) if self.prepared.workload.volume else ())):
            (self._store / name).mkdir(parents=True)

    def start(self) -> None:
        """Start the launcher from this thread, with which it would die."""
        procs = tuple(str(file) for file in self.cgroup.leaf("native"))
        words = launch_words(self.prepared, self._guest, self._store, self.slot.folder, self.slot.id, procs,
                             self.slot.volume)  # fmt: skip
        with self._said.open("wb") as said:
            self._process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=said)

    def running_at(self, timeout: float) -> int:
        """Return when init called."""
        return self.connected(timeout)

    def kernel_done_at(self, timeout: float) -> int | None:
        """Return None: the kernel is the host's."""
        return None

    def refuse_dead(self) -> None:
        """Raise SampleError with the launcher's last words when it has ended."""
        if self._process is not None and self._process.poll() is not None:
            raise SampleError("died", last_lines(self._said.read_bytes()) or "the launcher ended")

    def processes(self) -> Processes:
        """Return the launcher as the helper, all others in the group as the workload's."""
        launcher = self._launcher()
        return Processes(tuple(pid for pid in self.cgroup.pids() if pid != launcher), (launcher,))

    def vmm_overhead(self) -> int:
        """Return the launcher's Pss."""
        return memory.pss((self._launcher(),))

    def disk_bytes(self) -> int:
        """Return what the overlay's upper folder takes."""
        return sizes(self._store / "upper")[1]

    def client_prefix(self) -> tuple[str, ...]:
        """Enter the network namespace, which the launcher shares with its init."""
        return ("nsenter", f"--net=/proc/{self._launcher()}/ns/net")

    def facts(self) -> dict[str, Fact]:
        """Return where its data lies; there is no acceleration or machine to name."""
        return {"acceleration": "none", "storage": "overlay on the store's file system", "durability": "device"}

    def stop(self, grace: float) -> int:
        """Ask init to stop; the launcher ends when init has."""
        self.channel.send(commands.stop(grace))
        return self._ended(grace + _MARGIN, [])

    def kill(self) -> int:
        """SIGKILL launcher and init; the kernel ends the rest of the pid namespace before it lets init go."""
        launcher = self._launcher()
        held = [os.pidfd_open(pid) for pid in _children(launcher)]
        for pidfd in held:
            signal.pidfd_send_signal(pidfd, signal.SIGKILL)
        os.kill(launcher, signal.SIGKILL)
        return self._ended(_MARGIN, held)

    def remove(self) -> None:
        """Remove the writable layer, the volume and the control group."""
        self.cgroup.remove()
        remove_tree(self._store)

    def discard(self) -> None:
        """Kill what lives and remove all."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        self.remove()

    def _launcher(self) -> int:
        if self._process is None:
            raise SampleError("error", "the instance has not been started")
        return self._process.pid

    def _ended(self, timeout: float, held: list[int]) -> int:
        # Not reaped yet, so the number still names our launcher.
        pidfds = [os.pidfd_open(self._launcher()), *held]
        try:
            at_ns = wait_ended(pidfds, timeout)
        finally:
            for pidfd in pidfds:
                os.close(pidfd)
        if self._process is not None:
            self._process.wait()
        return at_ns


def _children(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
