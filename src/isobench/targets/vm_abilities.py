"""What a VM can do through libvirt: be suspended, saved and restored, and restarted by isobench when it dies."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from isobench.guest.channel import Channel
from isobench.guest.console import Console
from isobench.images import disk
from isobench.targets.abilities import UnableError
from isobench.targets.agent import ByAgent

if TYPE_CHECKING:
    from isobench.engines.libvirt import LibvirtEngine
    from isobench.targets.domain import Plan

_PATIENCE = 30.0
_SAVING = 300.0


class ContinuedChannel(Channel):
    """The line to a guest that goes on after a restore: what it had half said at the save is completed here."""

    def __init__(self, path: Path, before: Channel) -> None:
        super().__init__(path)
        # Nobody has called yet: the thread only waits so far.
        self._parser = before._parser


class AbleVm(ByAgent):
    """A VM with what libvirt can do with it."""

    plan: Plan
    console: Console
    _engine: LibvirtEngine
    _domain: Any
    _store: Path
    _since = 0
    """How many of the domain's events are of its earlier lives."""

    @property
    def state_file(self) -> Path:
        """Where the saved state lies, until the instance is removed."""
        return self._store / "state"

    def pause(self) -> int:
        """``virDomainSuspend``: the vCPUs stop; return libvirt's stamp of SUSPENDED."""
        import libvirt

        return self._able(libvirt.VIR_DOMAIN_EVENT_SUSPENDED, _PATIENCE, self._domain.suspend)

    def resume(self) -> None:
        """``virDomainResume``."""
        self._domain.resume()

    def save(self) -> int:
        """``virDomainSave`` to a file beside the VM's disks; return libvirt's stamp of STOPPED (saved)."""
        import libvirt

        stopped = libvirt.VIR_DOMAIN_EVENT_STOPPED
        at_ns = self._able(stopped, _SAVING, lambda: self._domain.save(str(self.state_file)))
        before = self.channel
        self._begin_again()
        self.listen_again(lambda path: ContinuedChannel(path, before))
        return at_ns

    def saved_bytes(self) -> int:
        """Return what the file with the guest's memory and the state of its devices takes; its disks stay."""
        return disk.allocated(self.state_file)

    def restore(self) -> None:
        """``virDomainRestore``."""
        import libvirt

        self._engine.connection.restoreFlags(str(self.state_file), None, libvirt.VIR_DOMAIN_SAVE_RUNNING)

    def supervise(self) -> str:
        """Take the restart upon isobench: libvirt itself restarts what a guest ended, not a VMM that was killed."""
        return "isobench: at libvirt's event STOPPED it starts the domain again, without back-off"

    def crash(self) -> int:
        """SIGKILL QEMU, and start the domain again as soon as libvirt tells of its end."""
        import libvirt

        self._begin_again()
        at_ns = time.monotonic_ns()
        for pid in self.cgroup.pids():
            os.kill(pid, signal.SIGKILL)
        self._engine.wait_event(self.plan.uuid, libvirt.VIR_DOMAIN_EVENT_STOPPED, _PATIENCE, self._since)
        self._begin_again()
        self._domain.create()
        return at_ns

    def listen_again(self, line: Callable[[Path], Channel] = Channel) -> None:
        """Have new lines for what comes up next: the channel, and the serial port, which QEMU wants to reach."""
        super().listen_again(line)
        self.console = self._stack.enter_context(Console(self.console.path))

    def _begin_again(self) -> None:
        self._since = len(self._engine.events(self.plan.uuid))

    def _able(self, event: int, timeout: float, call: Callable[[], object]) -> int:
        """Make a call; return when libvirt told of such an event after it."""
        import libvirt

        since = len(self._engine.events(self.plan.uuid))
        try:
            call()
        except libvirt.libvirtError as error:
            raise UnableError(f"libvirt says: {' '.join(str(error).split())}") from error
        return self._engine.wait_event(self.plan.uuid, event, timeout, since)
