"""What a VM's options make of a real one, and VMs that resume from a saved state."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.integration.living import CAN_RUN, Bench, ask, living, make_workload, opened_bench

from isobench.errors import HarnessError, UsageError
from isobench.guest import commands
from isobench.guest.frames import Fail, Memory
from isobench.host.cpus import Placement
from isobench.host.paths import Paths
from isobench.images.cache import entry
from isobench.images.kernel import TRANSPORTS, WANTED, ensure_kernel, load_order
from isobench.images.types import Image, Kernel
from isobench.model import Cell, Job, Ready, Sample, TargetSpec
from isobench.model.target import Option
from isobench.plan import Step
from isobench.runner.measure import measure
from isobench.targets.base import Prepared, Slot, Target
from isobench.targets.saved_state import Original, SavedState
from isobench.targets.vm import VmTarget
from isobench.targets.vm_instance import VmInstance
from isobench.targets.vm_restore import RestoreTarget

pytestmark = [*CAN_RUN, pytest.mark.vm]

RNG = """<domain>
  <os><cmdline>isobench.test=merged</cmdline></os>
  <devices><rng model="virtio">
    <backend model="random">/dev/urandom</backend><address type="virtio-mmio"/>
  </rng></devices>
</domain>
"""  # fmt: skip

PLAIN_CPU = """<domain><cpu mode="custom" match="exact" check="none">
  <model fallback="forbid">qemu64</model>
</cpu></domain>
"""


@pytest.fixture(scope="module")
def bench(paths: Paths) -> Iterator[Bench]:
    with opened_bench(paths) as made:
        yield made


class Variant(Bench):
    """The bench with one more target, which is all it offers."""

    def __init__(self, bench: Bench, target: Target) -> None:
        self.__dict__.update(bench.__dict__)
        self._chosen = target

    def target(self, name: str) -> Target:
        return self._chosen


def spec(kind: str, options: dict[str, Option]) -> TargetSpec:
    return TargetSpec("variant", kind, "t", "d", "i", {"machine": "microvm", **options})


def vm(bench: Bench, other: Kernel | None = None, acceleration: str = "tcg", **options: Option) -> VmTarget:
    usual = bench._vm(spec("vm", {}))
    assert isinstance(usual, VmTarget)
    return VmTarget(
        spec("vm", options), usual.engine, usual.network, other or usual.kernel, usual.guest, acceleration,
        usual.store, bench.paths.cache,
    )  # fmt: skip


def package(kernel: Kernel, folder: Path) -> Path:
    """Pack the guest kernel, with the modules that are needed, as a Debian package once more."""
    boot, modules = folder / "deb/boot", f"lib/modules/{kernel.release}"
    unpacked = kernel.image.parents[1]
    (folder / "deb/DEBIAN").mkdir(parents=True)
    boot.mkdir()
    shutil.copy(kernel.image, boot)
    control = "Package: linux-image-own\nVersion: 1\nArchitecture: amd64\nMaintainer: t <t@t>\nDescription: t\n"
    (folder / "deb/DEBIAN/control").write_text(control)
    needed = load_order(unpacked / modules, (*TRANSPORTS.values(), *WANTED))
    for file in (unpacked / modules / "modules.builtin", *needed):
        target = folder / "deb" / file.relative_to(unpacked)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, target)
    subprocess.run(
        ["dpkg-deb", "--build", "-Znone", folder / "deb", folder / "own.deb"], check=True, capture_output=True
    )
    return folder / "own.deb"


def test_a_vm_with_its_own_kernel_xml_memory_and_a_raw_root(bench: Bench, tmp_path: Path) -> None:
    usual = vm(bench).kernel
    own = ensure_kernel(bench.guest, bench.paths.cache, package(usual, tmp_path))
    # The same image and modules make the same layer, wherever they came from.
    assert (own.package, own.release, own.digest) == ("linux-image-own", usual.release, usual.digest)
    assert own.image != usual.image
    (tmp_path / "own.xml").write_text(RNG)
    target = vm(
        bench, own, format="raw", cache="unsafe", volume="root", memory=192 << 20, vcpus=2, kernel="own.deb",
        xml=str(tmp_path / "own.xml"),
    )  # fmt: skip
    target.check()
    with living(Variant(bench, target), "variant", "v-raw") as (instance, _, _prepared):
        assert not [frame for _, frame in instance.channel.frames() if isinstance(frame, Fail)]
        assert "isobench.test=merged" in ask(instance, 2, "cat /proc/cmdline")
        assert "virtio" in ask(
            instance, 3, "cat /sys/class/misc/hw_random/rng_available /sys/bus/virtio/devices/*/modalias"
        )
        assert "/dev/vda /data ext4" in ask(instance, 4, "cat /proc/mounts")
        assert ask(instance, 5, "grep -c processor /proc/cpuinfo").strip() == "2"
        instance.channel.send(commands.memory())
        assert 96 << 20 < instance.channel.wait(Memory, 10)[1].total < 192 << 20
        assert 0 < instance.vmm_overhead() < 512 << 20
        before = instance.disk_bytes()
        ask(instance, 6, "dd if=/dev/zero of=/data/big bs=1048576 count=8 conv=fsync")
        assert instance.disk_bytes() - before >= 8 << 20
        facts = instance.facts()
        assert (facts["storage"], facts["durability"]) == (
            "raw copy, cache=unsafe; volume on the same disk",
            "volatile",
        )
        assert facts["kernel_digest"] == own.digest
        assert isinstance(instance, VmInstance)
        assert not (instance.plan.overlay.parent / "volume.raw").exists()
        instance.kill()
        instance.remove()
    assert not instance.plan.overlay.parent.exists()


def test_a_volume_outlives_its_domain(bench: Bench) -> None:
    target = vm(bench, volume_cache="writeback", network="none")
    with living(Variant(bench, target), "variant", "v-volume") as (instance, _, _prepared):
        assert isinstance(instance, VmInstance)
        assert instance.facts()["durability"] == "host cache"
        assert "eth0" not in ask(instance, 2, "ip address")
        ask(instance, 3, "echo it outlives > /data/kept")
        instance.stop(8)
        domain, volume = bench.libvirt.connection.lookupByUUIDString(instance.plan.uuid), instance.plan.volume
        domain.undefine()
        assert instance.plan.name not in [found.name() for found in bench.libvirt.connection.listAllDomains()]
        assert volume is not None
        # Its journal is not played back yet, as after any end of a machine.
        subprocess.run(["e2fsck", "-fy", volume], capture_output=True, check=False)
        read = subprocess.run(["debugfs", "-R", "cat /kept", volume], capture_output=True, check=True)
        assert read.stdout == b"it outlives\n"


@pytest.mark.parametrize(
    ("contents", "said"),
    [(b"not a package", r"own\.deb: is no Debian package"), (None, r"own\.deb: cannot be read: No such")],
)  # fmt: skip
def test_a_kernel_that_is_none_is_one_line(bench: Bench, tmp_path: Path, contents: bytes | None, said: str) -> None:
    if contents is not None:
        (tmp_path / "own.deb").write_bytes(contents)
    with pytest.raises(UsageError, match=said) as raised:
        ensure_kernel(bench.guest, bench.paths.cache, tmp_path / "own.deb")
    assert "\n" not in raised.value.line()


def test_a_package_without_a_kernel_is_told(bench: Bench, tmp_path: Path) -> None:
    deb = package(vm(bench).kernel, tmp_path)
    shutil.rmtree(tmp_path / "deb/boot")
    subprocess.run(["dpkg-deb", "--build", "-Znone", tmp_path / "deb", deb], check=True, capture_output=True)
    with pytest.raises(UsageError, match=r"holds 0 kernels \(boot/vmlinuz-\*\), not one"):
        ensure_kernel(bench.guest, bench.paths.cache, deb)
    assert not list((bench.paths.cache / "kernel").glob(".building-*"))


def test_what_libvirt_refuses_is_one_line(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "own.xml").write_text("<domain><nonsense/></domain>")
    with pytest.raises(HarnessError, match=r"variant: libvirt refuses such a domain: .*schema") as raised:
        vm(bench, xml=str(tmp_path / "own.xml")).check()
    assert "\n" not in raised.value.line()


@pytest.mark.parametrize(
    "options",
    [{"machine": "microvm", "cache": "unsafe"}, {"machine": "q35", "format": "raw", "cache": "none", "iothreads": 2}],
)
def test_kvm_takes_the_options_and_saves_and_restores(bench: Bench, tmp_path: Path, options: dict[str, Option]) -> None:
    # Whether or not a Linux guest gets far on this host's KVM, or its own CPU: here it is QEMU that must carry it.
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        pytest.skip("no /dev/kvm")
    (tmp_path / "cpu.xml").write_text(PLAIN_CPU)
    options = {**options, "xml": str(tmp_path / "cpu.xml")}
    target, prepared = restoring(bench, "kvm", **options), prepared_for(bench, ("/bin/sleep", "600"))
    target.check()
    VmTarget.prepare(target, prepared)

    def save(folder: Path) -> None:
        with Original(prepared, slot(bench, "v-kvm"), target) as original:
            original.create()
            original.start()
            original.running_at(20)
            original.keep(SavedState(folder))

    entry(target.state(prepared).folder, save)
    with target.instance(prepared, slot(bench, "v-kvm-again")) as restored:
        restored.create()
        restored.start()
        assert VmInstance.running_at(restored, 20) > 0
        assert restored.processes().helpers


def prepared_for(bench: Bench, command: tuple[str, ...], ready: Ready | None = None, *jobs: Job) -> Prepared:
    workload = replace(make_workload(bench.store), command=command, ready=ready or Ready("start"), jobs=jobs)
    return Prepared(workload, Image(bench.image, "t", (), "/", "", 1), bench.rootfs)


def slot(bench: Bench, name: str, number: int = 5) -> Slot:
    cores = tuple(sorted(os.sched_getaffinity(0)))
    return Slot(name, bench.paths.run / name, Placement(cores[-1:], cores[:1], shared=False), number)


def restoring(bench: Bench, acceleration: str = "tcg", **options: Option) -> RestoreTarget:
    usual = vm(bench)
    return RestoreTarget(
        spec("vm-restore", options), usual.engine, usual.network, usual.kernel, usual.guest, acceleration, usual.store,
        bench.paths.cache, run=bench.paths.run,
    )  # fmt: skip


def sample(target: Target, prepared: Prepared, slot: Slot) -> Sample:
    step = Step(Cell(prepared.workload.name, "variant"), 1, "measured", "stop")
    return measure("session", slot.number, step, target, prepared, slot)


def test_a_restored_vm_goes_on_where_the_saved_one_was(bench: Bench) -> None:
    boot = "/proc/sys/kernel/random/boot_id"
    inside = Job("inside", "instance", ("/bin/sh", "-c", f"cat {boot} /data/boot; hostname; ip address"), ())
    reach = Job("reach", "host", ("/bin/ping", "-c", "1", "-W", "5", "{address}"), ())
    prepared = prepared_for(
        bench, ("/bin/sh", "-c", f"cat {boot} > /data/boot; echo up; exec sleep 600"), Ready("output", "^up$"),
        inside, reach,
    )  # fmt: skip
    target = restoring(bench)
    target.prepare(prepared)
    state = target.state(prepared)
    made = state.memory.stat().st_ino
    found = []
    for number in (5, 6):
        one = sample(target, prepared, slot(bench, f"v-restore-{number}", number))
        print(one.outcome, one.error, one.events, {n: v for n, v in one.metrics.items() if "time" in n or "phase" in n})
        assert (one.outcome, one.error) == ("ok", None)
        events = one.events
        assert 0 < events["created"] < events["running"] <= events["init"] == events["ready"] < events["done"]
        assert "kernel_done" not in events
        assert one.metrics["phase_engine"] + one.metrics["phase_userspace"] == pytest.approx(
            one.metrics["time_to_ready"]
        )
        assert one.facts["state_bytes"] == state.memory.stat().st_blocks * 512
        assert one.metrics["stored_bytes"] > one.facts["state_bytes"]
        lines = one.jobs[0].output.splitlines()
        assert lines[0] == lines[1]
        assert lines[2] == f"v-restore-{number}"
        assert f"inet {bench.network.address(number)}/24" in one.jobs[0].output
        found.append(lines[0])
    # One boot, twice: neither instance has started its kernel.
    assert found[0] == found[1]
    # The second time, the state is there.
    restoring(bench).prepare(prepared)
    assert state.memory.stat().st_ino == made
    assert not list(bench.store.glob("v-restore-*")) and not list(bench.store.glob("save-*"))


def test_a_vm_that_is_never_ready_fails_its_samples_and_nothing_else(bench: Bench) -> None:
    target, prepared = restoring(bench), prepared_for(bench, ("/bin/nothing",))
    target.prepare(prepared)
    one = sample(target, prepared, slot(bench, "v-never"))
    assert one.outcome == "error"
    assert "no state could be saved" in str(one.error) and "exec: No such file" in str(one.error)
    assert not list((bench.paths.cache / "states").glob(".building-*"))
