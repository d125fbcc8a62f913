"""A full VM: its domain boots a disk, its layer has a loader, a partition and a service, and bad options are told."""

from __future__ import annotations

import shutil
import struct
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Tree

import pytest
from tests.unit.test_domain import PLAN, attributes, parse

from isobench.errors import HarnessError, UsageError
from isobench.images import disk, full
from isobench.images.full_files import FILES, LABEL, grub_config
from isobench.model import TargetSpec
from isobench.targets import catalog
from isobench.targets.vm_options import VmOptions

SYSTEM = (Path("/s/system.qcow2"), Path("/c/full/disk.raw"))
FULL = replace(PLAN, options=VmOptions(machine="q35"), kernel=None, initramfs=None, system=SYSTEM)


def test_firmware_boots_the_systems_disk_which_comes_first() -> None:
    root = parse(FULL)
    assert attributes(root, "os/boot") == [{"dev": "hd"}]
    assert [root.find(f"os/{tag}") for tag in ("kernel", "initrd", "cmdline")] == [None] * 3
    assert attributes(root, "devices/disk/target") == [{"dev": f"vd{letter}", "bus": "virtio"} for letter in "abc"]
    assert attributes(root, "devices/disk/source") == [
        {"file": str(SYSTEM[0])}, {"file": str(PLAN.overlay)}, {"file": str(PLAN.volume)},
    ]  # fmt: skip
    assert attributes(root, "devices/disk/backingStore/source") == [{"file": str(SYSTEM[1])}, {"file": "/c/disk.raw"}]


def test_the_command_line_is_an_smbios_string_with_the_users_words() -> None:
    extra = Tree.fromstring("<domain><os><cmdline>mitigations=off</cmdline></os></domain>")  # noqa: S314 - our own
    for plan, words in ((FULL, "quiet"), (replace(FULL, extra=extra), "quiet mitigations=off")):
        root = parse(plan)
        assert attributes(root, "os/smbios") == [{"mode": "sysinfo"}]
        assert [found.text for found in root.findall("sysinfo/oemStrings/entry")] == [words]
    assert parse(replace(FULL, command_line="")).find("sysinfo") is None


def test_a_directly_booted_domain_has_none_of_it() -> None:
    root = parse(PLAN)
    assert root.find("os/boot") is None and root.find("sysinfo") is None and root.find("os/smbios") is None


def test_a_base_has_its_own_format_and_a_port_is_there_only_where_init_is() -> None:
    root = parse(replace(FULL, system=None, volume=None, base_format="qcow2", channel=None))
    assert attributes(root, "devices/disk/backingStore/format") == [{"type": "qcow2"}]
    assert root.findall("devices/channel") == [] and len(root.findall("devices/serial")) == 1


def spec(**changed: Any) -> TargetSpec:
    table = {"kind": "vm-full", "title": "t", "description": "d", "isolates": "i",
             "options": {"machine": "q35", **changed}}  # fmt: skip
    return catalog.build(Path("targets.toml"), "a", table)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"machine": "microvm"}, "a microvm has no firmware that boots a disk: say q35"),
        ({"kernel": "own.deb"}, "it is the system layer's own"),
    ],
)
def test_an_option_without_a_meaning_here_is_one_line(changed: dict[str, Any], said: str) -> None:
    assert spec(cache="unsafe").options == {"machine": "q35", "cache": "unsafe"}
    with pytest.raises(UsageError, match=said) as raised:
        spec(**changed)
    assert "\n" not in raised.value.line()


def test_the_partition_table_names_the_one_partition_and_spares_the_loader() -> None:
    made = full.with_table(bytes([7]) * 1024, 2048, 4096)
    assert made[:446] == bytes([7]) * 446 and made[512:] == bytes([7]) * 512
    assert made[510:512] == b"\x55\xaa"
    bootable, kind, first, sectors = struct.unpack("<B3xB3xII", made[446:462])
    assert (bootable, kind, first, sectors) == (0x80, 0x83, 2048, 4096)
    assert made[462:510] == bytes(48)


@pytest.mark.skipif(shutil.which("mke2fs") is None, reason="mke2fs is not installed")
def test_a_disk_holds_loader_and_files_where_the_table_says(tmp_path: Path) -> None:
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree/told").write_text("within\n")
    full.write_disk(tmp_path / "disk.raw", tmp_path / "tree", 16 << 20, b"L" * 2048)
    made = (tmp_path / "disk.raw").read_bytes()
    assert len(made) == 17 << 20 and made[512:2048] == b"L" * 1536
    (tmp_path / "part.raw").write_bytes(made[1 << 20 :])
    told = subprocess.run(
        ["debugfs", "-R", "cat /told", tmp_path / "part.raw"], capture_output=True, check=True
    ).stdout  # fmt: skip
    assert told == b"within\n"
    checked = subprocess.run(["e2fsck", "-fn", tmp_path / "part.raw"], capture_output=True, check=False)
    assert checked.returncode == 0, checked.stdout
    assert LABEL.encode() in made[(1 << 20) + 1024 : (1 << 20) + 2048]


def test_a_loader_that_reaches_into_the_partition_is_refused(tmp_path: Path) -> None:
    with pytest.raises(HarnessError, match="before the partition"):
        full.write_disk(tmp_path / "disk.raw", tmp_path, 1 << 24, bytes((1 << 20) + 1))


def test_a_plain_disk_is_made_as_before(tmp_path: Path) -> None:
    disk.format_ext4(tmp_path / "disk.raw", 4 << 20)
    assert (tmp_path / "disk.raw").stat().st_size == 4 << 20


def test_the_boot_entry_takes_its_words_from_the_domain() -> None:
    assert "linux /boot/vmlinuz-6.1.0 root=LABEL=isobench-system ro $words" in grub_config("6.1.0")


def test_the_service_runs_the_injected_init_in_the_workloads_root() -> None:
    service = FILES["etc/systemd/system/isobench.service"][1]
    assert "ExecStart=/usr/sbin/chroot /workload /dev/isobench/init /dev/isobench/port\n" in service
    assert "dev-virtio\\x2dports-isobench.0.device" in service
    # A root of systemd's own making gets folders that the workload's image has not.
    assert "RootDirectory=" not in service


def test_what_makes_the_layer_is_missed_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None if name == "mmdebstrap" else "/bin/x")
    assert full.unavailable() == "mmdebstrap is not installed: apt-get install mmdebstrap"
