"""An application in one VM: a container for each member, on the VM's one network, each with a line of its own."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from isobench.errors import SampleError
from isobench.guest.channel import Channel
from isobench.guest.commands import MAIN_RUN
from isobench.images import disk
from isobench.images.identity import identity
from isobench.model.sample import Fact
from isobench.targets import nested_bundle
from isobench.targets.base import Prepared, Slot
from isobench.targets.domain import device
from isobench.targets.domain_overlay import CHANNEL_NAME
from isobench.targets.members import await_need
from isobench.targets.nested import FIRST, NestedInstance, with_port
from isobench.targets.nested_bundle import Container

if TYPE_CHECKING:
    from isobench.targets.nested import NestedTarget

_MOST_DISKS = 20
"""A machine's slots for virtio devices."""
_HERE = "127.0.0.1"
"""Where the members are for one another: they share the VM's network."""


class NestedApplication(NestedInstance):
    """One VM with all members. Its memory is theirs together; ``channel`` is the line to the front's init."""

    def __init__(self, prepared: Prepared, slot: Slot, target: NestedTarget) -> None:
        self._members = prepared.workload.members
        self._parts = prepared.parts
        self._lines: list[Channel] = []
        self._users = [identity(part.image, part.rootfs.tree) for part in prepared.parts]
        self._starts: list[bytes] = []
        front = prepared.parts[-1]
        own = replace(front.workload.resources, memory=prepared.workload.resources.memory)
        # The VM is the front's, with the memory of all; the whole's service is what makes it need a network.
        held = replace(front.workload, resources=own, service=prepared.workload.service)
        super().__init__(replace(front, workload=held), slot, target)

    def surround(self, stack: ExitStack) -> None:
        """Listen to every member's init besides, and plan a port and the disks for each."""
        for place in range(len(self._parts) - 1):
            self._lines.append(stack.enter_context(Channel(self.slot.folder / f"m{place}")))
        super().surround(stack)
        more: list[tuple[Path, Path | None]] = []
        store, extra = self._target.store / self.slot.id, self.plan.extra
        for place, part in enumerate(self._parts[:-1]):
            more.append((store / f"m{place}.qcow2", self._target.base(part)))
            if part.workload.volume:
                more.append((store / f"m{place}.raw", None))
            extra = with_port(extra, _port(place), self.slot.folder / f"m{place}")
        if len(more) > _MOST_DISKS:
            raise SampleError("error", f"its members have {len(more)} disks, one VM takes {_MOST_DISKS}")
        self.plan = replace(self.plan, more=tuple(more), extra=extra)
        for line, part, user in zip(self._lines, self._parts, self._users, strict=False):
            line.send(user.run(MAIN_RUN, part.workload.command))
        # Made before the clock starts: a container's configuration is long.
        self._starts = [self._starting(place) for place in range(len(self._members))]

    def make_disks(self) -> None:
        """Make the front's disks, and those of the other members."""
        super().make_disks()
        files: dict[Path, Prepared] = {}
        for place, part in enumerate(self._parts[:-1]):
            files[self._store / f"m{place}.raw"] = part
        for file, base in self.plan.more:
            if base:
                disk.make_overlay(base, file)
            elif volume := files[file].workload.volume:
                disk.format_ext4(file, volume.size)

    def start(self) -> None:
        """Start the VM, then the containers in their order, each when those that it needs are as it needs them."""
        super().start()
        lines = [*self._lines, self.channel]
        by_name = {member.name: place for place, member in enumerate(self._members)}
        for place, member in enumerate(self._members):
            for need in member.needs:
                needed = by_name[need.member]
                await_need(need, self._members[needed], lines[needed], self._users[needed])
            self.agent.send(self._starts[place])

    def disk_bytes(self) -> int:
        """Return what the root disks of all members take."""
        return super().disk_bytes() + sum(disk.allocated(file) for file, base in self.plan.more if base)

    def facts(self) -> dict[str, Fact]:
        """Return the facts of the VM, and who the members are."""
        return super().facts() | {"members": ", ".join(member.name for member in self._members)}

    def _instruct(self) -> None:
        # The containers come one after another, as they need each other: see ``start``.
        self.agent.send(self.address_command() + nested_bundle.prepare_guest())

    def _starting(self, place: int) -> bytes:
        hosts = [(_HERE, other.name) for other in self._members]
        return nested_bundle.start(self._container(place), self._target.defaults, FIRST + place, hosts)

    def _container(self, place: int) -> Container:
        part, name = self._parts[place], f"{self.slot.id}-{place}"
        memory, volume = part.workload.resources.memory, part.workload.volume
        if place == len(self._parts) - 1:
            own = self._target.container(self.prepared, name, self.plan)
            return replace(own, name=str(place), memory=memory)
        overlay = self._store / f"m{place}.qcow2"
        first = 2 if self.plan.volume else 1
        at = next(number for number, (file, _) in enumerate(self.plan.more, first) if file == overlay)
        inside = (_device(at + 1), volume.path) if volume else None
        return Container(str(place), name, _port(place), _device(at), memory, inside)


def _port(place: int) -> str:
    return f"{CHANNEL_NAME}.m{place}"


def _device(place: int) -> str:
    return f"/dev/{device(place)}"
