"""``vm``: virtual machines through libvirt, booted from the same root file system."""

from __future__ import annotations

import re
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

from isobench.engines import docker, libvirt
from isobench.engines.bridge import Network
from isobench.errors import HarnessError, SampleError
from isobench.guest.build import GuestBinaries
from isobench.host.cgroup import Cgroup
from isobench.host.paths import Paths
from isobench.host.process import remove_tree
from isobench.images import disk
from isobench.images.types import Kernel
from isobench.model import TargetSpec
from isobench.targets import domain, domain_overlay
from isobench.targets.base import Prepared, Slot
from isobench.targets.kind import Opened, Traits
from isobench.targets.vm_instance import VmInstance
from isobench.targets.vm_options import VmOptions, lacking, missing
from isobench.workloads.schema import LEAST_MEMORY

if TYPE_CHECKING:
    from isobench.engines.libvirt import LibvirtEngine
    from isobench.house import House
    from isobench.targets.virtual import Virtual


QEMU = "qemu-system-x86_64"


class VmTarget:
    """Virtual machines of one make. ``store`` takes the instances' disks, ``cache`` the shared bases."""

    def __init__(
        self, spec: TargetSpec, engine: LibvirtEngine, network: Network, kernel: Kernel, guest: GuestBinaries,
        acceleration: str, store: Path, cache: Path,
    ) -> None:  # fmt: skip
        self.spec = spec
        self.options = VmOptions.model_validate(spec.options)
        self.engine = engine
        self.network = network
        self.kernel = kernel
        self.guest = guest
        self.acceleration = cast(domain.Acceleration, acceleration)
        self.store = store if engine.files is None else engine.files.instances
        self._cache = cache
        self.emulator = guest.enter if engine.embedded else Path(shutil.which(QEMU) or QEMU)
        self._make = self._common()

    @property
    def transport(self) -> str:
        """The virtio transport of the machine, which chooses the initramfs."""
        return domain.TRANSPORT[self.options.machine]

    def check(self) -> None:
        """Let libvirt check such a domain against its schema; raises HarnessError with what it refuses."""
        import libvirt

        try:
            flag = libvirt.VIR_DOMAIN_DEFINE_VALIDATE
            self.engine.connection.defineXMLFlags(domain.domain_xml(self._make), flag).undefine()
        except libvirt.libvirtError as error:
            raise HarnessError(f"libvirt refuses such a domain: {' '.join(str(error).split())}", where=self.spec.name,
                               mend="change its options") from error  # fmt: skip

    def prepare(self, prepared: Prepared) -> None:
        """Make the base disk, and let libvirt probe the emulator now rather than in the first instance."""
        self.store.mkdir(parents=True, exist_ok=True)
        self.base(prepared)
        kind = "kvm" if self.acceleration == "kvm" else "qemu"
        self.engine.learn(self.emulator, self.options.machine, kind)

    def base(self, prepared: Prepared) -> Path:
        """Return the read-only disk that all instances of a workload share."""
        return self.readable(disk.ensure_disk(prepared.rootfs, prepared.workload.resources.disk, self._cache))

    def readable(self, file: Path) -> Path:
        """Return a file of the cache, or a copy of it where QEMU runs as a user that may not enter the cache."""
        return file if self.engine.files is None else self.engine.files.copy(file)

    def group(self, name: str, cores: str) -> Cgroup:
        """Return the group of an instance, or of an application's members; raises SampleError where it has none."""
        if self.engine.embedded:
            return Cgroup(name, cores=cores)
        raise SampleError(
            "error", "the host's libvirt gives each VM a control group of its own, so an application has no account",
            mend="unset LIBVIRT_DEFAULT_URI",
        )  # fmt: skip

    def instance(self, prepared: Prepared, slot: Slot) -> VmInstance:
        """Return an instance that is not created yet."""
        return VmInstance(prepared, slot, self)

    @contextmanager
    def volume(self, prepared: Prepared, slot: Slot) -> Iterator[str]:
        """Make a disk beside those of its instances; none where the volume lies on the root disk."""
        if self.options.volume != "disk" or prepared.workload.volume is None:
            yield ""
            return
        folder = self.store / f"{slot.id}.kept"
        try:
            folder.mkdir(parents=True)
            disk.format_ext4(folder / "volume.raw", prepared.workload.volume.size)
            yield str(folder / "volume.raw")
        finally:
            remove_tree(folder)

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
        workload, store = prepared.workload, self.store / name
        return replace(
            self._make,
            name=f"isobench-{name}",
            uuid=identity,
            memory=self.options.memory or workload.resources.memory,
            vcpus=self.options.vcpus or len(cores),
            cores=",".join(map(str, cores)),
            cgroup_files=cgroup_files,
            base=self.base(prepared),
            overlay=store / f"overlay.{self.options.format}",
            volume=store / "volume.raw" if workload.volume and self.options.volume == "disk" else None,
            mac=domain.mac(number),
            channel=folder / "channel",
            console=folder / "console",
        )

    def _common(self) -> domain.Plan:
        """Return what all of the target's domains have in common, with names in the place of what they have not."""
        own = self.options.xml
        return domain.Plan(
            name="isobench-check",
            uuid=str(uuid.uuid4()),
            options=self.options,
            acceleration=self.acceleration,
            memory=self.options.memory or LEAST_MEMORY,
            vcpus=self.options.vcpus or 1,
            cores="0",
            emulator=self.emulator,
            cgroup_files=(),
            kernel=self.readable(self.kernel.image),
            initramfs=self.readable(self.kernel.initramfs[self.transport]),
            command_line=domain.command_line(self.acceleration, tsc_khz()),
            base=self._cache / "base",
            overlay=self.store / "overlay",
            volume=self.store / "volume",
            bridge=self.network.bridge if self.options.network == "bridge" else None,
            mac=domain.mac(0),
            channel=self.store / "channel",
            console=self.store / "console",
            extra=domain_overlay.read(Path(own)) if own else None,
        )


class VmKind:
    """Virtual machines of the house's one libvirt."""

    options = VmOptions
    traits = Traits("$CACHE/instances", "virtio-net on isobench's bridge", ("libvirt", "qemu"), kernel=None)

    def unavailable(self, spec: TargetSpec, paths: Paths) -> str | None:
        """Return why not: the root file system is built by Docker, the VM run by QEMU through libvirt."""
        options = self.options.model_validate(spec.options)
        return docker.unavailable(paths) or libvirt.unavailable() or lacking(options) or missing(options)

    def open(self, spec: TargetSpec, house: House) -> Opened:
        """Return the target; KVM where it has booted the guest kernel, else emulated."""
        from isobench.targets.virtual import virtual

        shared = virtual(house)
        target = VmTarget(spec, shared.engine, house.docker.network, kernel_of(spec, house, shared), house.guest,
                          shared.acceleration, house.store, house.paths.cache)  # fmt: skip
        target.check()
        return Opened(target, shared.acceleration, target.kernel)


KIND = VmKind()


def kernel_of(spec: TargetSpec, house: House, shared: Virtual) -> Kernel:
    """Return the kernel that the options choose; raises HarnessError for an option that this host cannot give."""
    from isobench.images.kernel import ensure_kernel

    options = VmOptions.model_validate(spec.options)
    if reason := lacking(options):
        raise HarnessError(reason)
    if options.vhost and shared.acceleration != "kvm":
        raise HarnessError("vhost: libvirt has it with KVM only, and VMs are emulated here")
    if options.kernel is None:
        return shared.kernel
    return ensure_kernel(house.guest, house.paths.cache, Path(options.kernel))


def tsc_khz() -> int | None:
    """Return the host's TSC frequency in kHz from BogoMIPS (two loops a tick, millions), None where not told."""
    found = re.search(r"^bogomips\s*:\s*([\d.]+)", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return round(float(found[1]) * 500) if found else None
