"""``own-vm``: a disk of the user's own as a virtual machine: its startup and memory, seen from outside."""

from __future__ import annotations

import uuid
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Self

from pydantic import Field, model_validator

from isobench.errors import SampleError, UsageError
from isobench.guest.console import Console
from isobench.host import memory
from isobench.images import disk
from isobench.model import TargetSpec, Workload
from isobench.model.sample import Fact
from isobench.runner.probe import ServiceProbe
from isobench.targets import domain
from isobench.targets.base import Prepared, Slot
from isobench.targets.kind import Opened, Traits
from isobench.targets.own_vm_disk import OwnDisk
from isobench.targets.own_vm_lease import Lease
from isobench.targets.vm import VmKind, VmTarget
from isobench.targets.vm_instance import VmInstance
from isobench.targets.vm_options import Machine, VmOptions

if TYPE_CHECKING:
    from isobench.house import House

_BUTTON = 30.0
"""Seconds that a guest has to power off after its ACPI power button: a distribution shuts down all it runs."""


class OwnOptions(VmOptions):
    """The options of a VM, but for those of what isobench hands over at a direct boot."""

    machine: Machine = Field(default="q35")

    @model_validator(mode="after")
    def _refuse(self) -> Self:
        if self.machine != "q35":
            raise ValueError("machine: a microvm has no firmware that boots a disk: say q35")
        if self.kernel is not None:
            raise ValueError("kernel: it is the disk's own")
        if self.format != "qcow2":
            raise ValueError("format: an instance writes to a qcow2 overlay, so that the disk stays as it is")
        return self


class OwnTarget(VmTarget):
    """VMs that boot the disk of an ``OwnDisk`` by its own boot loader."""

    def prepare(self, prepared: Prepared) -> None:
        """Let libvirt probe the emulator; raises UsageError for a workload that is no disk of the user's own."""
        own(prepared.workload, self.spec.name)
        self.store.mkdir(parents=True, exist_ok=True)
        self.engine.learn(self.emulator, self.options.machine, "kvm" if self.acceleration == "kvm" else "qemu")

    def base(self, prepared: Prepared) -> Path:
        """Return the user's own file."""
        return own(prepared.workload, self.spec.name).path

    def instance(self, prepared: Prepared, slot: Slot) -> VmInstance:
        """Return an instance that is not created yet."""
        return OwnInstance(prepared, slot, self)

    def sizes(self, prepared: Prepared) -> dict[str, float]:
        """Return what the disk takes, and how large the guest sees it."""
        found = own(prepared.workload, self.spec.name)
        return {"stored_bytes": float(disk.allocated(found.path)), "disk_virtual": float(found.virtual)}

    def describe(self, prepared: Prepared) -> dict[str, str]:
        """Return the domain's XML, with the disk by its name alone."""
        found = super().describe(prepared)
        return {name: text.replace(str(self.base(prepared)), self.base(prepared).name) for name, text in found.items()}

    def plan(
        self, prepared: Prepared, folder: Path, name: str, identity: str, number: int,
        cgroup_files: tuple[Path, ...], cores: tuple[int, ...],
    ) -> domain.Plan:  # fmt: skip
        """Return a domain that boots an overlay of the user's disk."""
        plan = super().plan(prepared, folder, name, identity, number, cgroup_files, cores)
        return replace(plan, volume=None, channel=None)

    def _common(self) -> domain.Plan:
        return replace(
            super()._common(), kernel=None, initramfs=None, command_line="", base_format="qcow2", volume=None,
            channel=None,
        )  # fmt: skip


class OwnKind(VmKind):
    """The kind of ``own-vm``."""

    options = OwnOptions
    traits = Traits(
        "$CACHE/instances", "virtio-net on isobench's bridge, an address by DHCP", ("libvirt", "qemu"),
        kernel="the disk's own", lone="a disk of one's own is one machine",
    )  # fmt: skip

    def open(self, spec: TargetSpec, house: House) -> Opened:
        """Return the target; KVM where it has booted isobench's guest kernel, else emulated."""
        from isobench.targets.virtual import virtual

        shared = virtual(house)
        filled = replace(spec, options={"machine": "q35", **spec.options})
        target = OwnTarget(filled, shared.engine, house.docker.network, shared.kernel, house.guest,
                           shared.acceleration, house.store, house.paths.cache)  # fmt: skip
        target.check()
        return Opened(target, shared.acceleration)


KIND = OwnKind()


class OwnInstance(VmInstance):
    """One VM of the user's disk. It has no line to the inside: ``channel`` stays silent."""

    _target: OwnTarget

    def surround(self, stack: ExitStack) -> None:
        """Listen on the serial port, and have an address for it where it is reached by the network."""
        self._engine.ensure_open()
        self.console = stack.enter_context(Console(self.slot.folder / "console"))
        slot, network = self.slot, self._target.network
        self.plan = self._target.plan(
            self.prepared, slot.folder, slot.id, str(uuid.uuid4()), slot.number, self.entered(),
            slot.placement.instance,
        )  # fmt: skip
        if reason := memory.short(self.plan.memory):
            raise SampleError("error", reason)
        if self.plan.bridge:
            stack.enter_context(Lease(network, self.plan.mac, self.address))
        elif self.prepared.workload.service:
            raise SampleError("error", "it is to be reached at a port, and this target has no network")

    def setup(self) -> bytes:
        """Return nothing: nobody inside would read it."""
        return b""

    def make_disks(self) -> None:
        """Make the overlay; the user's file is its base, and only read."""
        disk.make_overlay(self.plan.base, self.plan.overlay, "qcow2")

    def kernel_done_at(self, timeout: float) -> int | None:
        """Return None: its kernel tells nobody."""
        return None

    def ready_at(self, timeout: float) -> dict[str, int]:
        """Return when it was ready and, with a port, when that let a connection in (``ready``, ``service``)."""
        workload, found = self.prepared.workload, {}
        probe = ServiceProbe(self.address, workload.service, timeout, None) if workload.service else None
        if probe:
            probe.start()
        if workload.ready.output:
            found["ready"] = self.console.wait_match(workload.ready.output.encode(), timeout)
        if probe:
            found["service"] = probe.wait()
        return {"ready": found["service"], **found} if probe else found

    def facts(self) -> dict[str, Fact]:
        """Return machine, acceleration and storage; the kernel inside is not known."""
        found = super().facts()
        del found["guest_kernel"]
        return found | {"storage": f"qcow2 overlay over the user's qcow2, cache={self.plan.options.cache}",
                        "boot": "SeaBIOS, then what the disk has"}  # fmt: skip

    def stop(self, grace: float) -> int:
        """Press the ACPI power button; return libvirt's stamp of STOPPED. Raises SampleError where it stays on."""
        import libvirt

        self._domain.shutdownFlags(libvirt.VIR_DOMAIN_SHUTDOWN_ACPI_POWER_BTN)
        return self._stopped(_BUTTON)


def own(workload: Workload, target: str) -> OwnDisk:
    """Return the workload as a disk of the user's own; raises UsageError for any other."""
    if not isinstance(workload, OwnDisk):
        raise UsageError(
            f"boots a disk of your own, not {workload.name}", where=target,
            mend="say isobench run --disk image.qcow2 --ready 'regex'",
        )  # fmt: skip
    return workload
