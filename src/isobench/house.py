"""The house of a session: engines found or started, images built, targets ready; all put away at the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypeVar, cast

from isobench.compose import overlaid, together
from isobench.engines import bridge, docker
from isobench.errors import IsobenchError, UsageError
from isobench.guest.build import GuestBinaries, build
from isobench.host import cgroup
from isobench.host.cgroup import systemd
from isobench.host.cgroup.home import home
from isobench.host.paths import Paths
from isobench.images.base import ensure_base, needs_base
from isobench.images.build import ensure_image
from isobench.images.rootfs import ensure_rootfs
from isobench.images.types import Image, Kernel
from isobench.model import TargetSpec, Workload
from isobench.targets.application import unsuitable
from isobench.targets.base import Prepared, Target
from isobench.targets.kind import kinds
from isobench.targets.own_vm_disk import OwnDisk
from isobench.workloads.bring import settle

Say = Callable[[str], None]
T = TypeVar("T")


@dataclass
class House:
    """Open engines and what stands on them. ``unavailable`` says why a target cannot run here.

    ``stack`` closes, at the house's end, what a kind of target opens for itself.
    """

    paths: Paths
    guest: GuestBinaries
    docker: docker.DockerEngine
    stack: ExitStack
    say: Say
    targets: dict[str, Target] = field(default_factory=dict)
    acceleration: dict[str, str] = field(default_factory=dict)
    unavailable: dict[str, str] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    kernels: dict[str, Kernel] = field(default_factory=dict)
    shared: dict[str, Any] = field(default_factory=dict)

    @property
    def store(self) -> Path:
        """The folder on the cache's disk that takes the instances' writable layers."""
        return self.paths.cache / "instances"

    def once(self, key: str, make: Callable[[], T]) -> T:
        """Return what several targets share: made by the first that asks."""
        if key not in self.shared:
            self.shared[key] = make()
        return cast(T, self.shared[key])

    def prepare(self, workload: Workload, say: Say) -> Prepared:
        """Return the workload's image and root file system, built first where need be, and the targets' shares."""
        prepared = self.docker.watched(lambda: self._built(workload, say))
        for target in self.targets.values():
            for one in prepared.parts if not unsuitable(target.spec, workload) else ():
                target.prepare(one)
            if not prepared.parts:
                target.prepare(prepared)
        return prepared

    def _built(self, workload: Workload, say: Say) -> Prepared:
        if isinstance(workload, OwnDisk):
            return Prepared(workload, workload.image(), workload.rootfs())
        if workload.members:
            return together(workload, [
                self._imaged(member.workload, say, partial(overlaid, member)) for member in workload.members
            ])  # fmt: skip
        return self._imaged(workload, say, lambda image: image)

    def _imaged(self, workload: Workload, say: Say, overlay: Callable[[Image], Image]) -> Prepared:
        builder = self.docker.builder
        base = ensure_base(builder, self.paths.cache, say) if needs_base(workload) else ""
        image = overlay(ensure_image(builder, workload, base, self.paths.cache, self.docker.network_name, say))
        rootfs = ensure_rootfs(builder, image, self.paths.cache)
        return Prepared(settle(workload, image, rootfs), image, rootfs)


def needs() -> str | None:
    """Return why nothing at all can run here, or None."""
    return cgroup.unavailable() or systemd.unavailable()


@contextmanager
def house(paths: Paths, specs: Sequence[TargetSpec], say: Say) -> Iterator[House]:
    """Open what the targets need. Raises UsageError where nothing can run, naming the mend."""
    if reason := needs():
        raise UsageError(f"nothing can run here: {reason}", mend="run as root, or with sudo")
    paths.cache.mkdir(parents=True, exist_ok=True)
    paths.run.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        stack.enter_context(home())
        guest = build(paths.cache)
        network = stack.enter_context(bridge.Bridge())
        say("starting Docker")
        engine = stack.enter_context(docker.docker_engine(paths, network))
        opened = House(paths, guest, engine, stack, say, versions=dict(engine.versions()))
        opened.store.mkdir(exist_ok=True)
        for spec in specs:
            try:
                found = kinds()[spec.kind].open(spec, opened)
            except UsageError:
                raise
            except IsobenchError as error:
                opened.unavailable[spec.name] = error.line()
            else:
                opened.targets[spec.name], opened.acceleration[spec.name] = found.target, found.acceleration
                if found.kernel:
                    opened.kernels[spec.name] = found.kernel
        yield opened
