"""``vm-full``: a whole machine as people run one, with the workload as a service of its systemd."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from pydantic import model_validator

from isobench.guest import commands
from isobench.host.paths import Paths
from isobench.images import disk, full
from isobench.images.full import Layer, ensure_layer
from isobench.model import TargetSpec
from isobench.model.sample import Fact
from isobench.targets import domain
from isobench.targets.base import Prepared, Slot
from isobench.targets.kind import Opened, Traits
from isobench.targets.vm import VmKind, VmTarget
from isobench.targets.vm_instance import VmInstance
from isobench.targets.vm_options import VmOptions

if TYPE_CHECKING:
    from isobench.house import House

_ROOT, _VOLUME = "/dev/vdb", "/dev/vdc"
"""The workload's disks: they come after the system's."""
_SHUTDOWN = 60.0
"""Seconds that systemd may take to shut the system down, emulated and on a busy host."""


class FullOptions(VmOptions):
    """The options of a VM, but for those that have no meaning where firmware boots a disk."""

    @model_validator(mode="after")
    def _refuse(self) -> Self:
        if self.machine != "q35":
            raise ValueError("machine: a microvm has no firmware that boots a disk: say q35")
        if self.kernel is not None:
            raise ValueError("kernel: it is the system layer's own, installed from the distribution")
        return self


class FullTarget(VmTarget):
    """VMs whose first disk is the system layer and whose second is the workload's, as other VMs have it."""

    def __init__(self, *make: Any, layer: Layer) -> None:
        self.layer = layer
        super().__init__(*make)

    def instance(self, prepared: Prepared, slot: Slot) -> VmInstance:
        """Return an instance that is not created yet."""
        return FullInstance(prepared, slot, self)

    def sizes(self, prepared: Prepared) -> dict[str, float]:
        """Return the sizes of both disks, and what of the layer is kernel and initrd."""
        found = super().sizes(prepared)
        return {
            "stored_bytes": found["stored_bytes"] + disk.allocated(self.layer.disk),
            "disk_virtual": found["disk_virtual"] + self.layer.disk.stat().st_size,
            "kernel_size": float(self.layer.kernel_size),
        }

    def describe(self, prepared: Prepared) -> dict[str, str]:
        """Return the domain's XML and what the system layer is."""
        return {
            **super().describe(prepared),
            "system_layer": f"{self.layer.digest}, systemd {self.layer.systemd}, {self.kernel.package}, GRUB",
        }

    def plan(
        self, prepared: Prepared, folder: Path, name: str, identity: str, number: int,
        cgroup_files: tuple[Path, ...], cores: tuple[int, ...],
    ) -> domain.Plan:  # fmt: skip
        """Return a domain that boots its own overlay of the system layer."""
        plan = super().plan(prepared, folder, name, identity, number, cgroup_files, cores)
        return replace(plan, system=(self.store / name / "system.qcow2", self.readable(self.layer.disk)))

    def _common(self) -> domain.Plan:
        plan = super()._common()
        # The port and the disks are systemd's to find; its udev would rename the network card.
        words = [word for word in plan.command_line.split() if not word.startswith("isobench.")]
        return replace(
            plan, kernel=None, initramfs=None, command_line=" ".join((*words, "net.ifnames=0")),
            system=(self.store / "system", self.readable(self.layer.disk)),
        )  # fmt: skip


class FullKind(VmKind):
    """The kind of ``vm-full``."""

    options = FullOptions
    traits = Traits(
        "$CACHE/instances", "virtio-net on isobench's bridge", ("libvirt", "qemu", "system_layer"), kernel=None
    )

    def unavailable(self, spec: TargetSpec, paths: Paths) -> str | None:
        """Return why not: what a VM needs, and what makes its system layer."""
        return super().unavailable(spec, paths) or full.unavailable()

    def open(self, spec: TargetSpec, house: House) -> Opened:
        """Return the target; its layer is made first where the cache has none."""
        from isobench.targets.virtual import virtual

        shared = virtual(house)
        layer = ensure_layer(house.guest, shared.kernel, house.paths.cache, house.say)
        house.versions |= {"system_layer": f"systemd {layer.systemd}"}
        kernel = replace(shared.kernel, digest=layer.digest)
        target = FullTarget(
            spec, shared.engine, house.docker.network, kernel, house.guest, shared.acceleration, house.store,
            house.paths.cache, layer=layer,
        )  # fmt: skip
        target.check()
        return Opened(target, shared.acceleration, kernel)


KIND = FullKind()


class FullInstance(VmInstance):
    """One whole machine; ``channel`` is the line to init in the workload's root, a service's process."""

    _target: FullTarget

    def setup(self) -> bytes:
        """Return the commands that give it name, address and volume."""
        said = self.names()
        if volume := self.prepared.workload.volume:
            said += commands.mount(_VOLUME if self.plan.volume else _ROOT, volume.path, "ext4")
        return said

    def make_disks(self) -> None:
        """Make the workload's disks, and an overlay over the system's."""
        super().make_disks()
        if self.plan.system:
            overlay, base = self.plan.system
            disk.make_overlay(base, overlay)

    def disk_bytes(self) -> int:
        """Return what the system's disk and the workload's root disk take."""
        system = disk.allocated(self.plan.system[0]) if self.plan.system else 0
        return super().disk_bytes() + system

    def facts(self) -> dict[str, Fact]:
        """Return a VM's facts, what boots it and the digest of its system layer."""
        layer = self._target.layer
        return super().facts() | {
            "boot": f"SeaBIOS, GRUB, initramfs-tools, systemd {layer.systemd}",
            "system_layer_digest": layer.digest,
        }

    def stop(self, grace: float) -> int:
        """Ask init to stop; its end has systemd shut the system down. Return libvirt's stamp of STOPPED."""
        self.channel.send(commands.stop(grace))
        return self._stopped(grace + _SHUTDOWN)
