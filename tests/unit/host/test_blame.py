"""Whose CPU it was on a host with cgroup v2: an instance's cost never counts as a stranger's, everything else does."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from isobench.host.cgroup import hierarchy
from isobench.host.noise import NoiseReading, blame, exceeded
from isobench.host.noise.blame import COSTS, Account
from isobench.host.noise.bounds import Bounds

OWN = "user.slice/user-0.slice/session-1.scope"
SHELL = 10
"""The login shell that isobench was called from."""

Use = Callable[[str, float], None]


@pytest.fixture
def use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Use:
    """Give what adds CPU seconds to a group of a made-up hierarchy and to all above it, as the kernel does."""
    monkeypatch.setattr(hierarchy, "ROOT", tmp_path)
    monkeypatch.setattr(hierarchy, "own_group", lambda: OWN)
    (tmp_path / "cgroup.controllers").write_text("cpu")

    def add(group: str, seconds: float) -> None:
        here = tmp_path / group
        here.mkdir(parents=True, exist_ok=True)
        while here != tmp_path:
            file = here / "cpu.stat"
            before = int(file.read_text().split()[1]) if file.exists() else 0
            file.write_text(f"usage_usec {before + round(seconds * 1e6)}\nuser_usec 1\nnr_throttled 0\n")
            here = here.parent

    for group in (OWN, "system.slice", "init.scope"):
        add(group, 100.0)
    return add


def account() -> Account:
    made = Account.now()
    assert made is not None
    return made


@pytest.mark.parametrize("cost", [*COSTS, "isobench.slice/isobench-a.slice/docker-1.scope",
                                  "isobench.slice/isobench.scope/a/vmm", OWN])  # fmt: skip
def test_an_instances_own_cost_is_no_strangers(use: Use, cost: str) -> None:
    use(cost, 1.0)
    before = account()
    use(cost, 5.0)
    assert before.strangers(account(), measured=True) == pytest.approx(0)


@pytest.mark.parametrize("stranger", [
    "system.slice/apt-daily.service", "system.slice/snapd.service", "system.slice/docker-other.scope",
    "user.slice/user-0.slice/session-2.scope", "user.slice/user-1000.slice/user@1000.service/app.slice/x.scope",
    "machine.slice/machine-qemu\\x2d1\\x2dother.scope", "docker/other", "kubepods.slice/a",
])  # fmt: skip
def test_every_other_group_is_a_stranger(use: Use, stranger: str) -> None:
    use(stranger, 1.0)
    before = account()
    use(stranger, 5.0)
    assert before.strangers(account(), measured=True) == pytest.approx(5)


def test_a_group_that_came_and_went_is_in_its_parents_account(use: Use, tmp_path: Path) -> None:
    before = account()
    use("system.slice/run-1.service", 3.0)
    (tmp_path / "system.slice/run-1.service/cpu.stat").unlink()
    (tmp_path / "system.slice/run-1.service").rmdir()
    assert before.strangers(account(), measured=True) == pytest.approx(3)


def test_an_engine_that_was_restarted_counts_from_its_new_beginning(use: Use, tmp_path: Path) -> None:
    use("system.slice/docker.service", 50.0)
    before = account()
    (tmp_path / "system.slice/docker.service/cpu.stat").unlink()
    use("system.slice/docker.service", 2.0)
    assert before.strangers(account(), measured=True) == pytest.approx(0)


def test_where_nothing_is_measured_engines_are_strangers_too(use: Use) -> None:
    before = account()
    use("system.slice/docker.service", 5.0)
    assert before.strangers(account(), measured=False) == pytest.approx(5)


def test_ours_among_the_vms_of_the_hosts_libvirt_is_none_of_the_strangers(use: Use) -> None:
    before = account()
    use("machine.slice/machine-qemu\\x2d1\\x2disobench\\x2d0\\x2dab.scope/libvirt/emulator", 5.0)
    use("machine.slice/machine-qemu\\x2d2\\x2dother.scope/libvirt/emulator", 2.0)
    assert before.strangers(account(), measured=True) == pytest.approx(2)
    # Nor is it the kernel's: the account of all VMs outlives each of them.
    assert before.total(account()) == pytest.approx(7)


def test_beside_the_harness_only_its_own_tree_is_none_of_the_strangers(
    use: Use, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    harness, child, browser, born = os.getpid(), 11, 12, 13
    (tmp_path / OWN / "cgroup.procs").write_text(f"{SHELL}\n{harness}\n{child}\n{browser}\n")
    used = {SHELL: (1, 1.0), harness: (SHELL, 50.0), child: (harness, 20.0), browser: (SHELL, 7.0)}
    monkeypatch.setattr(blame, "_process", used.get)
    before = account()
    used |= {harness: (SHELL, 60.0), child: (harness, 30.0), browser: (SHELL, 9.0), born: (browser, 0.5)}
    (tmp_path / OWN / "cgroup.procs").write_text(f"{SHELL}\n{harness}\n{child}\n{browser}\n{born}\n")
    use(OWN, 22.5)
    assert before.strangers(account(), measured=True) == pytest.approx(2.5)


@pytest.mark.parametrize(("version", "own"), [(1, OWN), (2, ""), (2, None)])
def test_without_groups_that_tell_there_is_no_account(
    version: int, own: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hierarchy, "version", lambda: version)
    monkeypatch.setattr(hierarchy, "own_group", lambda: own)
    assert Account.now() is None


def test_where_groups_tell_whose_cpu_it_was_waiting_alone_excludes_nothing(
    use: Use, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    before = NoiseReading.now()
    use("system.slice/containerd.service", 1.0)
    seen = before.until(NoiseReading.now(), instance_cpu=0.5)
    assert seen["other_cpu"] == 0
    assert seen["kernel_cpu"] >= 0
    # In next to no time, reading the files is most of what this process does.
    assert exceeded({**seen, "harness_cpu": 0.0, "cpu_pressure": 0.9, "run_queue": 3.0}, Bounds()) == ()
    assert exceeded({"cpu_pressure": 0.9, "run_queue": 3.0}, Bounds()) != ()
    (words,) = exceeded({"kernel_cpu": 0.9, "cpu_pressure": 0.9, "other_cpu": 0.2}, Bounds())
    assert "others used 20.0%" in words
