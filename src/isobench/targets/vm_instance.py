"""One virtual machine: its surroundings, its life through libvirt, and what the host sees of it."""

from __future__ import annotations

import shutil
import uuid
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from isobench.errors import SampleError
from isobench.guest import commands
from isobench.guest.console import KERNEL_DONE, Console
from isobench.host import memory
from isobench.host.cgroup import Cgroup
from isobench.host.cgroup.adopted import Adopted
from isobench.host.confinement import confinement
from isobench.host.process import remove_tree
from isobench.images import disk
from isobench.model.sample import Fact
from isobench.targets import domain
from isobench.targets.base import Prepared, Processes, Slot
from isobench.targets.vm_abilities import AbleVm

if TYPE_CHECKING:
    from isobench.targets.vm import VmTarget

_MARGIN = 10.0


class VmInstance(AbleVm):
    """One virtual machine."""

    plan: domain.Plan

    def __init__(self, prepared: Prepared, slot: Slot, target: VmTarget) -> None:
        super().__init__(prepared, slot, target.network.address(slot.number))
        self._target = target
        self._engine = target.engine
        self._store = target.store / slot.id
        self._domain: Any = None

    def group(self) -> Cgroup:
        """Return a group that QEMU enters; the host's libvirt makes its own, found when the VM runs."""
        return super().group() if self._engine.embedded else Adopted()

    def entered(self) -> tuple[Path, ...]:
        """Return the files by which QEMU enters its group, before it becomes QEMU."""
        return self.cgroup.leaf("vmm") if self._engine.embedded else ()

    def surround(self, stack: ExitStack) -> None:
        """Listen on the serial port as well, and have the domain's plan ready."""
        self._engine.ensure_open()
        self.console = stack.enter_context(Console(self.slot.folder / "console"))
        slot = self.slot
        self.plan = self._target.plan(
            self.prepared, slot.folder, slot.id, str(uuid.uuid4()), slot.number, self.entered(),
            slot.placement.instance,
        )  # fmt: skip
        if slot.volume:
            self.plan = replace(self.plan, volume=Path(slot.volume))
        if reason := memory.short(self.plan.memory):
            raise SampleError("error", reason)
        if self.plan.bridge is None and self.prepared.workload.service:
            raise SampleError("error", "the workload serves a port, and this target has no network")

    def setup(self) -> bytes:
        """Return the commands that a container's engine carries out from outside."""
        said = self.names()
        if volume := self.prepared.workload.volume:
            # Without a disk of its own the root disk appears there once more: the data goes through that one.
            said += commands.mount("/dev/vdb" if self.plan.volume else "/dev/vda", volume.path, "ext4")
        return said

    def names(self) -> bytes:
        """Return the commands that give the guest its name, its address, and the names of its application's members."""
        said = commands.hostname(self.slot.id) + self.address_command()
        for name, number in self.slot.peers:
            said += commands.host(self._target.network.address(number), name)
        return said

    def address_command(self) -> bytes:
        """Return the command that gives the guest its address, or nothing where it has no network."""
        network = self._target.network
        # There is no udev inside, so the only interface keeps the kernel's own name.
        net = commands.net("eth0", self.address, network.subnet.prefixlen, network.gateway)
        return net if self.plan.bridge else b""

    def create(self) -> None:
        """Make its disks, and define the domain."""
        self._store.mkdir(parents=True)
        self.make_disks()
        self._domain = self._engine.connection.defineXML(domain.domain_xml(self.plan))

    def make_disks(self) -> None:
        """Make the root disk, an overlay or a copy, and the volume."""
        make = disk.make_overlay if self.plan.options.format == "qcow2" else disk.make_copy
        make(self.plan.base, self.plan.overlay)
        if self.plan.volume and not self.slot.volume and (volume := self.prepared.workload.volume):
            disk.format_ext4(self.plan.volume, volume.size)

    def start(self) -> None:
        """Start the domain."""
        self._domain.create()

    def running_at(self, timeout: float) -> int:
        """Return libvirt's stamp of RESUMED: QEMU starts paused and says so when its vCPUs are let go.

        STARTED follows when libvirt has finished its own accounting of the start, so it is later.
        """
        import libvirt

        at_ns = self._engine.wait_event(self.plan.uuid, libvirt.VIR_DOMAIN_EVENT_RESUMED, timeout, self._since)
        if isinstance(self.cgroup, Adopted):
            self.cgroup.find(self._engine.process(self.plan.name))
        return at_ns

    def kernel_done_at(self, timeout: float) -> int | None:
        """Return when the initramfs's init spoke on the serial port."""
        try:
            return self.console.wait_mark(KERNEL_DONE, timeout)
        except SampleError as error:
            if error.outcome == "died":
                raise
            raise SampleError(error.outcome, f"{error.message}; it said: {self.console.last_words()}") from error

    def last_words(self) -> str:
        """Return the last lines of the serial port: a panic is told there."""
        words = self.console.last_words()
        return f"it said: {words}" if words else ""

    def processes(self) -> Processes:
        """Return QEMU; what runs in the guest does not show."""
        return Processes((), self.cgroup.pids())

    def vmm_overhead(self) -> int:
        """Return the Pss of QEMU's mappings other than the one of exactly the guest's RAM."""
        pids = self.cgroup.pids()
        if len(pids) != 1:
            raise SampleError("error", f"{len(pids)} processes in the group, not QEMU alone")
        mappings = memory.mappings(pids[0])
        ram = [found for found in mappings if found.size == self.plan.memory]
        if len(ram) != 1:
            raise SampleError("error", f"{len(ram)} mappings have the size of guest RAM, not one")
        return sum(found.pss for found in mappings) - ram[0].pss

    def disk_bytes(self) -> int:
        """Return what the root disk takes."""
        return disk.allocated(self.plan.overlay)

    def facts(self) -> dict[str, Fact]:
        """Return machine, acceleration, kernel and storage."""
        target, options = self._target, self.plan.options
        own: dict[str, Fact] = {"kernel_digest": target.kernel.digest} if options.kernel else {}
        if options.memory:
            own["memory_limit"] = options.memory
        return {
            "acceleration": target.acceleration,
            "machine": options.machine,
            "guest_kernel": target.kernel.release,
            "confinement": self._confinement(),
            "cgroup": "libvirt's own" if isinstance(self.cgroup, Adopted) else "isobench's",
            "storage": options.storage(),
            "durability": options.durability(has_volume=self.prepared.workload.volume is not None),
            **own,
        }

    def _confinement(self) -> str:
        """Return as whom QEMU runs, and what the host's security module allows it."""
        try:
            return " / ".join(sorted({confinement(pid) for pid in self.cgroup.pids()})) or "unknown"
        except OSError:
            return "unknown"

    def stop(self, grace: float) -> int:
        """Ask init to stop and cut the power; return libvirt's stamp of STOPPED."""
        self.channel.send(commands.stop(grace))
        return self._stopped(grace + _MARGIN)

    def kill(self) -> int:
        """``virDomainDestroy``, what a control plane would call; return libvirt's stamp of STOPPED."""
        self._account()
        self._domain.destroy()
        return self._stopped(_MARGIN)

    def remove(self) -> None:
        """Undefine the domain, remove its disks and the control group."""
        self._domain.undefine()
        self._domain = None
        self._engine.forget(self.plan.uuid, self.plan.name)
        self.cgroup.remove()
        remove_tree(self._store)

    def discard(self) -> None:
        """Destroy and undefine in whatever state it is; the group's end takes a QEMU that libvirt has lost."""
        import libvirt

        for step in ("destroy", "undefine"):
            if self._domain is not None:
                try:
                    getattr(self._domain, step)()
                except libvirt.libvirtError:
                    continue
        self._domain = None
        self._engine.forget(self.plan.uuid, self.plan.name)
        self.cgroup.remove()
        shutil.rmtree(self._store, ignore_errors=True)

    def _account(self) -> None:
        """Read the CPU account of a group that goes with its VM, before it does."""
        if isinstance(self.cgroup, Adopted):
            self.cgroup.cpu_seconds()

    def _stopped(self, timeout: float) -> int:
        import libvirt

        self._account()
        return self._engine.wait_event(self.plan.uuid, libvirt.VIR_DOMAIN_EVENT_STOPPED, timeout, self._since)
