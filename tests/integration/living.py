"""One small instance on any target with its real engine, for the tests of targets and of what confines them."""

from __future__ import annotations

import io
import os
import shutil
import tarfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from tests.integration.snapshot import in_process

from isobench.engines import bridge
from isobench.errors import IsobenchError
from isobench.guest import commands
from isobench.guest.build import GuestBinaries, build
from isobench.guest.frames import Exit, Init, Running
from isobench.host import cgroup
from isobench.host.cgroup.home import home
from isobench.host.cpus import Placement
from isobench.host.paths import Paths
from isobench.images.kernel import ensure_kernel
from isobench.images.types import DockerApi, Image, Rootfs
from isobench.model import Ready, Resources, TargetSpec, Volume, Workload
from isobench.targets import base, catalog
from isobench.targets.base import Instance, Prepared, Slot, Target
from isobench.targets.docker import DockerTarget
from isobench.targets.native import NativeTarget
from isobench.targets.vm import VmTarget

SPECS = catalog.load_all([Path(base.__file__).parent / "targets.toml"])
MARKS = {"native": (), "docker": (pytest.mark.docker,), "vm": (pytest.mark.vm,)}
"""The kinds whose instances the tests here make themselves; others have tests of their own."""
NAMES = ("native", "docker", "docker-hardened", "vm-micro", "vm-q35")
CAN_RUN = [
    pytest.mark.skipif(os.geteuid() != 0, reason="control groups and namespaces need root"),
    pytest.mark.skipif(shutil.which("busybox") is None, reason="busybox is not installed"),
]
APPLETS = ("sh", "cat", "echo", "hostname", "ip", "sleep", "grep", "dd", "ping", "chown")


class Bench:
    """The engines, opened once, as far as this host has them."""

    def __init__(self, paths: Paths, stack: ExitStack) -> None:
        self.paths, self.stack = paths, stack
        self.store = paths.cache / "test-instances"
        self.guest: GuestBinaries = build(paths.cache)
        self.network = stack.enter_context(bridge.Bridge("isobtest0"))
        self.targets: dict[str, Target] = {}
        self.rootfs = make_rootfs(paths.cache / "test-rootfs")
        stack.callback(shutil.rmtree, self.store, ignore_errors=True)
        stack.callback(shutil.rmtree, self.rootfs.folder, ignore_errors=True)
        self.image = "none"

    def target(self, name: str) -> Target:
        spec = SPECS[name]
        if name not in self.targets:
            make = getattr(self, f"_{spec.kind}", None)
            if make is None:
                pytest.skip(f"targets of the kind {spec.kind} are tried elsewhere")
            self.targets[name] = make(spec)
        return self.targets[name]

    def _native(self, spec: TargetSpec) -> Target:
        return NativeTarget(spec, self.guest, self.store)

    def _docker(self, spec: TargetSpec) -> Target:
        from isobench.engines.docker import docker_engine

        if not hasattr(self, "docker"):
            self.docker = self.stack.enter_context(docker_engine(self.paths, self.network))
            self.image = self._import(self.docker.api)
        return DockerTarget(spec, self.docker, self.guest)

    def _import(self, api: DockerApi) -> str:
        archive = io.BytesIO()
        with tarfile.open(fileobj=archive, mode="w") as tar:
            tar.add(self.rootfs.tree, arcname=".")
        api.import_image_from_data(archive.getvalue(), repository="isobench-test", tag="targets")
        self.stack.callback(api.remove_image, "isobench-test:targets", force=True)
        return str(api.inspect_image("isobench-test:targets")["Id"])

    def _vm(self, spec: TargetSpec) -> Target:
        from isobench.engines import libvirt

        if reason := libvirt.unavailable():
            pytest.skip(reason)
        if not hasattr(self, "libvirt"):
            self.kernel = ensure_kernel(self.guest, self.paths.cache)
            self.libvirt = self.stack.enter_context(libvirt.libvirt_engine(in_process(self.paths)))
        return VmTarget(spec, self.libvirt, self.network, self.kernel, self.guest, "tcg", self.store, self.paths.cache)


def make_rootfs(folder: Path) -> Rootfs:
    shutil.rmtree(folder, ignore_errors=True)
    binaries = folder / "tree" / "bin"
    binaries.mkdir(parents=True)
    busybox = shutil.copy(str(shutil.which("busybox")), binaries / "busybox")
    for applet in APPLETS:
        (binaries / applet).symlink_to("busybox")
    size = Path(busybox).stat().st_size
    return Rootfs(folder, "sha256:7e577a26e7500000", size, size, size)


def make_workload(folder: Path) -> Workload:
    return Workload(
        "life", "t", "d", folder, ("/bin/sleep", "600"), Ready("start"), Resources(1, 128 << 20, 32 << 20), (),
        volume=Volume("/data", 16 << 20),
    )  # fmt: skip


@contextmanager
def opened_bench(paths: Paths) -> Iterator[Bench]:
    """Give a Bench; what it opened is closed at the end. Skips where this host cannot have one."""
    if reason := cgroup.unavailable():
        pytest.skip(reason)
    with ExitStack() as stack:
        stack.enter_context(home())
        try:
            made = Bench(paths, stack)
        except IsobenchError as error:
            pytest.skip(error.line())
        yield made


@contextmanager
def living(
    bench: Bench, target: str, name: str, user: str = ""
) -> Iterator[tuple[Instance, dict[str, float], Prepared]]:
    chosen = bench.target(target)
    prepared = Prepared(make_workload(bench.store), Image(bench.image, "t", (), "/", user, 1), bench.rootfs)
    chosen.prepare(prepared)
    cores = tuple(sorted(os.sched_getaffinity(0)))
    slot = Slot(name, bench.paths.run / name, Placement(cores[-1:], cores[:1], shared=False), 5)
    times: dict[str, float] = {}
    with chosen.instance(prepared, slot) as instance:
        instance.channel.send(instance.setup() + commands.run(1, prepared.workload.command))
        request = time.monotonic_ns()

        def at(event: str, at_ns: int | None = None) -> None:
            times[event] = round(((at_ns or time.monotonic_ns()) - request) / 1e9, 3)

        instance.create()
        at("created")
        instance.start()
        at("started")
        at("running", instance.running_at(30))
        kernel_done = instance.kernel_done_at(60)
        if kernel_done:
            at("kernel_done", kernel_done)
        at("init", instance.channel.wait(Init, 60)[0])
        at("ready", instance.channel.wait(Running, 60, run_id=1)[0])
        yield instance, times, prepared


def ask(instance: Instance, run_id: int, script: str) -> str:
    instance.channel.send(commands.run(run_id, ["/bin/sh", "-c", script], env={"PATH": "/bin"}))
    instance.channel.wait(Exit, 30, run_id=run_id)
    return instance.channel.output(run_id).data().decode()
