"""A record made at run time, kept in session.json and read back is the one that session.json alone tells."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from tests.unit.parity import made

from isobench.errors import UsageError
from isobench.host.cpus import Placement
from isobench.images.types import Image, Kernel, Rootfs
from isobench.model import Cell, TargetSpec
from isobench.model.sample import Fact
from isobench.parity import ParityRecord, compare, of_cell, of_session
from isobench.parity.record import INIT, KERNEL
from isobench.store.reader import read_session
from isobench.targets.base import Prepared
from isobench.workloads.loader import load_all

CELL = Cell("redis", "vm-micro")
WORKLOADS = Path(__file__).parents[3] / "workloads"
XML = "<emulator>$CACHE/guest/a395e91f0071/enter</emulator><source file='$CACHE/disks/f02f782084244ccc-528M/disk.raw'/>"
VERSIONS = {"docker": "20.10", "runc": "1.1", "libvirt": "9.0", "qemu": "7.2", "guest_kernel": "6.1.0-56"}
ENVIRONMENT: dict[str, Fact] = {
    "cpu_model": "Made-up CPU", "cores": 2, "memory_bytes": 8 << 30, "kernel": "6.1", "ksm": "0",
    "storage_device": "/dev/vda1", "storage_filesystem": "ext4",
}  # fmt: skip


def record(describe: str = XML) -> ParityRecord:
    workload = load_all((WORKLOADS,))[CELL.workload]
    image = Image("sha256:" + "1" * 64, "tag", (), "/", "", 1)
    kernel = Kernel("6.1.0-56", "linux-image-6.1.0-56", Path(), {}, "sha256:" + "3" * 64)
    return of_cell(
        CELL,
        Prepared(workload, image, Rootfs(Path(), "sha256:" + "2" * 64, 1, 1, 1)),
        TargetSpec(CELL.target, "vm", "", "", "", {"machine": "microvm"}),
        environment=ENVIRONMENT, versions=VERSIONS, acceleration="kvm", describe=describe,
        placement=Placement((1,), (0,), shared=False), kernel=kernel,
    )  # fmt: skip


def meta_of(kept: ParityRecord) -> dict[str, Any]:
    from isobench.runner.record import _workload  # what session.json holds of a workload

    table = _workload(load_all((WORKLOADS,))[CELL.workload])
    return made.meta("s") | {
        "plan": {"length": "quick", "cache": "warm", "cells": [{"workload": CELL.workload, "target": CELL.target}]},
        "workloads": {CELL.workload: table}, "environment": ENVIRONMENT, "versions": VERSIONS,
        "images": {CELL.workload: {"image": kept.image, "rootfs_digest": kept.rootfs}},
        "targets": {CELL.target: {"kind": "vm", "options": {"machine": "microvm"}, "acceleration": "kvm",
                                  "describe": {CELL.workload: XML}}},
    }  # fmt: skip


def test_a_record_names_bits_layers_work_limits_and_host() -> None:
    found = record()
    assert found.layers == {INIT: "a395e91f0071", KERNEL: "sha256:" + "3" * 64}
    assert (found.vcpus, found.cpuset, found.client_cpuset, found.memory) == (1, "1", "0", 256 << 20)
    assert found.jobs is not None
    assert "-n 10000" in str(found.jobs["saturated"])
    assert found.storage_kind == "virtio"
    assert found.versions is not None
    assert "docker" not in found.versions
    assert found.metrics is not None
    assert found.metrics["time_to_ready"] == 1


def test_what_is_kept_in_session_json_is_read_back(tmp_path: Path) -> None:
    kept = record()
    whole = json.loads(json.dumps(meta_of(kept) | {"parity": {str(CELL): asdict(kept)}}))
    assert of_session(read_session(made.session(tmp_path / "s", [], whole))) == {CELL: kept}


def test_an_older_session_is_reconstructed_with_nothing_invented(tmp_path: Path) -> None:
    kept = record()
    told = of_session(read_session(made.session(tmp_path / "s", [], meta_of(kept))))[CELL]
    found = compare(kept, told)
    assert (found.subject, found.incomparable) == ((), ())
    unknown = {line.field for line in found.unknown}
    assert unknown == {"layers.kernel+initramfs", "metrics", "cpuset", "client_cpuset"}
    assert all(line.b is None for line in found.unknown)


def test_other_contents_do_not_change_the_configuration_but_another_request_does() -> None:
    other_bits = XML.replace("f02f782084244ccc-528M", "0123456789abcdef-600M")
    assert record(other_bits).configuration == record().configuration
    assert record(XML + "<memballoon/>").configuration != record().configuration


def test_samples_tell_storage_and_other_conditions(tmp_path: Path) -> None:
    taken = made.taken(marks=("shared-core", "noisy"))
    found = of_session(read_session(made.session(tmp_path / "s", taken)))[taken[0].cell]
    assert (found.storage, found.marks) == ("ext4", "shared-core")


@pytest.mark.parametrize("broken", [{"target": "t"}, {"workload": "w", "target": "t", "vcpus": "many"}, 7])
def test_a_damaged_record_is_one_line(tmp_path: Path, broken: Any) -> None:
    whole = made.meta("s") | {"parity": {"idle@docker": broken}}
    with pytest.raises(UsageError, match=r"session.json: parity.idle@docker"):
        of_session(read_session(made.session(tmp_path / "s", made.taken(), whole)))


@pytest.mark.parametrize(
    "odd",
    [
        {},
        {"plan": {"cells": [7, {}], "cache": ["warm"], "length": {}}, "versions": [], "environment": 1},
        {"workloads": {"idle": {"jobs": 7, "resources": [], "command": 7}}, "targets": {"docker": {"options": 7}}},
    ],
)
def test_a_thin_or_odd_session_has_unknown_lines_only(tmp_path: Path, odd: dict[str, Any]) -> None:
    thin = {"format": 1, "id": "s", **odd}
    found = of_session(read_session(made.session(tmp_path / "s", made.taken(), thin)))
    assert found[Cell("idle", "docker")].jobs is None
