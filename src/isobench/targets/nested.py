"""``nested``: the workload's container, by runc, inside a VM of isobench's."""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as Tree

from isobench.guest import commands
from isobench.guest.channel import Channel
from isobench.guest.frames import Exit, Fail
from isobench.host.paths import Paths
from isobench.images import nested as layer
from isobench.images.nested import System, ensure_system
from isobench.model import TargetSpec
from isobench.model.sample import Fact
from isobench.plain import plain
from isobench.targets import domain, nested_bundle
from isobench.targets.base import Prepared, Slot
from isobench.targets.domain_overlay import CHANNEL_NAME
from isobench.targets.kind import Opened, Traits
from isobench.targets.nested_bundle import Container
from isobench.targets.nested_defaults import Defaults, read_defaults
from isobench.targets.vm import VmKind, VmTarget, kernel_of
from isobench.targets.vm_abilities import ContinuedChannel
from isobench.targets.vm_instance import VmInstance

if TYPE_CHECKING:
    from isobench.house import House

AGENT = "isobench.agent"
"""The name of the virtio port by which the VM's own init reaches the host."""
FIRST = 1
"""The VM's own init's run that is the first container."""
_MARGIN = 10.0
_SAID = 500


class NestedTarget(VmTarget):
    """VMs whose root is the system layer, each with the workload in a container of its own."""

    def __init__(self, *make: Any, system: System, defaults: Defaults) -> None:
        super().__init__(*make)
        self.system = system
        self.defaults = defaults

    def instance(self, prepared: Prepared, slot: Slot) -> VmInstance:
        """Return an instance that is not created yet."""
        return NestedInstance(prepared, slot, self)

    def application(self, prepared: Prepared, slot: Slot) -> VmInstance:
        """Return an instance of a whole application that is not created yet: one VM with a container a member."""
        from isobench.targets.nested_application import NestedApplication

        return NestedApplication(prepared, slot, self)

    def describe(self, prepared: Prepared) -> dict[str, str]:
        """Return the domain's XML, and the container's configuration with its system call filter by its digest."""
        plan = self.plan(prepared, Path("RUN/ID"), "ID", "0" * 32, 0, (Path("PROCS"),), (0,))
        config = nested_bundle.configuration(self.container(prepared, "ID", plan), self.defaults)
        filtered = json.dumps(config["linux"].pop("seccomp", None), sort_keys=True)
        return {
            **super().describe(prepared),
            "container": json.dumps(config, sort_keys=True),
            "seccomp": f"Docker's, digest {hashlib.sha256(filtered.encode()).hexdigest()[:16]}",
        }

    def container(self, prepared: Prepared, name: str, plan: domain.Plan) -> Container:
        """Return the container of an instance: on the VM's disks, with all of its memory as the limit."""
        volume = prepared.workload.volume
        place = ("/dev/vdb" if plan.volume else "/dev/vda", volume.path) if volume else None
        return Container("0", name, CHANNEL_NAME, "/dev/vda", plan.memory, place)

    def plan(
        self, prepared: Prepared, folder: Path, name: str, identity: str, number: int,
        cgroup_files: tuple[Path, ...], cores: tuple[int, ...],
    ) -> domain.Plan:  # fmt: skip
        """Return a VM's domain with the system layer as its root and one more port."""
        plan = super().plan(prepared, folder, name, identity, number, cgroup_files, cores)
        words = [word for word in plan.command_line.split() if not word.startswith("isobench.")]
        words += [f"isobench.root={layer.PLACE}", "isobench.fstype=bind", f"isobench.port={AGENT}"]
        return replace(plan, command_line=" ".join(words), extra=with_port(plan.extra, AGENT, folder / "agent"))


class NestedKind(VmKind):
    """The kind of ``nested``: the options are those of a VM."""

    traits = Traits(
        "$CACHE/instances", "virtio-net on isobench's bridge, the VM's own, shared by its container",
        ("libvirt", "qemu", "runc"), kernel=None,
    )  # fmt: skip

    def unavailable(self, spec: TargetSpec, paths: Paths) -> str | None:
        """Return why not: what a VM needs, and the host's runc."""
        return super().unavailable(spec, paths) or layer.unavailable()

    def open(self, spec: TargetSpec, house: House) -> Opened:
        """Return the target; the defaults of its containers are asked of the house's Docker."""
        from isobench.targets.virtual import virtual

        shared = virtual(house)
        system = ensure_system(house.guest, kernel_of(spec, house, shared), house.paths.cache)
        defaults = house.once("docker defaults", lambda: read_defaults(house.docker, house.guest, house.paths.run))
        target = NestedTarget(
            spec, shared.engine, house.docker.network, system.kernel, house.guest, shared.acceleration, house.store,
            house.paths.cache, system=system, defaults=defaults,
        )  # fmt: skip
        target.check()
        return Opened(target, shared.acceleration, target.kernel)


KIND = NestedKind()


class Keeper(Channel):
    """The line to the init of a VM of containers: when one of those ends, so does the VM."""

    _ended = False

    def _received(self, at_ns: int, data: bytes) -> None:
        super()._received(at_ns, data)
        if not self._ended and any(isinstance(frame, Exit | Fail) for _, frame in self._frames):
            self._ended = True
            self.send(commands.stop(0))


class NestedInstance(VmInstance):
    """One VM with one container; ``channel`` is the line to the container's init, ``agent`` that to the VM's."""

    _target: NestedTarget
    agent: Channel

    def surround(self, stack: ExitStack) -> None:
        """Listen to the VM's init as well, with all that it is to do waiting for it."""
        super().surround(stack)
        self.agent = stack.enter_context(Keeper(self.slot.folder / "agent"))
        self._instruct()

    def setup(self) -> bytes:
        """Return nothing: a container's init may set up nothing, the VM's has done it."""
        return b""

    def listen_again(self, line: Callable[[Path], Channel] = Channel) -> None:
        """Have a new line to the VM's init, too: that of a new life is told anew what to do."""
        super().listen_again(line)
        if line is Channel:
            self.agent = self._stack.enter_context(Keeper(self.agent.path))
            self._instruct()
        else:
            self.agent = self._stack.enter_context(ContinuedChannel(self.agent.path, self.agent))

    def last_words(self) -> str:
        """Return what runc and the VM's init said of their failure, or else the serial port's last lines."""
        failed = [frame.text for _, frame in self.agent.frames() if isinstance(frame, Fail)]
        said = plain(" | ".join([*failed, *self.agent.said(_SAID).decode("utf-8", "replace").split("\n")]).strip(" |"))
        return f"in the VM: {said}" if said else super().last_words()

    def facts(self) -> dict[str, Fact]:
        """Return a VM's facts, the runtime and the layer that it comes from."""
        system = self._target.system
        return super().facts() | {
            "runtime": f"{system.runtime} in {self.plan.options.machine}",
            "system_layer_digest": system.digest,
        }

    def stop(self, grace: float) -> int:
        """Ask the VM's init to stop: runc passes SIGTERM on to the container's; return libvirt's stamp of STOPPED."""
        self.agent.send(commands.stop(grace))
        return self._stopped(grace + _MARGIN)

    def _instruct(self) -> None:
        container = self._target.container(self.prepared, self.slot.id, self.plan)
        started = nested_bundle.start(container, self._target.defaults, FIRST)
        self.agent.send(self.address_command() + nested_bundle.prepare_guest() + started)


def with_port(extra: Tree.Element | None, name: str, path: Path) -> Tree.Element:
    """Return the XML laid over a domain with one more virtio port in it, whose socket is at ``path``."""
    overlay = Tree.Element("domain") if extra is None else copy.deepcopy(extra)
    devices = overlay.find("devices")
    port = Tree.SubElement(Tree.SubElement(overlay, "devices") if devices is None else devices, "channel", type="unix")
    Tree.SubElement(port, "source", mode="connect", path=str(path))
    Tree.SubElement(port, "target", type="virtio", name=name)
    return overlay
