"""The study ``life`` on real engines: what each kind of instance can do besides living, and why not where it cannot."""

from __future__ import annotations

import io
import os
import shutil
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from tests.integration.living import CAN_RUN, SPECS, make_rootfs
from tests.integration.snapshot import in_process

from isobench.engines import docker, libvirt
from isobench.host.cgroup.home import instances
from isobench.host.cpus import Placement
from isobench.host.paths import Paths
from isobench.house import House, house
from isobench.images.kernel import ensure_kernel
from isobench.images.types import Image, Rootfs
from isobench.model import Cell, Parameters, Ready, Resources, Sample, Workload
from isobench.plan import Step
from isobench.runner.measure import queue, start
from isobench.runner.recording import Record, recorded
from isobench.studies import Stage, find
from isobench.targets.abilities import Pausable
from isobench.targets.base import Prepared, Slot
from isobench.targets.vm import VmTarget

pytestmark = [*CAN_RUN, pytest.mark.docker, pytest.mark.vm]

CONTAINERS = ("native", "docker", "docker-gvisor", "podman")
SAVED = {"save_time", "saved_bytes", "restore_time"}
LIVES = SAVED | {"exec_latency", "pause_time", "resume_time", "restart_time"}
PAUSED = {"pause_time", "resume_time"}
WORKLOAD = Workload(
    "life", "t", "d", Path("/w"), ("/bin/sleep", "600"), Ready("start"), Resources(1, 128 << 20, 64 << 20), (),
    timeout=60.0,
)  # fmt: skip


@dataclass
class Opened:
    house: House
    prepared: Prepared
    kept: dict[str, Sample] = field(default_factory=dict)
    taken: int = 0

    def slot(self, workload: Workload) -> Slot:
        self.taken += 1
        cores = tuple(sorted(os.sched_getaffinity(0)))
        name = f"life-{self.taken}"
        return Slot(name, self.house.paths.run / name, Placement(cores[-1:], cores[:1], shared=False), self.taken)

    def stage(self, name: str) -> Stage:
        """Return the stage; skips, with the precise reason, where this host cannot have the target."""
        if reason := self.house.unavailable.get(name):
            pytest.skip(reason)
        target = self.house.targets[name]
        target.prepare(self.prepared)
        return Stage(self.house, target, self.prepared, {}, self.slot)

    def sample(self, name: str, ended_by: str) -> Sample:
        stage = self.stage(name)
        step = Step(Cell("life", name, Parameters(study="life")), 1, "measured", ended_by)  # type: ignore[arg-type]
        self.kept[name] = recorded("s", 1, step, lambda record: find("life").take(record, step, stage))
        return self.kept[name]


@pytest.fixture(scope="module")
def opened(paths: Paths) -> Iterator[Opened]:
    if reason := docker.unavailable(paths):
        pytest.skip(reason)
    rootfs: Rootfs = make_rootfs(paths.cache / "life-rootfs")
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        tar.add(rootfs.tree, arcname=".")
    try:
        with house(paths, [SPECS[name] for name in CONTAINERS], lambda _: None) as made:
            made.docker.builder.import_image_from_data(archive.getvalue(), repository="isobench-test", tag="life")
            if reason := libvirt.unavailable():
                made.unavailable["vm-micro"] = reason
            else:
                kernel = ensure_kernel(made.guest, paths.cache)
                engine = made.stack.enter_context(libvirt.libvirt_engine(in_process(paths)))
                made.targets["vm-micro"] = VmTarget(
                    SPECS["vm-micro"], engine, made.docker.network, kernel, made.guest, "tcg", made.store, paths.cache
                )
            image = Image(made.docker.api.inspect_image("isobench-test:life")["Id"], "t", (), "/", "", 1)
            try:
                yield Opened(made, Prepared(WORKLOAD, image, rootfs))
            finally:
                made.docker.api.remove_image("isobench-test:life", force=True)
    finally:
        shutil.rmtree(rootfs.folder, ignore_errors=True)


def test_a_container_that_was_left_paused_is_removed(opened: Opened) -> None:
    stage = opened.stage("docker")
    slot = opened.slot(WORKLOAD)
    with stage.target.instance(stage.prepared, slot) as instance:
        assert isinstance(instance, Pausable)
        queue(instance, stage.prepared)
        start(Record(), instance, stage.prepared)
        instance.pause()
    assert slot.id not in instances()
    assert opened.house.docker.api.containers(all=True, filters={"label": f"isobench={slot.id}"}) == []


@pytest.mark.parametrize(
    ("name", "ended_by", "absent"),
    [
        ("native", "stop", PAUSED | SAVED | {"restart_time"}),
        ("docker", "stop", SAVED),
        ("vm-micro", "kill", set()),
        ("docker-gvisor", "kill", SAVED),
        ("podman", "stop", SAVED | {"pause_time"}),
    ],
)
def test_what_an_instance_can_do(opened: Opened, name: str, ended_by: str, absent: set[str]) -> None:
    sample = opened.sample(name, ended_by)
    assert sample.outcome == "ok", sample.error
    assert set(sample.not_applicable) == absent
    assert set(sample.metrics) == LIVES - absent | {f"{ended_by}_time"}
    assert all(value > 0 for value in sample.metrics.values())
    assert all(reason and "/" not in reason.split()[0] for reason in sample.not_applicable.values())
    assert sample.facts["executed_by"]
    assert ("restarted_by" in sample.facts) == ("restart_time" not in absent)
    assert sample.facts.get("restored_continues") == (None if "save_time" in absent else True)
    assert [event for event in ("request", "ready", "done", "removed") if event not in sample.events] == []


def test_why_docker_saves_nothing_is_told_in_its_own_words(opened: Opened) -> None:
    if shutil.which("criu"):
        pytest.skip("CRIU is installed here")
    sample = opened.kept.get("docker") or opened.sample("docker", "stop")
    told = sample.not_applicable["save_time"]
    assert told.startswith("the engine says: ")
    # The same for every sample and host: no name of an instance, no folder.
    assert "isobench-life" not in told
    assert str(opened.house.paths.cache) not in told
