"""One container: its surroundings, its life through the engine's API, and what the host sees of it."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

from isobench.errors import HarnessError, SampleError
from isobench.guest.build import GuestBinaries
from isobench.host import memory, overlay
from isobench.host.cgroup import Cgroup
from isobench.host.cgroup.slice import Slice
from isobench.host.overlay import Overlay
from isobench.host.process import remove_tree
from isobench.images.manifest import sizes
from isobench.model.sample import Fact
from isobench.model.target import Option
from isobench.targets.base import Prepared, Processes, Slot
from isobench.targets.container import Engine, creation, stored
from isobench.targets.docker_abilities import AbleContainer

_MARGIN = 2.0


class DockerInstance(AbleContainer):
    """One container."""

    def __init__(
        self, prepared: Prepared, slot: Slot, engine: Engine, guest: GuestBinaries,
        options: Mapping[str, Option], store: Path, layers: dict[str, tuple[Path, ...]], *, systemd: bool,
    ) -> None:  # fmt: skip
        self._network = options.get("network", "bridge")
        on_bridge = self._network == "bridge"
        super().__init__(prepared, slot, engine.network.address(slot.number) if on_bridge else "127.0.0.1")
        self._engine = engine
        self._api: Any = engine.api
        self._guest = guest
        self._options = options
        self._store = store
        self._layers = layers
        self._systemd = systemd
        self._root: Overlay | None = None
        self._name = f"isobench-{slot.id}"
        self._shim: int | None = None
        self._pid: int | None = None

    def group(self) -> Cgroup:
        """Return a slice, made by systemd and limited before the container is asked for, where the engine has it so."""
        if not self._systemd:
            return super().group()
        return Slice(self.slot.group, cores=self.cores, memory=self.prepared.workload.resources.memory)

    def surround(self, stack: ExitStack) -> None:
        """See that the engine answers; an empty file keeps it from making one where init will be bound over."""
        self._engine.ensure_answers()
        (self.slot.folder / "init").touch()

    def create(self) -> None:
        """Create the container, and the folder that is bound into it."""
        if self._bound():
            # What an image's users may set-user-id is nobody else's to run.
            self._store.mkdir(mode=0o700)
            (self._store / "volume").mkdir()
        request = creation(
            self._engine, self.prepared, self._guest, self._options, self.slot.folder, self._store,
            self.slot.id, self.address, self.cores, self.cgroup.engine_parent,
            {name: self._engine.network.address(number) for name, number in self.slot.peers},
            self.slot.volume,
        )  # fmt: skip
        if self._restart_policy:
            request["host_config"]["RestartPolicy"] = self._restart_policy
        self._api.create_container(**request)

    def start(self) -> None:
        """Start it."""
        self._api.start(self._name)

    def running_at(self, timeout: float) -> int:
        """Return when init called. The shim is moved only now: asking for it earlier would cost ``started``."""
        at_ns = self.connected(timeout)
        self._pid = self._state()["Pid"]
        self._shim = _parent(self._pid)
        self.cgroup.enter("helpers", self._shim)
        return at_ns

    def kernel_done_at(self, timeout: float) -> int | None:
        """Return None: the kernel is the host's."""
        return None

    def refuse_dead(self) -> None:
        """Raise SampleError when the container has ended."""
        state = self._state()
        if not state["Running"]:
            said = state.get("Error") or f"exit status {state['ExitCode']}"
            raise SampleError("died", f"the container ended: {said}")

    def processes(self) -> Processes:
        """Return the shim as the helper, all others in the group as the workload's."""
        shim = self._helper()
        return Processes(tuple(pid for pid in self.cgroup.pids() if pid != shim), (shim,))

    def vmm_overhead(self) -> int:
        """Return the shim's Pss."""
        return memory.pss((self._helper(),))

    def disk_bytes(self) -> int:
        """Return what the writable layer takes."""
        if (root := self._overlay()) is None:
            raise SampleError("error", "the container's root is not an overlay whose folders this host sees")
        return sizes(root.upper)[1]

    def _overlay(self) -> Overlay | None:
        """Return the folders behind its root, looked for when they are first asked for: after it has become ready."""
        if self._root is None and self._pid is not None:
            self._root = overlay.of_process(self._pid) or overlay.at(self._state_of()["Id"])
            if self._root is not None:
                self._layers[self.prepared.image.id] = self._root.image
        return self._root

    def client_prefix(self) -> tuple[str, ...]:
        """Enter the network namespace of a container without a network, whose loopback no one else reaches."""
        if self._network != "none":
            return ()
        if self._pid is None:
            raise SampleError("error", "the container has not been seen running")
        return ("nsenter", f"--net=/proc/{self._pid}/ns/net")

    def facts(self) -> dict[str, Fact]:
        """Return the runtime, and where the workload's data lies as the engine tells it."""
        told, root = self._state_of(), self._overlay()
        return {
            "acceleration": "none",
            "runtime": told["HostConfig"]["Runtime"],
            "cgroup_driver": "systemd" if self._systemd else "cgroupfs",
            **stored(told, self.prepared.workload.volume, root.upper if root else None),
        }

    def stop(self, grace: float) -> int:
        """``docker stop``; it returns when the engine has taken note of the end.

        A ``wait`` in a second thread would return at the same internal event, on a connection of its own: no
        earlier but for scheduling, so the call itself is stamped.
        """
        self._api.stop(self._name, timeout=round(grace + _MARGIN))
        return time.monotonic_ns()

    def kill(self) -> int:
        """``docker kill``; ``wait`` then makes sure that it has ended, which a kill need not."""
        self._api.kill(self._name)
        self._api.wait(self._name, timeout=30)
        return time.monotonic_ns()

    def remove(self) -> None:
        """Remove the container, its volume and its control group."""
        self._api.remove_container(self._name, v=True, force=True)
        self._cleared()

    def discard(self) -> None:
        """Remove the container in whatever state it is; raises SampleError where the engine was lost meanwhile."""
        from docker.errors import NotFound

        held = self._engine.ensure_answers()
        with suppress(NotFound):
            self._api.remove_container(self._name, v=True, force=True)
        self._cleared()
        if not held:
            # Clearer than what the call that was under way has raised.
            raise SampleError("error", "the Docker engine died, froze or was restarted during this sample")

    def _cleared(self) -> None:
        if not self.cgroup.outlasts:
            self.cgroup.remove()
        if self._bound():
            remove_tree(self._store)

    def _bound(self) -> bool:
        return self.prepared.workload.volume is not None and self._options.get("storage") == "bind"

    def _state(self) -> dict[str, Any]:
        state: dict[str, Any] = self._state_of()["State"]
        return state

    def _state_of(self) -> dict[str, Any]:
        told: dict[str, Any] = self._api.inspect_container(self._name)
        return told

    def _helper(self) -> int:
        if self._shim is None:
            raise SampleError("error", "the container has not been seen running")
        return self._shim


def _parent(pid: int) -> int:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError as error:
        raise SampleError("died", "the container ended at once") from error
    if found := re.search(r"^PPid:\s+(\d+)$", status, re.MULTILINE):
        return int(found[1])
    raise HarnessError("no parent process", where=f"/proc/{pid}/status")
