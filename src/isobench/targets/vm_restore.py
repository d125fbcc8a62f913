"""``vm-restore``: the workload's VM resumed from a saved state, the shortest way to a machine of its own."""

from __future__ import annotations

import hashlib
import json
import platform
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from isobench.errors import SampleError
from isobench.guest import commands
from isobench.guest.channel import Channel
from isobench.guest.frames import Init
from isobench.host import cpus
from isobench.host.facts import cpu_model
from isobench.images import disk
from isobench.images.cache import entry
from isobench.model import TargetSpec
from isobench.model.sample import Fact
from isobench.targets import domain, saved_state
from isobench.targets.base import Prepared, Slot
from isobench.targets.kind import Opened
from isobench.targets.saved_state import SavedState
from isobench.targets.vm import VmKind, VmTarget, kernel_of
from isobench.targets.vm_instance import VmInstance

if TYPE_CHECKING:
    from isobench.house import House

_MAC = domain.mac(0xFFFFFF)
"""Its driver keeps it in the saved memory, so every instance has the same."""


class RestoreTarget(VmTarget):
    """VMs that resume where a saved one stood: one at a time, since all have its name, UUID and MAC address.

    ``run`` takes the sockets while the state is made.
    """

    def __init__(self, *make: Any, run: Path) -> None:
        super().__init__(*make)
        self._run = run
        self._refusals: dict[str, str] = {}

    def prepare(self, prepared: Prepared) -> None:
        """Make the state that all instances resume, where the cache has none; why it failed, each sample will say."""
        super().prepare(prepared)
        key = self._key(prepared)
        try:
            entry(self._folder(key), lambda scratch: self._save(prepared, key, scratch))
        except SampleError as error:
            self._refusals[key] = error.line()

    @contextmanager
    def volume(self, prepared: Prepared, slot: Slot) -> Iterator[str]:
        """Make none: the volume of a resumed VM is the one in its saved state, and goes with the instance."""
        yield ""

    def state(self, prepared: Prepared) -> SavedState:
        """Return the state; raises SampleError where it could not be made."""
        key = self._key(prepared)
        if reason := self._refusals.get(key):
            raise SampleError("error", f"no state could be saved: {reason}")
        return SavedState(self._folder(key))

    def instance(self, prepared: Prepared, slot: Slot) -> VmInstance:
        """Return an instance that is not created yet."""
        return RestoredInstance(prepared, slot, self)

    def sizes(self, prepared: Prepared) -> dict[str, float]:
        """Return the base disk's sizes with the state's, and what of kernel and initramfs a VM must ship."""
        found = super().sizes(prepared)
        found["stored_bytes"] += sum(disk.allocated(file) for file in self.state(prepared).folder.iterdir())
        return found

    def describe(self, prepared: Prepared) -> dict[str, str]:
        """Return the domain's XML and what is done with it."""
        return {
            "domain": domain.domain_xml(self._unnamed(prepared)),
            "state": "saved once at ready; restored with copies of the saved disks",
        }

    def plan(
        self, prepared: Prepared, folder: Path, name: str, identity: str, number: int,
        cgroup_files: tuple[Path, ...], cores: tuple[int, ...],
    ) -> domain.Plan:  # fmt: skip
        """Return a domain with the saved one's names, and files of its own."""
        plan = super().plan(prepared, folder, name, identity, number, cgroup_files, cores)
        key = self._key(prepared)
        return replace(plan, name=f"isobench-saved-{key}", uuid=str(uuid.uuid5(uuid.NAMESPACE_OID, key)), mac=_MAC)

    def _unnamed(self, prepared: Prepared) -> domain.Plan:
        cores, none = self._placement(prepared).instance, str(uuid.UUID(int=0))
        return super().plan(prepared, Path("RUN/ID"), "ID", none, 0, (Path("PROCS"),), cores)

    def _folder(self, key: str) -> Path:
        return self._cache / "states" / key

    def _key(self, prepared: Prepared) -> str:
        """Return what the state depends on: the VM, what runs in it, and what saves and resumes it."""
        workload = prepared.workload
        whole = {
            "domain": domain.domain_xml(self._unnamed(prepared)),
            "kernel": self.kernel.digest,
            "image": repr(prepared.image),
            "rootfs": prepared.rootfs.digest,
            "workload": repr((workload.command, workload.ready, workload.resources, workload.volume)),
            "versions": self.engine.versions(),
            "host": (cpu_model(), platform.release()),
        }
        return hashlib.sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()[:16]

    def _placement(self, prepared: Prepared) -> cpus.Placement:
        workload = prepared.workload
        return cpus.place(workload.resources.vcpus, workload.service is not None, cpus.usable())

    def _save(self, prepared: Prepared, key: str, scratch: Path) -> None:
        slot = Slot(f"save-{key}", self._run / f"save-{key}", self._placement(prepared), 0)
        saved_state.save(self, prepared, slot, scratch)


class RestoreKind(VmKind):
    """The kind of ``vm-restore``: the options are those of a VM."""

    traits = replace(
        VmKind.traits, several=False, lone="a saved member knows its fellows at the addresses they were saved with"
    )

    def open(self, spec: TargetSpec, house: House) -> Opened:
        """Return the target; KVM where it has booted the guest kernel, else emulated."""
        from isobench.targets.virtual import virtual

        shared = virtual(house)
        target = RestoreTarget(
            spec, shared.engine, house.docker.network, kernel_of(spec, house, shared), house.guest,
            shared.acceleration, house.store, house.paths.cache, run=house.paths.run,
        )  # fmt: skip
        target.check()
        return Opened(target, shared.acceleration, target.kernel)


KIND = RestoreKind()


class ResumedChannel(Channel):
    """The line to a resumed guest: it takes up the saved conversation at the first byte that comes.

    All that was said before counts as arrived with that byte, the reply to ``opening``, which waits for the guest:
    so ``init`` and ``ready`` of a resumed instance are that reply. What a runner sends first would start the
    workload, which runs already: ``opening`` takes its place.
    """

    def __init__(self, path: Path, heard: bytes, opening: bytes) -> None:
        self._heard = heard
        self._opening: bytes | None = opening
        super().__init__(path)

    def send(self, command: bytes) -> None:
        """Send a command, the first time ``opening`` in its place. Never blocks."""
        opening, self._opening = self._opening, None
        super().send(command if opening is None else opening)

    def _received(self, at_ns: int, data: bytes) -> None:
        heard, self._heard = self._heard, b""
        super()._received(at_ns, heard + data)


class RestoredInstance(VmInstance):
    """One VM that goes on where the saved one stopped, with copies of its disks."""

    _target: RestoreTarget

    def surround(self, stack: ExitStack) -> None:
        """Have the state at hand, and take up its conversation."""
        super().surround(stack)
        self._state = self._target.state(self.prepared)
        # Of an earlier instance, which had the same UUID.
        self._engine.forget(self.plan.uuid, self.plan.name)
        opening = commands.ping("resumed") + commands.hostname(self.slot.id) + self.address_command()
        self.channel.close()
        self.channel = stack.enter_context(ResumedChannel(self.channel.path, self._state.said.read_bytes(), opening))

    def setup(self) -> bytes:
        """Return nothing: what a resumed guest is told is its channel's opening."""
        return b""

    def make_disks(self) -> None:
        """Copy the saved disks: the guest has files open on them."""
        disk.make_copy(self._state.root, self.plan.overlay)
        if self.plan.volume:
            disk.make_copy(self._state.volume, self.plan.volume)

    def start(self) -> None:
        """Restore it, with this instance's own files in the place of the saved one's."""
        import libvirt

        self._engine.connection.restoreFlags(
            str(self._state.memory), domain.domain_xml(self.plan), libvirt.VIR_DOMAIN_SAVE_RUNNING
        )

    def running_at(self, timeout: float) -> int:
        """Return libvirt's stamp of RESUMED, or that of the guest's first byte where libvirt was slower to tell."""
        return min(super().running_at(timeout), self.channel.wait(Init, timeout)[0])

    def kernel_done_at(self, timeout: float) -> int | None:
        """Return None: its kernel had come up before it was saved."""
        return None

    def facts(self) -> dict[str, Fact]:
        """Return a VM's facts and the size of what is read to resume it."""
        return super().facts() | {"state_bytes": disk.allocated(self._state.memory)}
