"""The house of a session: engines found or started, images built, targets ready; all put away at the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

from isobench.engines import bridge, docker, kvm, libvirt
from isobench.errors import HarnessError, IsobenchError, UsageError
from isobench.guest.build import GuestBinaries, build
from isobench.host import cgroup
from isobench.host.paths import Paths
from isobench.images.base import ensure_base, needs_base
from isobench.images.build import ensure_image
from isobench.images.kernel import ensure_kernel
from isobench.images.rootfs import ensure_rootfs
from isobench.images.types import Kernel
from isobench.model import TargetSpec, Workload
from isobench.targets.base import Prepared, Target
from isobench.targets.docker import DockerTarget
from isobench.targets.native import NativeTarget
from isobench.targets.vm import VmTarget

Say = Callable[[str], None]


@dataclass
class House:
    """Open engines and what stands on them. ``unavailable`` says why a target cannot run here."""

    paths: Paths
    guest: GuestBinaries
    docker: docker.DockerEngine
    targets: dict[str, Target] = field(default_factory=dict)
    acceleration: dict[str, str] = field(default_factory=dict)
    unavailable: dict[str, str] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    kernel: Kernel | None = None

    def prepare(self, workload: Workload, say: Say) -> Prepared:
        """Return the workload's image and root file system, built first where need be, and the targets' shares."""
        builder = self.docker.builder
        base = ensure_base(builder, self.paths.cache) if needs_base(workload) else ""
        image = ensure_image(builder, workload, base, self.paths.cache, self.docker.network_name, say)
        prepared = Prepared(workload, image, ensure_rootfs(builder, image, self.paths.cache))
        for target in self.targets.values():
            target.prepare(prepared)
        return prepared


def needs() -> str | None:
    """Return why nothing at all can run here, or None."""
    return cgroup.unavailable()


@contextmanager
def house(paths: Paths, specs: Sequence[TargetSpec], say: Say) -> Iterator[House]:
    """Open what the targets need. Raises UsageError where nothing can run, naming the mend."""
    if reason := needs():
        raise UsageError(f"nothing can run here: {reason}", mend="run as root, or with sudo")
    paths.cache.mkdir(parents=True, exist_ok=True)
    paths.run.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        stack.callback(cgroup.remove_parent)
        guest = build(paths.cache)
        network = stack.enter_context(bridge.Bridge())
        say("starting Docker")
        engine = stack.enter_context(docker.docker_engine(paths, network))
        opened = House(paths, guest, engine, versions=dict(engine.versions()))
        virtual: dict[str, Any] = {}
        for spec in specs:
            try:
                opened.targets[spec.name], opened.acceleration[spec.name] = _open(spec, opened, virtual, stack, say)
            except UsageError:
                raise
            except IsobenchError as error:
                opened.unavailable[spec.name] = error.line()
        yield opened


def _open(spec: TargetSpec, opened: House, virtual: dict[str, Any], stack: ExitStack, say: Say) -> tuple[Target, str]:
    store = opened.paths.cache / "instances"
    store.mkdir(exist_ok=True)
    match spec.kind:
        case "native":
            return NativeTarget(spec, opened.guest, store), "none"
        case "docker":
            return DockerTarget(spec, opened.docker, opened.guest), "none"
        case "vm":
            if not virtual:
                virtual |= _open_libvirt(opened, stack, say)
            target = VmTarget(
                spec, virtual["engine"], opened.docker.network, virtual["kernel"], opened.guest,
                virtual["acceleration"], store, opened.paths.cache,
            )  # fmt: skip
            return target, virtual["acceleration"]
        case kind:
            raise UsageError(f"target {spec.name} has the unknown kind {kind!r}", mend="known: native, docker, vm")


def _open_libvirt(opened: House, stack: ExitStack, say: Say) -> dict[str, Any]:
    if reason := libvirt.unavailable():
        raise HarnessError(reason)
    say("opening libvirt")
    engine = stack.enter_context(libvirt.libvirt_engine(opened.paths))
    opened.kernel = kernel = ensure_kernel(opened.guest, opened.paths.cache)
    say("proving KVM")
    state = kvm.probe(kernel, opened.paths.cache, opened.paths.run)
    opened.versions |= engine.versions() | {"guest_kernel": kernel.release}
    return {"engine": engine, "kernel": kernel, "acceleration": "kvm" if state.available else "tcg"}
