"""What a docker target's options make of a real container; gVisor and Podman; volumes that outlive containers."""

from __future__ import annotations

import io
import os
import platform
import shutil
import tarfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from tests.integration.living import CAN_RUN, SPECS, make_rootfs

from isobench.engines import docker, runtimes
from isobench.errors import IsobenchError
from isobench.host.cpus import Placement
from isobench.host.paths import Paths
from isobench.host.process import command_lines
from isobench.house import House, house
from isobench.images.types import Image, Rootfs
from isobench.model import Cell, Job, Ready, Resources, Sample, Service, Volume, Workload
from isobench.plan import Step
from isobench.runner.measure import measure
from isobench.targets.base import Prepared, Slot

pytestmark = [*CAN_RUN, pytest.mark.docker, pytest.mark.beside]

PORT = 18099
WRITE = Job("write", "instance", ("/bin/sh", "-c", "dd if=/dev/zero of=/data/file bs=4k count=64 conv=fsync"), (), {})
CLIENT = Job("client", "host", ("/bin/busybox", "wget", "-q", "-O", "-", "http://{address}:{port}/data/file"), (), {})
WORKLOAD = Workload(
    "served", "t", "d", Path("/w"), ("/bin/busybox", "httpd", "-f", "-p", str(PORT), "-h", "/"), Ready("start"),
    Resources(1, 128 << 20, 32 << 20), (WRITE, CLIENT), service=Service(PORT, b"GET / HTTP/1.0\r\n\r\n", "^HTTP/1"),
    volume=Volume("/data", 16 << 20), timeout=15.0,
)  # fmt: skip
FACTS = {
    "docker": ("volume on a local volume", "device"),
    "docker-none": ("volume on a local volume", "device"),
    "docker-host": ("volume on a local volume", "device"),
    "docker-layer": ("volume on the writable layer", "device"),
    "docker-bind": ("volume on a folder of the host", "device"),
    "docker-tmpfs": ("volume in memory (tmpfs)", "volatile"),
    "docker-crun": ("volume on a local volume", "device"),
    "docker-gvisor": ("volume on a local volume", "device"),
    "podman": ("volume on a local volume", "device"),
}
PLAIN = [name for name in FACTS if name not in ("docker-crun", "docker-gvisor", "podman")]


@dataclass
class Opened:
    house: House
    rootfs: Rootfs
    image: str

    def sample(self, name: str, workload: Workload = WORKLOAD, ended_by: str = "stop") -> Sample:
        """Take one measured sample; skips, with the precise reason, where this host cannot have the target."""
        if reason := self.house.unavailable.get(name):
            pytest.skip(reason)
        target = self.house.targets[name]
        prepared = Prepared(workload, Image(self.image, "t", (), "/", "", 1), self.rootfs)
        target.prepare(prepared)
        cores = tuple(sorted(os.sched_getaffinity(0)))
        slot = Slot(f"t-{name}", self.house.paths.run / f"t-{name}", Placement(cores[-1:], cores[:1], shared=False), 7)
        step = Step(Cell(workload.name, name), 0, "measured", ended_by)  # type: ignore[arg-type]
        return measure("s", 1, step, target, prepared, slot)


@pytest.fixture(scope="module")
def opened(paths: Paths) -> Iterator[Opened]:
    if reason := docker.unavailable(paths):
        pytest.skip(reason)
    rootfs = make_rootfs(paths.cache / "docker-targets")
    try:
        with house(paths, [SPECS[name] for name in FACTS], lambda _: None) as made:
            archive = io.BytesIO()
            with tarfile.open(fileobj=archive, mode="w") as tar:
                tar.add(rootfs.tree, arcname=".")
            made.docker.builder.import_image_from_data(archive.getvalue(), repository="isobench-test", tag="options")
            try:
                yield Opened(made, rootfs, str(made.docker.api.inspect_image("isobench-test:options")["Id"]))
            finally:
                made.docker.api.remove_image("isobench-test:options", force=True)
    finally:
        shutil.rmtree(rootfs.folder, ignore_errors=True)


@pytest.mark.parametrize("name", FACTS)
def test_each_serves_writes_and_says_where(opened: Opened, name: str) -> None:
    sample = opened.sample(name, ended_by="kill" if name == "docker-gvisor" else "stop")
    assert sample.outcome == "ok", sample.error
    # The client on the host has read back, over the target's own network, what the workload wrote.
    assert [job.exit_status for job in sample.jobs] == [0, 0]
    assert "service" in sample.events
    storage, durability = FACTS[name]
    assert str(sample.facts["storage"]).endswith(f"; {storage}")
    assert sample.facts["durability"] == durability
    assert (sample.facts["storage_filesystem"] == "tmpfs") == (name == "docker-tmpfs")
    assert sample.metrics["host_pss_ready"] > sample.metrics["vmm_overhead_ready"] > 0
    own_kernel = sample.facts["kernel_seen_inside"] != platform.release()
    assert own_kernel == (name == "docker-gvisor")
    assert not list(opened.house.store.iterdir())


def test_each_available_target_runs_the_named_runtime(opened: Opened) -> None:
    for name in PLAIN:
        assert opened.house.unavailable.get(name) is None
    known = opened.house.docker.api.info()["Runtimes"]
    if opened.house.docker.daemon is not None:
        assert set(runtimes.runtimes()) <= set(known)


def test_an_unknown_runtime_is_named_with_those_there_are(opened: Opened) -> None:
    trial = runtimes.tried(opened.house.docker, opened.house.guest, opened.house.paths.run, "nosuch", "none")
    assert trial.reason is not None and "nosuch" not in opened.house.docker.api.info()["Runtimes"]
    assert "runc" in trial.reason


def sandboxes() -> set[int]:
    return {pid for pid, words in command_lines() if words[0].startswith("runsc")}


def test_a_sandbox_whose_sample_failed_leaves_no_process(opened: Opened) -> None:
    before = sandboxes()
    crash = Job("crash", "instance", ("/bin/busybox", "nosuch-applet"), (), {})
    assert opened.sample("docker-gvisor", replace(WORKLOAD, jobs=(crash,))).outcome == "failed"
    assert sandboxes() <= before


def test_the_data_of_a_named_volume_outlives_its_container(opened: Opened) -> None:
    api = opened.house.docker.api
    api.create_volume("isobench-test-kept")
    try:
        said = [_run(opened, script) for script in ("echo kept > /data/file", "cat /data/file")]
        assert said == ["", "kept\n"]
    finally:
        api.remove_volume("isobench-test-kept")


def _run(opened: Opened, script: str) -> str:
    """Run a shell script in a container of its own, which is removed, on the named volume; return what it printed."""
    api = opened.house.docker.api
    host = api.create_host_config(binds=["isobench-test-kept:/data"], network_mode="none")
    container = api.create_container(opened.image, ["/bin/sh", "-c", script], host_config=host)["Id"]
    try:
        api.start(container)
        assert api.wait(container, timeout=30)["StatusCode"] == 0
        return str(api.logs(container).decode())
    finally:
        with suppress(IsobenchError):
            api.remove_container(container, force=True)
