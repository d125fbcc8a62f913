"""The domain's XML, element by element."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as Tree

import pytest

from isobench.targets import domain

PLAN = domain.Plan(
    name="isobench-a", uuid="00000000-0000-0000-0000-000000000001", machine="microvm", acceleration="tcg",
    memory=256 << 20, vcpus=2, cores="0,1", emulator=Path("/c/enter"),
    cgroup_files=(Path("/g/a/cgroup.procs"), Path("/g/b/cgroup.procs")), kernel=Path("/c/vmlinuz"),
    initramfs=Path("/c/initramfs"), command_line="quiet", base=Path("/c/disk.raw"),
    overlay=Path("/s/overlay.qcow2"), volume=Path("/s/volume.raw"), bridge="isobr0",
    mac=domain.mac(258), channel=Path("/r/channel"), console=Path("/r/console"),
)  # fmt: skip


def parse(plan: domain.Plan) -> Tree.Element:
    return Tree.fromstring(domain.domain_xml(plan))  # noqa: S314 - our own


def attributes(root: Tree.Element, path: str) -> list[dict[str, str]]:
    return [dict(found.attrib) for found in root.findall(path)]


def test_resources_and_placement() -> None:
    root = parse(PLAN)
    assert root.findtext("memory") == "262144"
    assert root.findtext("vcpu") == "2"
    assert attributes(root, "vcpu") == [{"placement": "static", "cpuset": "0,1"}]
    assert attributes(root, "cputune/emulatorpin") == [{"cpuset": "0,1"}]
    assert [root.findtext(f"on_{event}") for event in ("poweroff", "reboot", "crash")] == ["destroy"] * 3


def test_the_emulator_is_told_its_control_groups() -> None:
    root = parse(PLAN)
    assert root.findtext("devices/emulator") == "/c/enter"
    variables = attributes(root, f"{{{domain.QEMU}}}commandline/{{{domain.QEMU}}}env")
    assert variables == [{"name": "ISOBENCH_CGROUP", "value": "/g/a/cgroup.procs:/g/b/cgroup.procs"}]


def test_the_base_goes_through_the_page_cache_and_the_volume_does_not() -> None:
    root = parse(PLAN)
    assert attributes(root, "devices/disk/driver") == [
        {"name": "qemu", "type": "qcow2", "cache": "writeback"},
        {"name": "qemu", "type": "raw", "cache": "none", "io": "native"},
    ]
    assert attributes(root, "devices/disk/backingStore/source") == [{"file": "/c/disk.raw"}]
    assert len(parse(replace(PLAN, volume=None)).findall("devices/disk")) == 1


@pytest.mark.parametrize("machine", ["microvm", "q35"])
def test_the_guest_has_disks_network_and_lines_and_no_share_of_the_host(machine: domain.Machine) -> None:
    root = parse(replace(PLAN, machine=machine))
    devices = root.find("devices")
    assert devices is not None
    assert {device.tag for device in devices} == {
        "emulator", "disk", "controller", "interface", "serial", "channel", "video", "memballoon",
    }  # fmt: skip
    assert {disk["type"] for disk in attributes(root, "devices/disk")} == {"file"}
    # Options of QEMU's own would go past what libvirt checks.
    assert root.findall(f"{{{domain.QEMU}}}commandline/{{{domain.QEMU}}}arg") == []


def test_qemu_calls_the_harness() -> None:
    root = parse(PLAN)
    assert attributes(root, "devices/serial/source") == [{"mode": "connect", "path": "/r/console"}]
    assert attributes(root, "devices/channel/source") == [{"mode": "connect", "path": "/r/channel"}]
    assert attributes(root, "devices/channel/target") == [{"type": "virtio", "name": "isobench.0"}]


@pytest.mark.parametrize(("machine", "count"), [("microvm", 4), ("q35", 0)])
def test_only_a_microvm_has_mmio_addresses(machine: domain.Machine, count: int) -> None:
    root = parse(replace(PLAN, machine=machine))
    assert attributes(root, "devices/*/address") == [{"type": "virtio-mmio"}] * count
    assert len(root.findall("devices/interface/rom")) == (0 if count else 1)


@pytest.mark.parametrize(
    ("acceleration", "kind", "cpu"), [("kvm", "kvm", "host-passthrough"), ("tcg", "qemu", "maximum")]
)
def test_acceleration(acceleration: domain.Acceleration, kind: str, cpu: str) -> None:
    root = parse(replace(PLAN, acceleration=acceleration))
    assert root.get("type") == kind
    assert attributes(root, "cpu") == [{"mode": cpu}]


def test_only_emulation_states_the_clock() -> None:
    assert "tsc_early_khz=2445405 no_timer_check" in domain.command_line("tcg", 2445405)
    assert "tsc" not in domain.command_line("tcg", None)
    assert "no_timer_check" not in domain.command_line("kvm", 2445405)


def test_numbers_make_addresses_of_their_own() -> None:
    assert domain.mac(258) == "52:54:00:00:01:02"
