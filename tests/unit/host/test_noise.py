"""Noise figures between two readings of the real host, their bounds, and the throttling of a real control group."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import time
from pathlib import Path

import pytest

from isobench.host import cgroup
from isobench.host.cgroup import hierarchy
from isobench.host.noise import Bounds, NoiseReading, exceeded, throttling

EARLIER = NoiseReading(
    at=0.0, ticks=(0,) * 10, running=1, pressure_us=0, swapped=0, thermal=0, frequency=2e9, own_cpu=0.0, ours_cpu=0.0
)


def test_reading_the_host_takes_under_a_millisecond() -> None:
    NoiseReading.now()
    took = []
    for _ in range(50):
        began = time.perf_counter()
        NoiseReading.now()
        took.append(time.perf_counter() - began)
    # What a busy host adds comes on top: the quicker ones tell what reading takes.
    assert sorted(took)[5] < 0.001


def test_each_figure_is_what_its_definition_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 4)
    later = NoiseReading(
        at=2.0, ticks=(100, 0, 60, 600, 0, 0, 0, 40, 90, 0), running=4, pressure_us=500_000, swapped=7, thermal=1,
        frequency=3e9, own_cpu=0.5, ours_cpu=0.2,
    )  # fmt: skip
    assert EARLIER.until(later, instance_cpu=0.1) == pytest.approx({
        "steal": 40 / 800,
        "cpu_pressure": 0.25,
        "run_queue": 1.5 / 4,
        "swapped_pages": 7.0,
        "thermal_throttles": 1.0,
        "frequency_hz": 2.5e9,
        "harness_cpu": 0.25,
        "other_cpu": 160 / 800 - (0.25 * 2 + 0.2 + 0.1 + 0.25) / (2 * 4),
    })  # fmt: skip
    assert "other_cpu" not in EARLIER.until(later)


def test_what_a_host_does_not_keep_is_absent_and_not_zero() -> None:
    bare = dataclasses.replace(
        EARLIER, ticks=(0,) * 4, running=None, pressure_us=None, swapped=None, thermal=None, frequency=None
    )
    assert bare.until(dataclasses.replace(bare, at=1.0)) == {"harness_cpu": 0.0}


def test_a_busy_neighbour_shows_as_others_cpu() -> None:
    with subprocess.Popen(["sh", "-c", "while :; do :; done"]) as hog:
        before = NoiseReading.now()
        time.sleep(0.5)
        seen = before.until(NoiseReading.now(), instance_cpu=0.0)
        hog.kill()
    assert seen["other_cpu"] > 0.5 / (os.cpu_count() or 1)


def test_quiet_figures_exceed_no_bound() -> None:
    assert exceeded({"steal": 0.05, "cpu_pressure": 0.2, "run_queue": 0.5, "harness_cpu": 0.47}, Bounds()) == ()


@pytest.mark.parametrize(
    ("figure", "value", "words"),
    [
        ("steal", 0.07, "the hypervisor stole 7.0% of the cores' time (bound 5%)"),
        ("cpu_pressure", 0.6355, "tasks waited for a core 63.5% of the time (bound 25%)"),
        ("run_queue", 1.5, "1.5 runnable tasks of others a core (bound 0.75)"),
        ("swapped_pages", 300.0, "300 pages swapped (bound 256)"),
        ("harness_cpu", 1.438, "the harness itself used 143.8% of a core (bound 75%)"),
        ("throttled_seconds", 0.02, "a CPU quota held it back for 0.02 s (bound 0)"),
        ("thermal_throttles", 2.0, "cores were slowed for their heat 2 times (bound 0)"),
        ("other_cpu", 0.5, "others used 50.0% of the cores' time (bound 10%)"),
    ],
)
def test_a_figure_over_its_bound_is_named_in_words(figure: str, value: float, words: str) -> None:
    assert exceeded({"steal": 0.0, figure: value}, Bounds()) == (words,)


def test_every_bound_has_its_words_and_can_be_moved() -> None:
    over = {field.name: 1e9 for field in dataclasses.fields(Bounds)}
    assert len(exceeded(over, Bounds())) == len(over)
    assert exceeded({"steal": 0.07}, Bounds(steal=0.1)) == ()


def test_throttling_adds_up_the_groups_below_and_knows_both_formats(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hierarchy, "ROOT", tmp_path)
    group = tmp_path / "isobench/a"
    (group / "vmm").mkdir(parents=True)
    (tmp_path / "cgroup.controllers").write_text("cpu")
    (group / "cpu.stat").write_text("usage_usec 9\n")
    assert throttling("isobench/a") == {}
    (group / "cpu.stat").write_text("usage_usec 9\nnr_throttled 2\nthrottled_usec 1500000\n")
    (group / "vmm/cpu.stat").write_text("nr_throttled 1\nthrottled_usec 500000\n")
    assert throttling("isobench/a") == {"throttled_periods": 3.0, "throttled_seconds": 2.0}
    (tmp_path / "cgroup.controllers").unlink()
    v1 = tmp_path / "cpu/isobench/a"
    v1.mkdir(parents=True)
    (v1 / "cpu.stat").write_text("nr_periods 4\nnr_throttled 3\nthrottled_time 250000000\n")
    assert throttling("isobench/a") == {"throttled_periods": 3.0, "throttled_seconds": 0.25}


@pytest.mark.skipif(not (hierarchy.ROOT / "cpu/cpu.cfs_quota_us").parent.is_dir(), reason="needs cgroup v1 with cpu")
@pytest.mark.skipif(bool(cgroup.unavailable()), reason="making control groups needs root")
def test_a_real_quota_is_seen_to_throttle() -> None:
    group = hierarchy.ROOT / "cpu/isobench-test-throttling"
    group.mkdir()
    try:
        (group / "cpu.cfs_quota_us").write_text("10000")
        enter = f"echo $$ > {group}/cgroup.procs; while :; do :; done"
        with subprocess.Popen(["sh", "-c", enter]) as hog:
            time.sleep(0.5)
            hog.kill()
        seen = throttling(group.name)
    finally:
        group.rmdir()
    assert seen["throttled_periods"] >= 2
    assert seen["throttled_seconds"] > 0.1
