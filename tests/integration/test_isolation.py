"""The studies ``isolation`` and ``neighbour`` on real engines: each fact where it holds and where it does not."""

from __future__ import annotations

from typing import Any

import pytest
from tests.integration.snapshot import leaving_nothing
from tests.integration.user import ENGINES, User, job

from isobench.engines import libvirt

pytestmark = [*ENGINES, pytest.mark.vm]

TARGETS = ("native", "docker", "docker-hardened", "docker-host-pid", "vm-micro")


@pytest.fixture(scope="module")
def kept() -> dict[str, dict[str, Any]]:
    return {}


@pytest.fixture
def facts(user: User, kept: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Give each target's facts, all of one session."""
    if reason := libvirt.unavailable():
        pytest.skip(reason)
    if not kept:
        user.workload("still")
        with leaving_nothing(user.paths):
            targets = [word for name in TARGETS for word in ("-t", name)]
            code, said = user.isobench("run", "-w", "still", *targets, "--study", "isolation", "--no-report",
                                       "--trust-native", "--results", str(user.results))  # fmt: skip
        assert code == 0, said
        kept |= {sample["cell"]["target"]: sample["facts"] for sample in user.session()[1]}
    return kept


def test_a_container_is_on_the_hosts_kernel_and_a_vm_on_its_own(facts: dict[str, dict[str, Any]]) -> None:
    assert {name: found["same_kernel"] for name, found in facts.items()} == {
        "native": True, "docker": True, "docker-hardened": True, "docker-host-pid": True, "vm-micro": False,
    }  # fmt: skip


def test_processes_are_seen_from_where_the_target_says(facts: dict[str, dict[str, Any]]) -> None:
    own = {name: found["own_pid_namespace"] for name, found in facts.items()}
    assert own == dict.fromkeys(TARGETS, True) | {"docker-host-pid": False}
    seen = {name: found["host_processes_visible"] for name, found in facts.items()}
    assert seen.pop("docker-host-pid") > 5
    assert set(seen.values()) == {0}
    listed = {name: found["host_can_list_processes"] for name, found in facts.items()}
    assert listed == dict.fromkeys(TARGETS, True) | {"vm-micro": False}


def test_a_neighbours_memory_is_read_only_where_its_process_is_seen(facts: dict[str, dict[str, Any]]) -> None:
    read = {name: found["neighbour_memory_readable"] for name, found in facts.items()}
    assert read == dict.fromkeys(TARGETS, False) | {"docker-host-pid": True}
    tried = {name: str(found["neighbour_memory_tried"]) for name, found in facts.items()}
    assert "proc_mem (read it)" in tried.pop("docker-host-pid")
    # Where its process is not seen, the machine's own memory is all that can be asked for; a VM's is its own.
    assert all(words.endswith("its process is not seen") for words in tried.values())
    assert tried["docker"].startswith("dev_mem (")
    assert "knows no such place" in tried["vm-micro"]


def test_what_confines_a_container_shows(facts: dict[str, dict[str, Any]]) -> None:
    assert facts["docker-hardened"]["capabilities"] == 0
    assert 0 < facts["docker"]["capabilities"] < facts["vm-micro"]["capabilities"]
    allowed = {name: found["syscalls_allowed"] for name, found in facts.items()}
    assert allowed["docker-hardened"] <= allowed["docker"] < allowed["vm-micro"]
    assert "mount" in facts["docker"]["syscalls_refused"].split()
    assert "mount" not in facts["vm-micro"]["syscalls_refused"].split()
    assert facts["docker"]["devices_visible"] < facts["vm-micro"]["devices_visible"]


def test_limits_hold_and_processes_are_limited_where_the_target_says(facts: dict[str, dict[str, Any]]) -> None:
    assert all(found["limits_hold"] for found in facts.values())
    tried = {name: found["limits_tried"] for name, found in facts.items()}
    assert tried == dict.fromkeys(TARGETS, "cpus, memory") | {"docker-hardened": "processes, cpus, memory"}


def test_a_neighbour_is_let_loose_only_within_limits_that_have_held(user: User) -> None:
    user.workload("work", job("i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; echo rate 1"))
    with leaving_nothing(user.paths):
        code, said = user.isobench("run", "-w", "work", "-t", "docker", "-t", "docker-hardened", "--study", "neighbour",
                                   "--samples", "1", "--no-report", "--results", str(user.results))  # fmt: skip
    assert code == 0, said
    found = {sample["cell"]["target"]: sample for sample in user.session()[1]}
    names = {f"neighbour_slowdown_{hog}" for hog in ("cpu", "memory", "disk", "fork")}
    # Its root is read-only and the workload has no volume: there is nothing to write to.
    assert names - found["docker-hardened"]["metrics"].keys() == {"neighbour_slowdown_disk"}
    assert "Read-only" in found["docker-hardened"]["not_applicable"]["neighbour_slowdown_disk"]
    assert found["docker-hardened"]["facts"]["neighbour_limits"] == "processes, cpus, memory"
    assert names - found["docker"]["metrics"].keys() == {"neighbour_slowdown_fork"}
    assert "no limit of processes" in found["docker"]["not_applicable"]["neighbour_slowdown_fork"]
    assert found["docker"]["facts"]["cpuset"] != ""
    # A hog's pressure is what was asked for.
    assert all("cpu_pressure" not in sample["noise"] for sample in found.values())
    turns = [job["name"] for job in found["docker"]["jobs"]]
    assert turns[:3] == ["work first", "work alone", "work beside cpu"]
    assert turns[-1] == "work alone"
