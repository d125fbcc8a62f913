"""A whole machine boots by firmware, boot loader, initrd and systemd, and runs the workload's own bits as a service."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest
from tests.integration.living import CAN_RUN, Bench, ask, living, opened_bench
from tests.integration.test_vm_targets import Variant, prepared_for, slot

from isobench.guest.frames import Fail
from isobench.host.paths import Paths
from isobench.images import disk, full, manifest
from isobench.images.full import ensure_layer
from isobench.model import Cell, Job, Ready, TargetSpec
from isobench.plan import Step
from isobench.runner.measure import measure
from isobench.targets.vm import VmTarget
from isobench.targets.vm_full import FullInstance, FullTarget

pytestmark = [*CAN_RUN, pytest.mark.vm, pytest.mark.soak, pytest.mark.timeout(900)]

SPEC = TargetSpec("vm-full", "vm-full", "t", "d", "i", {"machine": "q35", "memory": 256 << 20})


@pytest.fixture(scope="module")
def bench(paths: Paths) -> Iterator[Bench]:
    with opened_bench(paths) as made:
        yield made


@pytest.fixture(scope="module")
def target(bench: Bench) -> FullTarget:
    if reason := full.unavailable():
        pytest.skip(reason)
    usual = bench._vm(replace(SPEC, kind="vm"))
    assert isinstance(usual, VmTarget)
    layer = ensure_layer(bench.guest, usual.kernel, bench.paths.cache, print)
    made = FullTarget(
        SPEC, usual.engine, usual.network, usual.kernel, usual.guest, "tcg", usual.store, bench.paths.cache,
        layer=layer,
    )  # fmt: skip
    made.check()
    return made


def test_the_layer_is_made_once(bench: Bench, target: FullTarget) -> None:
    before = target.layer.disk.stat().st_mtime_ns
    assert ensure_layer(bench.guest, target.kernel, bench.paths.cache, print) == target.layer
    assert target.layer.disk.stat().st_mtime_ns == before
    assert target.layer.digest.startswith("sha256:") and target.layer.kernel_size > 5 << 20


def test_the_workload_is_a_service_of_systemd_in_its_own_root(bench: Bench, target: FullTarget) -> None:
    with living(Variant(bench, target), "variant", "f-live") as (instance, times, _prepared):
        assert isinstance(instance, FullInstance)
        assert not [frame for _, frame in instance.channel.frames() if isinstance(frame, Fail)]
        assert times["running"] < times["kernel_done"] < times["init"] <= times["ready"]
        assert ask(instance, 2, "cat /proc/1/comm").strip() == "systemd"
        assert "isobench.service" in ask(instance, 3, "cat /proc/self/cgroup")
        words = ask(instance, 4, "cat /proc/cmdline")
        assert "root=LABEL=isobench-system" in words and "console=ttyS0" in words and "isobench.root" not in words
        assert ask(instance, 5, "echo /*").split() == ["/bin", "/data", "/dev", "/lost+found", "/proc", "/sys"]
        assert "/dev/vdc /data ext4" in ask(instance, 6, "cat /proc/mounts")
        assert f"inet {instance.address}/24" in ask(instance, 7, "ip address")
        assert ask(instance, 8, "hostname").strip() == "f-live"
        facts = instance.facts()
        assert facts["system_layer_digest"] == target.layer.digest
        assert "systemd" in str(facts["boot"]) and instance.vmm_overhead() > 0
        assert instance.disk_bytes() > 0
        instance.stop(8)
        console = instance.console.text()
        # Not cut off: systemd has unmounted all there was.
        assert "reboot: Power down" in console
        instance.remove()


def test_the_workloads_files_are_unchanged(bench: Bench, target: FullTarget, tmp_path: Path) -> None:
    prepared = prepared_for(bench, ("/bin/sleep", "600"))
    prepared = replace(prepared, workload=replace(prepared.workload, volume=None))
    target.prepare(prepared)
    point, raw = tmp_path / "mounted", tmp_path / "disk.raw"
    with target.instance(prepared, slot(bench, "f-bits")) as instance:
        assert isinstance(instance, FullInstance)
        instance.channel.send(instance.setup())
        instance.create()
        instance.start()
        assert instance.kernel_done_at(120)
        assert "bin" in ask(instance, 2, "echo /*")
        instance.stop(8)
        subprocess.run(["qemu-img", "convert", "-O", "raw", instance.plan.overlay, raw], check=True)
        instance.remove()
    point.mkdir()
    mounted = subprocess.run(["mount", "-o", "ro,noload,loop", raw, point], capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip(f"no loop mount here: {mounted.stderr.decode().strip()}")
    try:
        on_disk = list(manifest.manifest(point))
    finally:
        subprocess.run(["umount", point], check=True)
    assert on_disk == list(manifest.manifest(prepared.rootfs.tree))


def test_a_sample_has_every_phase_and_both_ends(bench: Bench, target: FullTarget) -> None:
    inside = Job("inside", "instance", ("/bin/echo", "done"), ())
    reach = Job("reach", "host", ("/bin/ping", "-c", "1", "-W", "5", "{address}"), ())
    prepared = prepared_for(
        bench, ("/bin/sh", "-c", "echo up; exec sleep 600"), Ready("output", "^up$"), inside, reach
    )  # fmt: skip
    target.prepare(prepared)
    ends: tuple[tuple[Literal["stop", "kill"], str], ...] = (("stop", "stop_time"), ("kill", "kill_time"))
    for number, (ended, metric) in enumerate(ends):
        step = Step(Cell("life", "variant"), 1, "measured", ended)
        one = measure("session", number, step, target, prepared, slot(bench, f"f-{number}", 5 + number))
        print(one.events, one.metrics)
        assert (one.outcome, one.error) == ("ok", None)
        assert 0 < one.events["running"] < one.events["kernel_done"] < one.events["init"] <= one.events["ready"]
        phases = ("phase_engine", "phase_kernel", "phase_initramfs", "phase_userspace")
        assert sum(one.metrics[name] for name in phases) == pytest.approx(one.metrics["time_to_ready"])
        assert one.metrics[metric] > 0
        assert one.metrics["kernel_size"] == target.layer.kernel_size
        assert one.metrics["stored_bytes"] > disk.allocated(target.layer.disk)
        assert one.metrics["host_pss_ready"] > 0 and one.metrics["guest_available_ready"] > 0
    assert not list(bench.store.glob("f-*"))
