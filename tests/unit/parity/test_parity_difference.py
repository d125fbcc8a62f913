"""Principle 2, line by line: the subject of a change, what is incomparable, and equal footing within a session."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import pytest

from isobench.parity import ParityRecord, compare, footing

RECORD = ParityRecord(
    "idle", "docker", image="i", rootfs="r", layers={"init": "a"}, host_kernel="6.1", guest_kernel="the host's",
    kind="docker", acceleration="none", options={}, configuration="c", runtime="runc", versions={"docker": "20.10"},
    confinement="c",
    command="sleep infinity", ready="on 'start'", service="none", jobs={"one": "x"}, reads={"one": "y"},
    length="quick", cache="warm", metrics={"time_to_ready": 1, "cpu_events": 1}, vcpus=1, cpuset="1",
    client_cpuset="0", memory=1 << 28, disk=1 << 28, volume="none", marks="none", store="s", storage="overlay2",
    durability="device", device="/dev/vda", filesystem="ext4", network="bridge", cpu_model="CPU",
    architecture="x86_64", cores=2, host_memory=8 << 30, last_level_cache=32 << 20, storage_kind="virtio",
    host_state={"ksm": "0"},
)  # fmt: skip
VM = replace(
    RECORD, target="vm-micro", kind="vm", acceleration="kvm", layers={"init": "a", "kernel+initramfs": "k"},
    guest_kernel="6.1", options={"machine": "microvm"}, versions={"qemu": "7.2"}, configuration="d", runtime=None,
    storage="qcow2", network="virtio-net",
)  # fmt: skip


def test_the_record_of_the_tests_tells_every_line() -> None:
    assert all(getattr(RECORD, field.name) is not None for field in fields(ParityRecord))


def test_equal_records_have_all_lines_in_common() -> None:
    found = compare(RECORD, replace(RECORD))
    assert (found.subject, found.incomparable, found.unknown) == ((), (), ())
    assert len(found.common) >= len(fields(ParityRecord)) - 3


@pytest.mark.parametrize(
    "change",
    [
        {"image": "j"}, {"rootfs": "s"}, {"layers": {"init": "b"}}, {"host_kernel": "6.2"}, {"guest_kernel": "6.2"},
        {"versions": {"docker": "28.0"}}, {"runtime": "crun"}, {"options": {"seccomp": False}},
        {"configuration": "d"}, {"storage": "vfs"}, {"host_state": {"ksm": "1"}},
    ],
)  # fmt: skip
def test_a_change_under_test_is_listed_and_no_reason_to_refuse(change: dict[str, Any]) -> None:
    found = compare(RECORD, replace(RECORD, **change))
    assert [line.field.partition(".")[0] for line in found.subject] == list(change)
    assert found.refusals() == ()


@pytest.mark.parametrize(
    "change",
    [
        {"command": "sleep 1"}, {"jobs": {"one": "z"}}, {"jobs": {"one": "x", "two": "x"}}, {"reads": {"one": "z"}},
        {"length": "full"}, {"cache": "cold"}, {"vcpus": 2}, {"cpuset": "0"}, {"memory": 1 << 29}, {"kind": "vm"},
        {"acceleration": "kvm"}, {"durability": "volatile"}, {"cpu_model": "Other"}, {"cores": 4},
        {"host_memory": 16 << 30}, {"storage_kind": "NVMe"}, {"filesystem": "xfs"}, {"marks": "no-direct-io"},
    ],
)  # fmt: skip
def test_another_work_limit_kind_or_host_is_incomparable(change: dict[str, Any]) -> None:
    found = compare(RECORD, replace(RECORD, **change))
    assert [line.field.partition(".")[0] for line in found.refusals()] == list(change)
    assert found.subject == ()


def test_another_definition_refuses_its_own_metric_only() -> None:
    found = compare(RECORD, replace(RECORD, metrics={"time_to_ready": 2, "cpu_events": 1}))
    assert [line.field for line in found.refusals("time_to_ready")] == ["metrics.time_to_ready"]
    assert found.refusals("cpu_events") == ()


def test_emulation_against_virtualisation_may_not_be_allowed_and_an_unknown_one_neither() -> None:
    assert compare(replace(VM, acceleration="tcg"), VM).forbidden
    assert compare(replace(VM, acceleration=None), VM).forbidden
    assert compare(replace(VM, acceleration=None), replace(VM, acceleration=None)).forbidden
    assert not compare(VM, VM).forbidden


def test_what_one_record_does_not_tell_is_unknown_and_refuses_nothing() -> None:
    found = compare(replace(RECORD, cpuset=None, metrics=None, versions={}), RECORD)
    assert {line.field for line in found.unknown} == {"cpuset", "metrics", "versions.docker"}
    assert found.refusals("time_to_ready") == ()


def test_a_kernel_that_keeps_a_little_more_memory_is_the_same_class_of_host() -> None:
    assert compare(RECORD, replace(RECORD, host_memory=(8 << 30) - (64 << 20))).refusals() == ()


def test_container_and_vm_of_one_workload_stand_on_equal_footing_with_the_layers_declared() -> None:
    found = footing(RECORD, VM)
    assert found.equal
    declared = {line.field: (line.a, line.b) for line in found.declared}
    assert declared["layers.kernel+initramfs"] == ("none", "k")
    assert {"kind", "acceleration", "guest_kernel"} <= set(declared)
    assert "rootfs" in {line.field for line in found.common}


@pytest.mark.parametrize(
    "change", [{"rootfs": "s"}, {"memory": 1 << 29}, {"cache": "cold"}, {"jobs": {"one": "z"}}, {"cpuset": "0"}]
)
def test_other_bits_work_limits_or_cache_state_break_the_footing(change: dict[str, Any]) -> None:
    found = footing(RECORD, replace(VM, **change))
    assert [line.field.partition(".")[0] for line in found.broken] == list(change)


def test_two_workloads_have_no_footing() -> None:
    with pytest.raises(ValueError, match="two workloads"):
        footing(RECORD, replace(RECORD, workload="redis"))
