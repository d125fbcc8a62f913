"""The study ``isolation`` where nothing isolates: real inits as processes of the host see and reach everything."""

from __future__ import annotations

import ctypes
import os
import secrets
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.studies import plain
from tests.unit.studies.plain import STEP, PlainInstance, PlainTarget, as_instance, attempting

from isobench.guest.build import GuestBinaries, build
from isobench.runner.measure import queue, start
from isobench.runner.recording import Record, recorded
from isobench.studies import find
from isobench.studies.attempts import Attempts
from isobench.studies.isolation import STUDY, listed, look, physical
from isobench.studies.limits import prove
from isobench.studies.study import Stage
from isobench.targets.vm import KIND as VM
from isobench.targets.vm_restore import KIND as RESTORE

FACTS = {
    "same_kernel", "own_pid_namespace", "host_processes_visible", "host_can_list_processes", "syscalls_allowed",
    "syscalls_tried", "syscalls_refused", "capabilities", "capabilities_held", "devices_visible",
    "neighbour_memory_readable", "neighbour_memory_tried", "limits_hold", "limits_tried",
}  # fmt: skip
ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root sees where a page lies, and reads any process")


@pytest.fixture(scope="module")
def init(tmp_path_factory: pytest.TempPathFactory) -> Path:
    binaries: GuestBinaries = build(tmp_path_factory.mktemp("cache"))
    return binaries.init


@pytest.fixture
def target(init: Path, monkeypatch: pytest.MonkeyPatch) -> PlainTarget:
    monkeypatch.setattr(Attempts, "program", str(init))
    return PlainTarget(init)


@pytest.fixture
def stage(target: PlainTarget, tmp_path: Path) -> Stage:
    return plain.stage(target, tmp_path)


@pytest.fixture
def living(target: PlainTarget, stage: Stage) -> Iterator[PlainInstance]:
    with target.instance(stage.prepared, stage.slot(stage.prepared.workload)) as one:
        queue(as_instance(one), stage.prepared)
        start(Record(), as_instance(one), stage.prepared)
        yield one


def test_the_study_belongs_to_a_full_run() -> None:
    assert find("isolation") is STUDY
    assert STUDY.in_full


def test_what_nothing_isolates_sees_the_host(living: PlainInstance) -> None:
    record = Record()
    look(record, as_instance(living), Attempts(living.channel))
    facts = record.facts
    assert facts["same_kernel"] is True
    assert facts["own_pid_namespace"] is False
    assert int(str(facts["host_processes_visible"])) > 2
    assert int(str(facts["devices_visible"])) > 0
    status = Path("/proc/self/status").read_text()
    held = int(status.partition("CapEff:")[2].split()[0], 16)
    assert (facts["capabilities"], facts["capabilities_held"]) == (held.bit_count(), f"{held:x}")
    refused = str(facts["syscalls_refused"]).split()
    assert int(str(facts["syscalls_tried"])) == int(str(facts["syscalls_allowed"])) + len(refused)


def test_the_host_finds_its_process_and_leaves_none(living: PlainInstance, init: Path) -> None:
    assert listed(as_instance(living), Attempts(living.channel))
    assert attempting(init) == []


def test_the_host_does_not_find_what_is_in_no_process_of_the_instance(living: PlainInstance) -> None:
    first, living.cgroup.first = living.cgroup.first, None
    assert not listed(as_instance(living), Attempts(living.channel))
    living.cgroup.first = first


def test_no_limit_holds_where_there_is_none(living: PlainInstance, target: PlainTarget, stage: Stage) -> None:
    target.spec = replace(target.spec, options={"pids_limit": 20})
    slot = stage.slot(stage.prepared.workload)
    limits = prove(stage, as_instance(living), slot, Attempts(living.channel))
    expected = {"processes": False, "cpus": False, "memory": False}
    if (os.cpu_count() or 1) == 1:
        del expected["cpus"]
    assert limits.held == expected
    assert limits.alive
    assert not limits.hold


def test_what_is_limited_to_all_cores_and_any_number_of_processes_is_not_tried(
    living: PlainInstance, stage: Stage
) -> None:
    slot = stage.slot(stage.prepared.workload)
    everything = tuple(range(os.cpu_count() or 1))
    slot = replace(slot, placement=replace(slot.placement, instance=everything))
    assert prove(stage, as_instance(living), slot, Attempts(living.channel)).held.keys() == {"memory"}


@ROOT
def test_a_whole_sample_where_a_neighbours_memory_is_read(target: PlainTarget, stage: Stage, init: Path) -> None:
    sample = recorded("s", 0, STEP, lambda record: STUDY.take(record, STEP, stage))
    assert sample.outcome == "ok", sample.error
    assert sample.facts.keys() >= FACTS
    assert sample.facts["neighbour_memory_readable"] is True
    assert "ptrace (read it)" in str(sample.facts["neighbour_memory_tried"])
    assert sample.facts["limits_hold"] is False
    assert "memory (does not hold)" in str(sample.facts["limits_tried"])
    assert "cpu_pressure" not in sample.noise
    assert len(target.begun) == 2
    assert all(one.process is None for one in target.begun)
    assert attempting(init) == []


def test_where_two_cannot_live_at_once_there_is_no_neighbour(target: PlainTarget, stage: Stage) -> None:
    assert VM.traits.several
    assert not RESTORE.traits.several
    target.spec = replace(target.spec, kind="vm-restore")
    sample = recorded("s", 0, STEP, lambda record: STUDY.take(record, STEP, stage))
    assert sample.outcome == "ok", sample.error
    assert sample.not_applicable == {"neighbour_memory_readable": "two of its instances cannot live at once"}
    assert "neighbour_memory_readable" not in sample.facts
    assert len(target.begun) == 1


@ROOT
def test_the_machines_address_is_in_the_same_place_of_a_page(tmp_path: Path) -> None:
    held = ctypes.create_string_buffer(secrets.token_bytes(64))
    address, page = ctypes.addressof(held), os.sysconf("SC_PAGE_SIZE")
    place = physical(os.getpid(), address)
    assert place > 0
    assert place % page == address % page
    # Nobody has ever written to the first page.
    assert physical(os.getpid(), 0) == 0
