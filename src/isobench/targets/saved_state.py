"""A VM's saved state: the workload's VM booted to ready once, then saved with its disks and what it had said.

What init has sent up to the save is kept as well. The stream of its bytes goes on where it stopped when the VM is
resumed, so an instance's channel reads the one after the other, as one conversation.
"""

from __future__ import annotations

import re
import shutil
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from isobench.errors import SampleError
from isobench.guest import commands
from isobench.guest.channel import Channel
from isobench.guest.commands import MAIN_RUN
from isobench.guest.frames import Init, Pong, Running
from isobench.images.identity import identity
from isobench.targets.base import Prepared, Slot
from isobench.targets.vm_instance import VmInstance

if TYPE_CHECKING:
    from isobench.targets.vm import VmTarget

_HANG_UP = 30.0


@dataclass(frozen=True, slots=True)
class SavedState:
    """The files of a state in its folder in the cache; they are only read."""

    folder: Path

    @property
    def memory(self) -> Path:
        """libvirt's save image: the guest's memory and the state of its devices."""
        return self.folder / "memory"

    @property
    def root(self) -> Path:
        """The root disk."""
        return self.folder / "root"

    @property
    def volume(self) -> Path:
        """The volume, where the workload has one."""
        return self.folder / "volume"

    @property
    def said(self) -> Path:
        """Every byte that init had sent."""
        return self.folder / "said"


class HeardChannel(Channel):
    """A channel that keeps every byte it hears."""

    def __init__(self, path: Path) -> None:
        self._heard = bytearray()
        super().__init__(path)

    def whole(self, timeout: float) -> bytes:
        """Return all that was said once the guest has hung up; raises SampleError("timeout")."""
        self._wait_for(lambda: self.closed_at, timeout, "the saved guest did not hang up")
        return bytes(self._heard)

    def _received(self, at_ns: int, data: bytes) -> None:
        self._heard += data
        super()._received(at_ns, data)


class Original(VmInstance):
    """The VM that is booted in order to be saved; its address is one that no instance gets."""

    channel: HeardChannel

    def __init__(self, prepared: Prepared, slot: Slot, target: VmTarget) -> None:
        super().__init__(prepared, slot, target)
        self.address = str(target.network.subnet[-2])

    def surround(self, stack: ExitStack) -> None:
        """Keep what init says."""
        super().surround(stack)
        self.channel.close()
        self.channel = stack.enter_context(HeardChannel(self.channel.path))

    def await_ready(self, run_id: int) -> None:
        """Wait until the workload, which is this run, is ready as it says, and init has nothing more to say."""
        workload = self.prepared.workload
        self.running_at(workload.timeout)
        self.kernel_done_at(workload.timeout)
        self.channel.wait(Init, workload.timeout)
        if workload.ready.on == "start":
            self.channel.wait(Running, workload.timeout, run_id=run_id)
        else:
            pattern = re.compile((workload.ready.output or "").encode())
            self.channel.wait_output(run_id, pattern, workload.timeout)
        self.channel.send(commands.ping("ready"))
        self.channel.wait(Pong, workload.timeout)

    def keep(self, state: SavedState) -> None:
        """Save it: the VM is off afterwards, and its disks are the state's."""
        self._domain.save(str(state.memory))
        state.said.write_bytes(self.channel.whole(_HANG_UP))
        shutil.move(self.plan.overlay, state.root)
        if self.plan.volume:
            shutil.move(self.plan.volume, state.volume)


def save(target: VmTarget, prepared: Prepared, slot: Slot, folder: Path) -> None:
    """Boot the workload's VM and leave its state in ``folder``; raises SampleError where that cannot be done."""
    import libvirt

    user = identity(prepared.image, prepared.rootfs.tree)
    try:
        with Original(prepared, slot, target) as instance:
            instance.channel.send(instance.setup() + user.run(MAIN_RUN, prepared.workload.command))
            instance.create()
            instance.start()
            instance.await_ready(MAIN_RUN)
            instance.keep(SavedState(folder))
    except libvirt.libvirtError as error:
        raise SampleError("error", f"libvirt: {' '.join(str(error).split())}") from error
