"""The seam between the runner and whatever runs instances: what a target and an instance must offer."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from isobench.guest.channel import Channel
from isobench.host.cgroup import Cgroup
from isobench.host.cpus import Placement
from isobench.images.types import Image, Rootfs
from isobench.model import TargetSpec, Workload
from isobench.model.sample import Fact


@dataclass(frozen=True, slots=True)
class Prepared:
    """A workload with its image and root file system: the same for every target of a session.

    Those of an application are its front's, and ``parts`` are its members, each prepared, in their order.
    """

    workload: Workload
    image: Image
    rootfs: Rootfs
    parts: tuple[Prepared, ...] = ()


@dataclass(frozen=True, slots=True)
class Slot:
    """What the runner gives one instance: its id, where its sockets live, its cores and its address.

    An application has a slot for each member in ``parts``. Such a slot lies ``within`` the application's id, and
    ``peers`` are the names of all members, each with the number of its address. ``volume`` is one that was there before
    the instance and stays after it, as its target names it; else it has one of its own.
    """

    id: str
    folder: Path
    placement: Placement
    number: int
    parts: tuple[Slot, ...] = ()
    within: str = ""
    peers: tuple[tuple[str, int], ...] = ()
    volume: str = ""

    @property
    def group(self) -> str:
        """The instance's control group, below isobench's: a member's lies in its application's."""
        return f"{self.within}/{self.id}" if self.within else self.id


@dataclass(frozen=True, slots=True)
class Processes:
    """The host processes of an instance: what isolates (VMM, shim) and the workload's own where they show."""

    own: tuple[int, ...]
    helpers: tuple[int, ...]


class Instance(Protocol):
    """One workload started once. Calls come in the order of its life; every ``at`` is CLOCK_MONOTONIC nanoseconds."""

    channel: Channel
    cgroup: Cgroup
    address: str

    def setup(self) -> bytes:
        """Return the commands to queue on the channel before the workload's own: a VM's network, volume and name."""

    def create(self) -> None:
        """Make what one more instance needs (overlay, layer, definition); returns when the engine says so."""

    def start(self) -> None:
        """Start it; returns when the engine's call does."""

    def running_at(self, timeout: float) -> int:
        """Return when it ran: the engine's event for a VM, the channel's connection for the others."""

    def kernel_done_at(self, timeout: float) -> int | None:
        """Return when the initramfs's init spoke; None where there is no kernel of its own."""

    def processes(self) -> Processes:
        """Return its host processes now."""

    def vmm_overhead(self) -> int:
        """Return Pss bytes of what isolates, without what is isolated; SampleError when it cannot be told."""

    def disk_bytes(self) -> int:
        """Return the bytes its writable layer or overlay takes now."""

    def client_prefix(self) -> tuple[str, ...]:
        """Return the words to put before a client's command on the host (``nsenter …`` for native), or none."""

    def facts(self) -> dict[str, Fact]:
        """Return what the sample should record of it: acceleration, machine, storage."""

    def stop(self, grace: float) -> int:
        """End it gracefully; return when it had stopped."""

    def kill(self) -> int:
        """SIGKILL it; return when it had stopped."""

    def remove(self) -> None:
        """Remove all of it."""


class Target(Protocol):
    """Where workloads run. Its preparation is never measured."""

    spec: TargetSpec

    def prepare(self, prepared: Prepared) -> None:
        """Make what all instances share (a VM's base disk); called once a workload, unmeasured."""

    def instance(self, prepared: Prepared, slot: Slot) -> AbstractContextManager[Instance]:
        """Return an instance that is not created yet; leaving the context removes whatever is left of it."""

    def sizes(self, prepared: Prepared) -> dict[str, float]:
        """Return the image metrics that hold here: stored_bytes and, for VMs, disk_virtual and kernel_size."""

    def describe(self, prepared: Prepared) -> dict[str, str]:
        """Return the exact command line or domain XML of an instance, for the session's record."""
