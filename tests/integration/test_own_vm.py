"""A disk of the user's own: booted by firmware, seen from outside, and left as it was."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest
from tests.integration.living import CAN_RUN, Bench, opened_bench
from tests.integration.test_engines import BOOT_SECTOR
from tests.integration.test_vm_targets import slot

from isobench.host.paths import Paths
from isobench.model import Cell, Sample, TargetSpec
from isobench.plan import Step
from isobench.runner import own_disk as runner
from isobench.targets import own_vm
from isobench.targets.base import Prepared
from isobench.targets.own_vm import OwnTarget
from isobench.targets.own_vm_disk import OwnDisk, own_disk
from isobench.targets.own_vm_lease import Lease
from isobench.targets.vm import VmTarget

pytestmark = [*CAN_RUN, pytest.mark.vm]

SPEC = TargetSpec("own-vm", "own-vm", "t", "d", "i", {"machine": "q35", "memory": 128 << 20})


@pytest.fixture(scope="module")
def bench(paths: Paths) -> Iterator[Bench]:
    with opened_bench(paths) as made:
        yield made


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    raw, made = tmp_path / "boot.raw", tmp_path / "boot.qcow2"
    raw.write_bytes(BOOT_SECTOR.ljust(1 << 20, b"\0"))
    subprocess.run(["qemu-img", "convert", "-f", "raw", "-O", "qcow2", raw, made], check=True)
    return made


def target_of(bench: Bench, spec: TargetSpec = SPEC) -> OwnTarget:
    usual = bench._vm(replace(spec, kind="vm"))
    assert isinstance(usual, VmTarget)
    made = OwnTarget(
        spec, usual.engine, usual.network, usual.kernel, usual.guest, "tcg", usual.store, bench.paths.cache
    )
    made.check()
    return made


def sample(
    bench: Bench, workload: OwnDisk, ended_by: Literal["stop", "kill"], target: OwnTarget | None = None
) -> Sample:
    chosen = target or target_of(bench)
    prepared = Prepared(workload, workload.image(), workload.rootfs())
    chosen.prepare(prepared)
    step = Step(Cell(workload.name, "own-vm"), 1, "measured", ended_by)
    return runner.measure("session", 1, step, chosen, prepared, slot(bench, "o-disk"))


def test_a_session_names_the_disk_without_its_place(bench: Bench, disk: Path) -> None:
    workload = own_disk(disk, ready="runs")
    prepared = Prepared(workload, workload.image(), workload.rootfs())
    told = str(target_of(bench).describe(prepared))
    assert '<source file="boot.qcow2"' in told and str(disk.parent) not in told


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_startup_memory_and_end_are_measured_and_the_disk_stays_as_it_is(bench: Bench, disk: Path) -> None:
    before, times = digest(disk), disk.stat().st_mtime_ns
    one = sample(bench, own_disk(disk, ready="sector [r]uns", timeout=30), "kill")
    assert (one.outcome, one.error) == ("ok", None)
    assert 0 < one.events["created"] < one.events["running"] < one.events["ready"] < one.events["stopped"]
    assert not {"init", "kernel_done", "service"} & set(one.events)
    for name in ("create_time", "start_time", "time_to_ready", "phase_engine", "kill_time", "remove_time",
                 "host_pss_ready", "vmm_overhead_ready", "instance_disk_ready", "stored_bytes"):  # fmt: skip
        assert one.metrics[name] > 0, name
    assert one.metrics["disk_virtual"] == 1 << 20
    for name in ("time_to_init", "phase_userspace", "guest_total", "guest_available_ready"):
        assert one.not_applicable[name] == "isobench has no init in a disk of the user's own"
    assert one.facts["rootfs_digest"] == f"sha256:{before}" and "guest_kernel" not in one.facts
    assert (digest(disk), disk.stat().st_mtime_ns) == (before, times)
    assert not list(bench.store.glob("o-*"))


def test_a_guest_that_does_not_heed_its_power_button_is_killed(
    bench: Bench, disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(own_vm, "_BUTTON", 1.0)
    one = sample(bench, own_disk(disk, ready="runs", timeout=30), "stop")
    assert (one.outcome, one.error) == ("ok", None)
    assert one.not_applicable["stop_time"] == "the guest did not power off at its ACPI power button"
    assert "stop_time" not in one.metrics and "lifecycle_time" not in one.metrics
    assert not list(bench.store.glob("o-*"))


@pytest.mark.parametrize(
    ("ready", "port", "said"),
    [
        ("never said", None, r"its serial console did not say 'never said' within 3 s"),
        (None, 22, r"port 22: nothing listened within 3 s"),
    ],
)
def test_one_that_is_never_ready_fails_in_one_line(
    bench: Bench, disk: Path, ready: str | None, port: int | None, said: str
) -> None:
    one = sample(bench, own_disk(disk, ready=ready, port=port, timeout=3), "kill")
    assert one.outcome == "timeout"
    assert said in str(one.error) and "\n" not in str(one.error)
    # What it did say is kept.
    assert "boot sector runs" in one.output
    assert not list(bench.store.glob("o-*"))


def test_a_port_needs_a_network(bench: Bench, disk: Path) -> None:
    target = target_of(bench, replace(SPEC, options={**SPEC.options, "network": "none"}))
    one = sample(bench, own_disk(disk, port=22), "kill", target)
    assert one.outcome == "error" and "this target has no network" in str(one.error)


def test_a_guest_that_asks_is_given_its_address(bench: Bench, tmp_path: Path) -> None:
    script, link, mac = tmp_path / "told", "isobdhcp0", "52:54:00:00:00:63"
    script.write_text('#!/bin/sh\n[ "$1" = bound ] && echo "got $ip/$mask by $router"\nexit 0\n')
    script.chmod(0o755)
    busybox = str(shutil.which("busybox"))
    if "udhcpc" not in subprocess.run([busybox, "--list"], capture_output=True, text=True, check=True).stdout:
        pytest.skip("this busybox has no udhcpc")
    ip = shutil.which("ip") or "ip"
    subprocess.run([ip, "link", "add", link, "address", mac, "type", "veth", "peer", "name", "isobdhcp1"], check=True)
    try:
        subprocess.run([ip, "link", "set", "isobdhcp1", "master", bench.network.bridge, "up"], check=True)
        subprocess.run([ip, "link", "set", link, "up"], check=True)
        ask = [busybox, "udhcpc", "-i", link, "-n", "-q", "-f", "-t", "5", "-T", "1", "-s", str(script)]
        with Lease(bench.network, mac, bench.network.address(7)):
            told = subprocess.run(ask, capture_output=True, text=True, check=False, timeout=30)
        assert told.returncode == 0, told.stderr
        assert f"got {bench.network.address(7)}/24 by {bench.network.gateway}" in told.stdout
        # Another machine on the same bridge is none of its business.
        with Lease(bench.network, "52:54:00:00:00:64", bench.network.address(8)):
            told = subprocess.run([*ask[:-5], "1", *ask[-4:]], capture_output=True, text=True, check=False, timeout=30)
        assert told.returncode != 0
    finally:
        subprocess.run([ip, "link", "delete", link], check=False)
