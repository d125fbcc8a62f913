"""An application of several members as one instance: each member an instance of its own, on one network.

The host's clock is asked once, before anything is made; all that the members wait for one another is inside it. The
front, started last, is what the runner speaks to.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from functools import partial
from types import TracebackType
from typing import Protocol, Self, runtime_checkable

from isobench.errors import SampleError
from isobench.guest.channel import Channel
from isobench.guest.commands import MAIN_RUN
from isobench.guest.frames import Running
from isobench.host.cgroup import Cgroup
from isobench.host.cpus import cpu_list
from isobench.images.identity import Identity, identity
from isobench.model import Member, TargetSpec, Workload
from isobench.model.sample import Fact
from isobench.targets.base import Instance, Prepared, Processes, Slot, Target
from isobench.targets.kind import kinds
from isobench.targets.members import await_need

_ADDED = ("rootfs_bytes", "image_size_compressed", "stored_bytes", "disk_virtual")
"""Image metrics of which each member has its own; of a kernel all ship the same."""


@runtime_checkable
class Houses(Protocol):
    """A target that runs an application in another way than one instance for each member."""

    def application(self, prepared: Prepared, slot: Slot) -> AbstractContextManager[Instance]:
        """Return an instance of the whole application that is not created yet."""


@runtime_checkable
class Grouping(Protocol):
    """A target that says what kind of control groups its instances have: its engine may leave them to systemd."""

    def group(self, name: str, cores: str) -> Cgroup:
        """Return the group that holds those of an application's members, which is not made yet."""


def instance_of(target: Target, prepared: Prepared, slot: Slot) -> AbstractContextManager[Instance]:
    """Return an instance of a workload, be it one of several members or not, that is not created yet."""
    if not prepared.parts:
        return target.instance(prepared, slot)
    return target.application(prepared, slot) if isinstance(target, Houses) else Application(target, prepared, slot)


def sizes_of(target: Target, prepared: Prepared) -> dict[str, float]:
    """Return a workload's image metrics; an application's are its members' together, its kernel counted once."""
    found = [_sizes(target, part) for part in prepared.parts or (prepared,)]
    return {name: sum(one[name] for one in found) if name in _ADDED else found[0][name] for name in found[0]}


def _sizes(target: Target, prepared: Prepared) -> dict[str, float]:
    root = prepared.rootfs
    own = {"rootfs_bytes": float(root.file_bytes), "image_size_compressed": float(root.compressed_bytes)}
    return own | target.sizes(prepared)


def describe(target: Target, prepared: Prepared) -> dict[str, str]:
    """Return the exact command line or domain XML of an instance; of an application those of all members."""
    if not prepared.parts:
        return target.describe(prepared)
    members = zip(prepared.workload.members, prepared.parts, strict=True)
    return {f"{member.name}, {what}": text for member, part in members for what, text in target.describe(part).items()}


def unsuitable(spec: TargetSpec, workload: Workload) -> str | None:
    """Return why a target runs no application of several; None where it does, and for any other workload."""
    if not workload.members:
        return None
    if reason := kinds()[spec.kind].traits.lone:
        return reason
    network = spec.options.get("network", "bridge")
    return None if network == "bridge" else f"its network is {network}: members would not reach one another"


class Application:
    """Several instances of one target, from the first one's creation to the last one's end."""

    channel: Channel
    cgroup: Cgroup
    address: str

    def __init__(self, target: Target, prepared: Prepared, slot: Slot) -> None:
        self._target, self._prepared, self._slot = target, prepared, slot
        self._members = prepared.workload.members
        self._instances: list[Instance] = []
        self._users: list[Identity] = []
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self._slot.folder.mkdir(parents=True, exist_ok=True)
            stack.callback(shutil.rmtree, self._slot.folder, ignore_errors=True)
            cores = cpu_list(self._slot.placement.instance)
            of_target = self._target.group if isinstance(self._target, Grouping) else None
            # Limited before any member's: a v1 cpuset holds no more than the one above it.
            self.cgroup = of_target(self._slot.id, cores) if of_target else Cgroup(self._slot.id, cores=cores)
            stack.callback(self.cgroup.remove)
            self.cgroup.make()
            for part, slot in zip(self._prepared.parts, self._slot.parts, strict=True):
                self._instances.append(stack.enter_context(self._target.instance(part, slot)))
            self.channel, self.address = self._front.channel, self._front.address
            # The front's own run is queued by whoever asked for the application.
            self._users = [identity(part.image, part.rootfs.tree) for part in self._prepared.parts]
            for instance, part, user in list(zip(self._instances, self._prepared.parts, self._users, strict=True))[:-1]:
                instance.channel.send(instance.setup() + user.run(MAIN_RUN, part.workload.command))
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        return self._stack.__exit__(kind, error, trace)

    @property
    def _front(self) -> Instance:
        return self._instances[-1]

    def setup(self) -> bytes:
        """Return the front's own commands."""
        return self._front.setup()

    def create(self) -> None:
        """Create all members."""
        self._each(lambda instance: instance.create())

    def start(self) -> None:
        """Start the members in their order, each when those that it needs are as it needs them; the front last."""
        places = {member.name: place for place, member in enumerate(self._members)}
        for member, instance in zip(self._members, self._instances, strict=True):
            for need in member.needs:
                at = places[need.member]
                await_need(need, self._members[at], self._instances[at].channel, self._users[at])
            _named(member, instance.start)

    def running_at(self, timeout: float) -> int:
        """Return when the front ran; every other member has to run by then as well."""
        at_ns = self._front.running_at(timeout)
        for member, instance in zip(self._members[:-1], self._instances[:-1], strict=True):
            _named(member, partial(instance.running_at, timeout))
            _named(member, partial(instance.channel.wait, Running, timeout, run_id=MAIN_RUN))
        return at_ns

    def kernel_done_at(self, timeout: float) -> int | None:
        """Return when the front's kernel had come up."""
        return self._front.kernel_done_at(timeout)

    def processes(self) -> Processes:
        """Return the processes of all members."""
        found = [instance.processes() for instance in self._instances]
        own = tuple(pid for one in found for pid in one.own)
        return Processes(own, tuple(pid for one in found for pid in one.helpers))

    def vmm_overhead(self) -> int:
        """Return what isolates all members."""
        return sum(instance.vmm_overhead() for instance in self._instances)

    def disk_bytes(self) -> int:
        """Return what the members' writable layers or overlays take."""
        return sum(instance.disk_bytes() for instance in self._instances)

    def client_prefix(self) -> tuple[str, ...]:
        """Return the words before a command that reaches the front."""
        return self._front.client_prefix()

    def facts(self) -> dict[str, Fact]:
        """Return the front's facts, and who the members are."""
        return self._front.facts() | {"members": ", ".join(member.name for member in self._members)}

    def stop(self, grace: float) -> int:
        """Stop the members one after another, those that others need last; return when the last had stopped."""
        return max([instance.stop(grace) for instance in reversed(self._instances)])

    def kill(self) -> int:
        """SIGKILL all members; return when the last had ended."""
        return max([instance.kill() for instance in reversed(self._instances)])

    def remove(self) -> None:
        """Remove all members and the control group that holds theirs."""
        self._each(lambda instance: instance.remove())
        if not self.cgroup.outlasts:
            self.cgroup.remove()

    def _each(self, call: Callable[[Instance], object]) -> None:
        for member, instance in zip(self._members, self._instances, strict=True):
            _named(member, partial(call, instance))


def _named(member: Member, call: Callable[[], object]) -> None:
    """Make a call; where it fails the error names the member."""
    try:
        call()
    except SampleError as error:
        raise SampleError(error.outcome, error.message, where=member.name) from error
