"""Each rule fires on what cannot be, and on nothing else. All sessions are test data."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests import synthetic

from isobench.model import Cell, JobRecord, Sample
from isobench.sanity import Finding, check
from isobench.store.reader import SessionRecord

HOST, GUEST = "6.1.0-test", "6.1.0-guest"
"""The kernels of the synthetic sessions."""
NONE, ROOT = "qcow2 overlay over raw, cache=writeback; volume raw, cache=none", "raw, cache=none"


def found(*taken: Sample, **meta: Any) -> tuple[Finding, ...]:
    return check(SessionRecord(synthetic.session_meta(**meta), taken, Path("made-up")))


def sample(target: str, metrics: dict[str, float], number: int = 1, workload: str = "w", **facts: Any) -> Sample:
    made = synthetic.sample(number, workload, target, random.Random(1))  # noqa: S311
    vm = target.startswith("vm")
    own = {"acceleration": "kvm", "kernel_seen_inside": GUEST, "guest_kernel": GUEST, "storage": NONE}
    shared = {"acceleration": "none", "kernel_seen_inside": HOST, "storage": "overlay"}
    told = {**(own if vm else shared), "durability": "device"}
    return replace(made, metrics=metrics, facts={**told, **facts})


def job(host: float, guest: float) -> JobRecord:
    return JobRecord("work", ("true",), 1.0, 1.0 + host, 0, guest_elapsed=guest)


def test_a_session_as_it_should_be_has_no_findings() -> None:
    assert found(*synthetic.samples()) == ()
    assert found() == ()
    assert check(SessionRecord({"environment": 7, "workloads": []}, tuple(synthetic.samples()), Path("thin"))) == ()


@pytest.mark.parametrize("metric", ["cpu_events", "cpu_events_all"])
def test_a_guest_that_computes_faster_than_native(metric: str) -> None:
    (one,) = found(sample("native", {metric: 100.0}), sample("vm-micro", {metric: 111.0}))
    assert (one.rule, one.workload, one.target) == ("guest CPU beyond native", "w", "vm-micro")
    assert f"{metric} is 11% better than native's (111 events/s against 100 events/s)" in one.line()
    assert found(sample("native", {metric: 100.0}), sample("vm-micro", {metric: 109.0})) == ()
    assert found(sample("native", {metric: 100.0}), sample("docker", {metric: 150.0})) == ()
    assert found(sample("vm-micro", {metric: 150.0})) == ()


def test_medians_decide_and_samples_that_do_not_count_have_no_say() -> None:
    native = [sample("native", {"cpu_events": 100.0}, n) for n in range(3)]
    guest = [sample("vm-q35", {"cpu_events": value}, 3 + n) for n, value in enumerate((99.0, 100.0, 900.0))]
    assert found(*native, *guest) == ()
    late = replace(sample("vm-q35", {"cpu_events": 900.0}, 9), outcome="clock")
    assert found(*native, late) == ()


@pytest.mark.parametrize("metric", ["seq_read", "rand_read_iops"])
def test_reads_without_a_cache_that_the_device_cannot_give(metric: str) -> None:
    volume = {"workloads": {"w": {"volume": {"path": "/data", "size": 1}}}}
    root = {"workloads": {"w": {"volume": None}}}
    native, guest = sample("native", {metric: 1000.0}), sample("vm-micro", {metric: 1500.0})
    (one,) = found(native, guest, **volume)
    assert one.rule == "reads beyond the device"
    assert "50% better" in one.line()
    assert found(native, guest, **root) == ()  # the root disk goes through the host's cache
    assert len(found(native, replace(guest, facts=guest.facts | {"storage": ROOT}), **root)) == 1
    unsafe = guest.facts | {"storage": "raw, cache=none; volume raw, cache=unsafe"}
    assert found(native, replace(guest, facts=unsafe), **volume) == ()
    same = guest.facts | {"storage": f"{ROOT}; volume on the same disk"}
    assert len(found(native, replace(guest, facts=same), **volume)) == 1
    assert found(native, sample("vm-micro", {metric: 1050.0}), **volume) == ()


def test_an_fsync_that_is_said_to_reach_the_device_and_is_faster_than_it() -> None:
    native = sample("native", {"fsync_latency_p50": 0.002})
    (one,) = found(native, sample("vm-micro", {"fsync_latency_p50": 0.001}))
    assert one.rule == "fsync beyond the device"
    assert "100% better" in one.line()
    assert len(found(native, sample("docker", {"fsync_latency_p50": 0.001}))) == 1
    assert found(native, sample("docker", {"fsync_latency_p50": 0.001}, durability="volatile")) == ()
    assert found(native, sample("vm-micro", {"fsync_latency_p50": 0.0019})) == ()


def test_a_vm_that_sees_the_hosts_kernel() -> None:
    taken = [sample("vm-micro", {}, n, kernel_seen_inside=HOST) for n in (3, 5)]
    (one,) = found(*taken)
    assert (one.rule, one.samples) == ("kernel of the host", (3, 5))
    assert f"the host's own kernel {HOST}" in one.line()
    assert "(sample 3, 5)" in one.line()
    assert found(sample("docker", {}, kernel_seen_inside=HOST)) == ()
    assert found(sample("vm-micro", {}, kernel_seen_inside=HOST, guest_kernel=HOST)) == ()  # the same release, declared


@pytest.mark.parametrize("metric", ["phase_kernel", "time_to_ready", "stop_time"])
def test_a_time_below_zero(metric: str) -> None:
    (one,) = found(sample("vm-micro", {metric: -0.001}, 4))
    assert (one.rule, one.samples) == ("negative time", (4,))
    assert f"{metric} below zero" in one.words
    assert found(sample("vm-micro", {metric: 0.0, "clock_ratio": -1.0})) == ()


def test_a_guest_clock_that_runs_apart() -> None:
    late = replace(sample("vm-micro", {}, 6), jobs=(job(2.0, 1.9),), outcome="clock")
    (one,) = found(late)
    assert (one.rule, one.samples) == ("clocks apart", (6,))
    assert "more than 1% off the host's during work" in one.words
    for near in (job(2.0, 2.015), job(0.1, 0.105), JobRecord("client", ("true",), 1.0, 2.0, 0)):
        assert found(replace(sample("vm-micro", {}), jobs=(near,))) == ()


def test_cells_with_other_parameters_are_no_reference() -> None:
    cold = sample("native", {"cpu_events": 100.0})
    cold = replace(cold, cell=Cell("w", "native", replace(cold.cell.parameters, cache="cold")))
    assert found(cold, sample("vm-micro", {"cpu_events": 150.0})) == ()


def test_findings_are_shown_after_a_run_and_in_the_report(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from isobench.cli.summary import print_summary
    from isobench.report.page import render
    from isobench.store.reader import read_session

    shown: Callable[[list[Sample]], str] = lambda taken: render(  # noqa: E731
        read_session(synthetic.write(tmp_path / str(len(taken)), synthetic.session_meta(), taken))
    )
    bad = replace(sample("vm-micro", {"time_to_ready": 1.0}, 2, workload="idle", kernel_seen_inside=HOST), block=2)
    page = shown([*synthetic.samples(), bad])
    assert "Implausible." in page
    assert "it saw the host&#39;s own kernel" in page
    assert "Nothing implausible" in shown(synthetic.samples())
    print_summary(tmp_path / str(len(synthetic.samples()) + 1))
    assert "implausible: idle on vm-micro: it saw the host's own kernel" in " ".join(capsys.readouterr().out.split())
