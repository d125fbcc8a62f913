"""What pytest-benchmark is told: our durations to the last bit, all else beside them, and its own options at work."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from tests import synthetic
from tests.unit.pytest_plugin.suite import Ran, benchmarks, run, stand_in

from isobench.metrics import METRICS
from isobench.model import Sample


def taken(seed: int = 7, slower: float = 1.0) -> list[Sample]:
    """Return made-up samples, those that stopped gracefully with a whole life."""
    return [
        replace(one, metrics=one.metrics | {"time_to_ready": (ready := one.metrics["time_to_ready"] * slower)}
                | ({"lifecycle_time": ready + 2.5} if one.ended_by == "stop" else {}))
        for one in synthetic.samples(6, seed)
    ]  # fmt: skip


def suite(cwd: Path, samples: list[Sample], *words: str, unavailable: dict[str, str] | None = None) -> Ran:
    session = synthetic.write(cwd / "session", synthetic.session_meta(), samples)
    return run(cwd, *stand_in(cwd, session, unavailable), *words)


def of(samples: list[Sample], cell: str, metric: str) -> list[float]:
    return [one.metrics[metric] for one in samples if str(one.cell) == cell and metric in one.metrics]


def test_rounds_are_the_instances_durations_and_nothing_else(tmp_path: Path) -> None:
    samples = taken()
    noisy = replace(samples[0], number=len(samples), marks=("noisy",), metrics={"time_to_ready": 99.0})
    warm = replace(samples[0], number=len(samples) + 1, role="warmup", metrics={"time_to_ready": 99.0})
    ran = suite(tmp_path, [*samples, noisy, warm], "--benchmark-json=out.json")
    assert ran.code == 0, ran.said
    assert f"isobench session: {tmp_path / 'session'}" in ran.said
    found = benchmarks(tmp_path / "out.json")
    assert len(found) == 4 * 4 - 2  # idle has no throughput
    for cell in ("idle@native", "idle@docker", "cpu@native", "cpu@docker"):
        ready, life = found[f"test_time_to_ready[{cell}]"], found[f"test_memory_within_lifecycle_time[{cell}]"]
        assert ready["stats"]["data"] == of(samples, cell, "time_to_ready")
        assert life["stats"]["data"] == of(samples, cell, "lifecycle_time")
        assert ready["stats"]["iterations"] == life["stats"]["iterations"] == 1
        assert ready["options"]["timer"] == "CLOCK_MONOTONIC"
        assert ready["params"] == dict(zip(("workload", "target"), cell.split("@"), strict=True))


def test_all_else_is_beside_them_with_unit_and_direction_each_family_in_its_file(tmp_path: Path) -> None:
    assert suite(tmp_path, taken(), "--benchmark-json=out.json").code == 0
    for name, one in benchmarks(tmp_path / "out.json").items():
        extra = one["extra_info"]
        headline = "time_to_ready" if name.startswith("test_time") else "lifecycle_time"
        assert headline in name
        assert (extra["metric"], extra["unit"], extra["direction"]) == (headline, "s", "lower")
        family = "startup" if name.startswith("test_time") else name.split("_")[1]
        assert {METRICS[metric].family for metric in extra["metrics"]} == {family}
        for metric, figure in extra["metrics"].items():
            assert (figure["unit"], figure["direction"]) == (METRICS[metric].unit, METRICS[metric].direction)
        assert headline not in extra["metrics"]
        assert extra["session"] == "synthetic-test-data"


def test_emulated_cells_have_names_and_groups_of_their_own(tmp_path: Path) -> None:
    ran = suite(
        tmp_path, taken(), "--isobench-target=vm-micro", "--isobench-target=native", "--benchmark-json=out.json"
    )
    assert ran.code == 0, ran.said
    found = benchmarks(tmp_path / "out.json")
    emulated = found["test_time_to_ready[idle@vm-micro (emulated)]"]
    assert emulated["fullname"].endswith("::test_time_to_ready[idle@vm-micro (emulated)]")
    assert emulated["extra_info"]["acceleration"] == "tcg"
    assert emulated["group"] == "idle (emulated) time_to_ready"
    assert found["test_time_to_ready[idle@native]"]["group"] == "idle time_to_ready"


def test_save_compare_and_compare_fail_work(tmp_path: Path) -> None:
    words = ("-k", "startup and idle", "--benchmark-storage=file://./kept")
    first = suite(tmp_path, taken(), *words, "--benchmark-save=before")
    assert first.code == 0, first.said
    (saved,) = (tmp_path / "kept").glob("*/0001_before.json")
    same = suite(tmp_path, taken(), *words, "--benchmark-compare", "--benchmark-compare-fail=median:5%")
    assert same.code == 0, same.said
    assert "(0001_before)" in same.said
    assert "(NOW)" in same.said
    worse = suite(tmp_path, taken(slower=1.5), *words, "--benchmark-compare=0001", "--benchmark-compare-fail=median:5%")
    assert worse.code != 0
    assert "Performance has regressed" in worse.said
    assert json.loads(saved.read_text())["benchmarks"]


def test_histograms_are_drawn_a_group_each(tmp_path: Path) -> None:
    pytest.importorskip("pygal", reason="pytest-benchmark draws with pygal")
    ran = suite(tmp_path, taken(), "-k", "startup", "--benchmark-histogram=drawn")
    assert ran.code == 0, ran.said
    assert sorted(file.name for file in tmp_path.glob("*.svg")) == [
        "drawn-cpu_time_to_ready.svg",
        "drawn-idle_time_to_ready.svg",
    ]


def test_a_failed_instance_and_a_target_that_could_not_run_are_red_in_one_line_and_stored_nowhere(
    tmp_path: Path,
) -> None:
    samples = taken()
    at = next(place for place, one in enumerate(samples) if str(one.cell) == "idle@docker")
    samples[at] = replace(samples[at], outcome="timeout", error="was not ready within 60 s")
    ran = suite(tmp_path, samples, "--benchmark-json=out.json", "-k", "startup and idle",
                unavailable={"native": "no control groups"})  # fmt: skip
    assert ran.code == pytest.ExitCode.TESTS_FAILED
    assert "\n1 of 6 instances failed; the first: timeout: was not ready within 60 s\n" in ran.said
    assert "\nnative could not run: no control groups\n" in ran.said
    assert "2 failed" in ran.said
    assert "error" not in ran.said.splitlines()[-1]
    assert benchmarks(tmp_path / "out.json") == {}


def test_a_cell_of_noisy_instances_is_skipped_with_the_reason(tmp_path: Path) -> None:
    samples = [replace(one, marks=("noisy",)) for one in taken()]
    ran = suite(tmp_path, samples, "-k", "startup and idle and docker")
    assert ran.code == 0, ran.said
    assert "no instance that counts has time_to_ready" in ran.said


def test_the_fixture_gives_one_instance_after_another(tmp_path: Path) -> None:
    samples = taken()
    session = synthetic.write(tmp_path / "session", synthetic.session_meta(), samples)
    (tmp_path / "test_own.py").write_text(
        "def test_own(measure_instance, workload):\n"
        "    found = [measure_instance() for _ in range(6)]\n"
        "    assert {one.cell.workload for one in found} == {workload}\n"
        "    assert len({one.number for one in found}) == 6\n"
        "    measure_instance.record('time_to_ready', beside='startup')\n"
        "    measure_instance()\n"
    )
    words = (*stand_in(tmp_path, session), "--isobench-workload=idle", "--isobench-target=docker")
    ran = run(tmp_path, *words, files=(tmp_path / "test_own.py",))
    assert "\nall 6 instances were given; raise --isobench-rounds\n" in ran.said
    assert "1 failed" in ran.said
