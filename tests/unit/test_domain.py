"""The domain's XML, element by element."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Tree

import pytest

from isobench.errors import UsageError
from isobench.model import TargetSpec
from isobench.targets import catalog, domain, domain_overlay, vm_options
from isobench.targets.vm_options import Machine, VmOptions

MICRO = VmOptions(machine="microvm")
PLAN = domain.Plan(
    name="isobench-a", uuid="00000000-0000-0000-0000-000000000001", options=MICRO, acceleration="tcg",
    memory=256 << 20, vcpus=2, cores="0,1", emulator=Path("/c/enter"),
    cgroup_files=(Path("/g/a/cgroup.procs"), Path("/g/b/cgroup.procs")), kernel=Path("/c/vmlinuz"),
    initramfs=Path("/c/initramfs"), command_line="quiet", base=Path("/c/disk.raw"),
    overlay=Path("/s/overlay.qcow2"), volume=Path("/s/volume.raw"), bridge="isobr0",
    mac=domain.mac(258), channel=Path("/r/channel"), console=Path("/r/console"),
)  # fmt: skip


def options(**changed: Any) -> domain.Plan:
    return replace(PLAN, options=VmOptions(machine="microvm", **changed))


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
    variables = attributes(root, f"{{{domain_overlay.QEMU}}}commandline/{{{domain_overlay.QEMU}}}env")
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
def test_the_guest_has_disks_network_and_lines_and_no_share_of_the_host(machine: Machine) -> None:
    root = parse(replace(PLAN, options=VmOptions(machine=machine)))
    devices = root.find("devices")
    assert devices is not None
    assert {device.tag for device in devices} == {
        "emulator", "disk", "controller", "interface", "serial", "channel", "video", "memballoon",
    }  # fmt: skip
    assert {disk["type"] for disk in attributes(root, "devices/disk")} == {"file"}
    # Options of QEMU's own would go past what libvirt checks.
    assert root.findall(f"{{{domain_overlay.QEMU}}}commandline/{{{domain_overlay.QEMU}}}arg") == []


def test_qemu_calls_the_harness() -> None:
    root = parse(PLAN)
    assert attributes(root, "devices/serial/source") == [{"mode": "connect", "path": "/r/console"}]
    assert attributes(root, "devices/channel/source") == [{"mode": "connect", "path": "/r/channel"}]
    assert attributes(root, "devices/channel/target") == [{"type": "virtio", "name": "isobench.0"}]


@pytest.mark.parametrize(("machine", "count"), [("microvm", 4), ("q35", 0)])
def test_only_a_microvm_has_mmio_addresses(machine: Machine, count: int) -> None:
    root = parse(replace(PLAN, options=VmOptions(machine=machine)))
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
    assert "tsc_early_khz=2445405 tsc=reliable no_timer_check" in domain.command_line("tcg", 2445405)
    assert "tsc" not in domain.command_line("tcg", None)
    assert "no_timer_check" not in domain.command_line("kvm", 2445405)


def test_numbers_make_addresses_of_their_own() -> None:
    assert domain.mac(258) == "52:54:00:00:01:02"


def test_a_raw_disk_has_no_base() -> None:
    root = parse(options(format="raw", cache="none"))
    assert attributes(root, "devices/disk/driver")[0] == {
        "name": "qemu", "type": "raw", "cache": "none", "io": "native",
    }  # fmt: skip
    assert root.findall("devices/disk/backingStore") == []


@pytest.mark.parametrize("cache", ["writeback", "unsafe"])
def test_only_past_the_page_cache_can_io_be_the_kernels(cache: str) -> None:
    drivers = attributes(parse(options(cache=cache, volume_cache=cache)), "devices/disk/driver")
    assert [(driver["cache"], driver.get("io")) for driver in drivers] == [(cache, None)] * 2


def test_without_a_bridge_there_is_no_interface() -> None:
    assert parse(replace(PLAN, bridge=None)).findall("devices/interface") == []


@pytest.mark.parametrize(("vhost", "driver"), [(None, []), (True, [{"name": "vhost"}]), (False, [{"name": "qemu"}])])
def test_vhost_is_libvirts_choice_unless_told(vhost: bool | None, driver: list[dict[str, str]]) -> None:
    assert attributes(parse(options(vhost=vhost)), "devices/interface/driver") == driver


def test_huge_pages_back_the_memory() -> None:
    assert parse(PLAN).find("memoryBacking") is None
    assert parse(options(hugepages=True)).find("memoryBacking/hugepages") is not None


@pytest.mark.parametrize(("threads", "used"), [(1, ["1", "1"]), (2, ["1", "2"]), (3, ["1", "2"])])
def test_disks_share_out_the_io_threads(threads: int, used: list[str]) -> None:
    root = parse(options(iothreads=threads))
    assert root.findtext("iothreads") == str(threads)
    assert [driver["iothread"] for driver in attributes(root, "devices/disk/driver")] == used


@pytest.mark.parametrize(
    ("changed", "without", "with_volume"),
    [
        ({}, "device", "device"),
        ({"cache": "unsafe"}, "volatile", "device"),
        ({"volume_cache": "unsafe"}, "device", "volatile"),
        ({"volume_cache": "writeback"}, "device", "host cache"),
        ({"volume": "root"}, "device", "host cache"),
        ({"volume": "root", "cache": "none"}, "device", "device"),
        ({"volume": "root", "cache": "unsafe"}, "volatile", "volatile"),
    ],
)
def test_durability_is_that_of_the_disk_that_takes_the_data(
    changed: dict[str, Any], without: str, with_volume: str
) -> None:
    found = options(**changed).options
    assert (found.durability(has_volume=False), found.durability(has_volume=True)) == (without, with_volume)


def test_storage_in_words() -> None:
    assert MICRO.storage() == "qcow2 overlay over raw, cache=writeback; volume raw, cache=none"
    assert options(format="raw", cache="none", volume="root").options.storage() == (
        "raw copy, cache=none; volume on the same disk"
    )


def spec(**changed: Any) -> TargetSpec:
    table = {"kind": "vm", "title": "t", "description": "d", "isolates": "i", "options": {"machine": "q35", **changed}}
    return catalog.build(Path("targets.toml"), "a", table)


def test_an_option_is_in_the_targets_record() -> None:
    assert spec(memory="512 MiB", vcpus=2, kernel="k.deb").options == {
        "machine": "q35", "memory": 512 << 20, "vcpus": 2, "kernel": "k.deb",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"memory": "64 MiB"}, r"a\.options\.memory: .*greater than or equal to 100663296"),
        ({"memory": "200.5 MiB"}, r"a\.options\.memory: .*multiple of 1048576"),
        ({"memory": "lots"}, r"a\.options\.memory: .*'lots' is no size"),
        ({"vcpus": 0}, r"a\.options\.vcpus: .*greater than or equal to 1"),
        ({"cache": "directory"}, r"a\.options\.cache: Input should be 'none', 'writeback' or 'unsafe'"),
        ({"network": "user"}, r"a\.options\.network: Input should be 'bridge' or 'none'"),
    ],
)
def test_a_bad_option_is_one_line_with_its_place(changed: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said) as raised:
        spec(**changed)
    assert "\n" not in raised.value.line()


def test_what_the_host_lacks_is_said_with_the_mend(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    meminfo = tmp_path / "meminfo"
    monkeypatch.setattr(vm_options, "_MEMINFO", meminfo)
    monkeypatch.setattr(vm_options, "_VHOST", tmp_path / "vhost-net")
    meminfo.write_text("HugePages_Total:  40\nHugePages_Free:   32\nHugepagesize:    2048 kB\n")
    huge = options(hugepages=True, memory="128 MiB").options
    assert vm_options.lacking(MICRO) is None
    assert vm_options.lacking(options(hugepages=True).options) is None
    assert "64 MiB of huge pages are free, 128 MiB wanted" in str(vm_options.lacking(huge))
    meminfo.write_text("HugePages_Free:    0\nHugepagesize:    2048 kB\n")
    assert "none is free: reserve some with sysctl" in str(vm_options.lacking(huge))
    assert "modprobe vhost_net" in str(vm_options.lacking(options(vhost=True).options))
    assert vm_options.lacking(options(vhost=False).options) is None
    assert "xml: nowhere.xml is no file" in str(vm_options.missing(options(xml="nowhere.xml").options))


def overlay(tmp_path: Path, text: str) -> Tree.Element:
    file = tmp_path / "own.xml"
    file.write_text(text)
    return domain_overlay.read(file)


def test_an_overlay_is_merged_by_tag_and_devices_are_added(tmp_path: Path) -> None:
    extra = overlay(
        tmp_path,
        f"""<domain xmlns:q="{domain_overlay.QEMU}">
        <memoryBacking><nosharepages/></memoryBacking>
        <os><cmdline>mitigations=off</cmdline></os>
        <cpu mode="custom"><model>qemu64</model></cpu>
        <cputune><vcpupin vcpu="0" cpuset="0"/><vcpupin vcpu="1" cpuset="1"/></cputune>
        <devices><rng model="virtio"/><memballoon model="virtio"/></devices>
        <q:commandline><q:arg value="-S"/></q:commandline></domain>""",
    )
    root = parse(replace(PLAN, extra=extra))
    assert root.find("memoryBacking/nosharepages") is not None
    assert root.findtext("os/cmdline") == "quiet mitigations=off"
    assert root.findtext("os/kernel") == "/c/vmlinuz"
    assert attributes(root, "cpu") == [{"mode": "custom"}]
    assert root.findtext("cpu/model") == "qemu64"
    assert [child.tag for child in root.findall("cputune/*")] == ["emulatorpin", "vcpupin", "vcpupin"]
    assert attributes(root, "devices/rng") == [{"model": "virtio"}]
    assert attributes(root, "devices/memballoon") == [{"model": "virtio"}]
    assert len(root.findall("devices/disk")) == 2
    assert [
        len(root.findall(f"{{{domain_overlay.QEMU}}}commandline/{{{domain_overlay.QEMU}}}{tag}"))
        for tag in ("env", "arg")
    ] == [1, 1]
    # It is merged into each domain anew.
    assert parse(replace(PLAN, extra=extra)).findtext("os/cmdline") == "quiet mitigations=off"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("<domain><name>x</name></domain>", "<name> in <domain> is isobench's own"),
        ("<domain><uuid/></domain>", "<uuid> in <domain>"),
        ("<domain><memory>1</memory></domain>", "<memory> in <domain> .*options may have it"),
        ("<domain><os><kernel>/k</kernel></os></domain>", "<kernel> in <os>"),
        ("<domain><devices><emulator/></devices></domain>", "<emulator> in <devices>"),
        ("<domain><devices><disk/></devices></domain>", "<disk> in <devices>"),
        ("<domain><devices><serial/></devices></domain>", "<serial> in <devices>"),
        ('<domain><devices><channel><target name="isobench.0"/></channel></devices></domain>', "<channel> in <dev"),
        (f'<domain xmlns:q="{domain_overlay.QEMU}"><q:commandline><q:env name="ISOBENCH_CGROUP"/></q:commandline>'
         "</domain>", "is isobench's own"),
        ('<domain type="kvm"/>', "its root must be <domain> without attributes"),
        ("<devices/>", "its root must be <domain>"),
        ("<domain>\n<devices></domain>", "own.xml:2: is no XML: mismatched tag"),
        ('<!DOCTYPE d [<!ENTITY a SYSTEM "file:///etc/passwd">]><domain><title>&a;</title></domain>', "has a DOCTYPE"),
        ("<domain>" + "<a>" * 40 + "</a>" * 40 + "</domain>", "nests elements more than 32 deep"),
        ("<domain>" + " " * (1 << 18) + "</domain>", "is longer than 256 KiB"),
    ],
)  # fmt: skip
def test_an_overlay_that_cannot_be_is_one_line(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said) as raised:
        overlay(tmp_path, text)
    assert "\n" not in raised.value.line()


def test_a_missing_overlay_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"none\.xml: cannot be read: No such file"):
        domain_overlay.read(tmp_path / "none.xml")
