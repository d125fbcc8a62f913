"""``vm``: virtual machines through libvirt, booted from the same root file system."""

from __future__ import annotations

import re
import shutil
import uuid
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from isobench.engines.bridge import Network
from isobench.errors import SampleError
from isobench.guest import commands
from isobench.guest.build import GuestBinaries
from isobench.guest.console import KERNEL_DONE, Console
from isobench.host import memory
from isobench.host.process import remove_tree
from isobench.images import disk
from isobench.images.types import Kernel
from isobench.model import TargetSpec
from isobench.model.sample import Fact
from isobench.targets import domain
from isobench.targets.base import Prepared, Processes, Slot
from isobench.targets.life import Life

if TYPE_CHECKING:
    from isobench.engines.libvirt import LibvirtEngine

_MARGIN = 10.0


class VmTarget:
    """Virtual machines of one machine type. ``store`` takes the instances' disks, ``cache`` the shared bases."""

    def __init__(
        self, spec: TargetSpec, engine: LibvirtEngine, network: Network, kernel: Kernel, guest: GuestBinaries,
        acceleration: str, store: Path, cache: Path,
    ) -> None:  # fmt: skip
        self.spec = spec
        self.engine = engine
        self.network = network
        self.kernel = kernel
        self.guest = guest
        self.acceleration = cast(domain.Acceleration, acceleration)
        self.machine = cast(domain.Machine, spec.options["machine"])
        self.store = store
        self._cache = cache

    @property
    def transport(self) -> str:
        """The virtio transport of the machine, which chooses the initramfs."""
        return domain.TRANSPORT[self.machine]

    def prepare(self, prepared: Prepared) -> None:
        """Make the base disk, and let libvirt probe the emulator now rather than in the first instance."""
        self.store.mkdir(parents=True, exist_ok=True)
        self.base(prepared)
        kind = "kvm" if self.acceleration == "kvm" else "qemu"
        self.engine.learn(self.guest.enter, self.machine, kind)

    def base(self, prepared: Prepared) -> Path:
        """Return the read-only disk that all instances of a workload share."""
        return disk.ensure_disk(prepared.rootfs, prepared.workload.resources.disk, self._cache)

    def instance(self, prepared: Prepared, slot: Slot) -> VmInstance:
        """Return an instance that is not created yet."""
        return VmInstance(prepared, slot, self)

    def sizes(self, prepared: Prepared) -> dict[str, float]:
        """Return the base disk's sizes, and what of kernel and initramfs a VM must ship."""
        base = self.base(prepared)
        return {
            "stored_bytes": float(disk.allocated(base)),
            "disk_virtual": float(base.stat().st_size),
            "kernel_size": float(self.kernel.size(self.transport)),
        }

    def describe(self, prepared: Prepared) -> dict[str, str]:
        """Return the domain's XML."""
        files = (Path("PROCS"),)
        return {
            "domain": domain.domain_xml(
                self.plan(prepared, Path("RUN/ID"), "ID", str(uuid.UUID(int=0)), 0, files, (0,))
            )
        }

    def plan(
        self, prepared: Prepared, folder: Path, name: str, identity: str, number: int,
        cgroup_files: tuple[Path, ...], cores: tuple[int, ...],
    ) -> domain.Plan:  # fmt: skip
        """Return what the domain of one instance is made of."""
        store = self.store / name
        return domain.Plan(
            name=f"isobench-{name}",
            uuid=identity,
            machine=self.machine,
            acceleration=self.acceleration,
            memory=prepared.workload.resources.memory,
            vcpus=len(cores),
            cores=",".join(map(str, cores)),
            emulator=self.guest.enter,
            cgroup_files=cgroup_files,
            kernel=self.kernel.image,
            initramfs=self.kernel.initramfs[self.transport],
            command_line=domain.command_line(self.acceleration, tsc_khz()),
            base=self.base(prepared),
            overlay=store / "overlay.qcow2",
            volume=store / "volume.raw" if prepared.workload.volume else None,
            bridge=self.network.bridge,
            mac=domain.mac(number),
            channel=folder / "channel",
            console=folder / "console",
        )


class VmInstance(Life):
    """One virtual machine."""

    def __init__(self, prepared: Prepared, slot: Slot, target: VmTarget) -> None:
        super().__init__(prepared, slot, target.network.address(slot.number))
        self._target = target
        self._engine = target.engine
        self._uuid = str(uuid.uuid4())
        self._store = target.store / slot.id
        self._domain: Any = None

    def surround(self, stack: ExitStack) -> None:
        """Listen on the serial port as well, and have the domain's plan ready."""
        self._engine.ensure_open()
        self.console = stack.enter_context(Console(self.slot.folder / "console"))
        slot = self.slot
        self.plan = self._target.plan(
            self.prepared, slot.folder, slot.id, self._uuid, slot.number, self.cgroup.leaf("vmm"),
            slot.placement.instance,
        )  # fmt: skip

    def setup(self) -> bytes:
        """Return the commands that a container's engine carries out from outside."""
        network = self._target.network
        said = commands.hostname(self.slot.id)
        # There is no udev inside, so the only interface keeps the kernel's own name.
        said += commands.net("eth0", self.address, network.subnet.prefixlen, network.gateway)
        if volume := self.prepared.workload.volume:
            said += commands.mount("/dev/vdb", volume.path, "ext4")
        return said

    def create(self) -> None:
        """Make overlay and volume, and define the domain."""
        self._store.mkdir(parents=True)
        disk.make_overlay(self.plan.base, self.plan.overlay)
        if self.plan.volume and (volume := self.prepared.workload.volume):
            disk.format_ext4(self.plan.volume, volume.size)
        self._domain = self._engine.connection.defineXML(domain.domain_xml(self.plan))

    def start(self) -> None:
        """Start the domain."""
        self._domain.create()

    def running_at(self, timeout: float) -> int:
        """Return libvirt's stamp of RESUMED: QEMU starts paused and says so when its vCPUs are let go.

        STARTED follows when libvirt has finished its own accounting of the start, so it is later.
        """
        import libvirt

        return self._engine.wait_event(self._uuid, libvirt.VIR_DOMAIN_EVENT_RESUMED, timeout)

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
        return self.console.last_words()

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
        """Return what the overlay takes."""
        return disk.allocated(self.plan.overlay)

    def facts(self) -> dict[str, Fact]:
        """Return machine, acceleration, kernel and storage."""
        return {
            "acceleration": self._target.acceleration,
            "machine": self._target.machine,
            "guest_kernel": self._target.kernel.release,
            "storage": "qcow2 overlay over raw, cache=writeback; volume raw, cache=none",
            "durability": "device",
        }

    def stop(self, grace: float) -> int:
        """Ask init to stop and cut the power; return libvirt's stamp of STOPPED."""
        self.channel.send(commands.stop(grace))
        return self._stopped(grace + _MARGIN)

    def kill(self) -> int:
        """``virDomainDestroy``, what a control plane would call; return libvirt's stamp of STOPPED."""
        self._domain.destroy()
        return self._stopped(_MARGIN)

    def remove(self) -> None:
        """Undefine the domain, remove its disks and the control group."""
        self._domain.undefine()
        self._domain = None
        self._engine.forget(self._uuid, self.plan.name)
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
        self._engine.forget(self._uuid, self.plan.name)
        self.cgroup.remove()
        shutil.rmtree(self._store, ignore_errors=True)

    def _stopped(self, timeout: float) -> int:
        import libvirt

        return self._engine.wait_event(self._uuid, libvirt.VIR_DOMAIN_EVENT_STOPPED, timeout)


def tsc_khz() -> int | None:
    """Return the host's TSC frequency in kHz from BogoMIPS (two loops a tick, millions), None where not told."""
    found = re.search(r"^bogomips\s*:\s*([\d.]+)", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return round(float(found[1]) * 500) if found else None
