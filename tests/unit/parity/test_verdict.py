"""The words of a verdict: only an interval wholly beyond effect and floor is a change."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.parity import made

from isobench.metrics import METRICS
from isobench.store.reader import SessionRecord, read_session
from isobench.verdict import compare_sessions, judge

READY, RATE = METRICS["time_to_ready"], METRICS["cpu_events"]


def values(middle: float, spread: float = 1.0) -> list[float]:
    return [middle * (1 + (step - 1) * spread) for step in made.STEADY]


@pytest.mark.parametrize(
    ("a", "b", "lower", "higher"),
    [
        (1.0, 1.0, "no change", "no change"),
        (1.0, 1.02, "no change", "no change"),
        (1.0, 1.2, "regression", "improvement"),
        (1.0, 0.8, "improvement", "regression"),
        (1.0, 1.05, "inconclusive", "inconclusive"),
    ],
)
def test_direction_and_effect_make_the_verdict(a: float, b: float, lower: str, higher: str) -> None:
    assert judge(READY, values(a), values(b)).verdict == lower
    rate = replace(RATE, relevant_effect=0.05, floor=0.001)
    assert judge(rate, values(a), values(b)).verdict == higher


def test_a_large_ratio_below_the_floor_is_no_change() -> None:
    assert judge(READY, values(0.0005), values(0.0015)).verdict == "no change"


def test_a_wide_interval_is_inconclusive() -> None:
    assert judge(READY, values(1.0, 100), values(1.2, 100)).verdict == "inconclusive"


@pytest.mark.parametrize("count", [1, 5])
def test_below_six_samples_nothing_is_concluded(count: int) -> None:
    found = judge(READY, values(1.0)[:count], values(9.0))
    assert (found.verdict, found.reason) == ("inconclusive", "fewer than 6 samples")


def test_zero_against_zero_is_no_change_and_against_much_a_regression() -> None:
    disk = METRICS["instance_disk_done"]
    assert judge(disk, [0.0] * 8, [0.0] * 8).verdict == "no change"
    assert judge(disk, [0.0] * 8, [1e9] * 8).verdict == "regression"
    assert judge(disk, [1e9] * 8, [0.0] * 8).verdict == "improvement"


def test_a_neutral_metric_is_never_better_or_worse() -> None:
    assert judge(METRICS["clock_ratio"], [1.0] * 8, [1.5] * 8).verdict == "inconclusive"


@pytest.mark.parametrize("bad", [[], [float("nan")] * 8])
def test_no_values_and_nan_are_errors_never_a_verdict(bad: list[float]) -> None:
    with pytest.raises(ValueError, match="statistic"):
        judge(READY, values(1.0), bad)


def read(folder: Path, **taken: float) -> SessionRecord:
    return read_session(made.session(folder, made.taken(**taken)))  # type: ignore[arg-type]


def test_a_series_of_one_side_only_is_missing_or_new(tmp_path: Path) -> None:
    a, b = read(tmp_path / "a", host_pss_ready=1e8), read(tmp_path / "b", stored_bytes=1e8)
    found = {(row.cell.target, row.metric): row.verdict for row in compare_sessions(a, b).rows}
    assert found["docker", "host_pss_ready"] == "missing"
    assert found["docker", "stored_bytes"] == "new"
    assert found["docker", "time_to_ready"] == "no change"


def test_a_cell_that_failed_in_b_is_an_error_with_its_reason(tmp_path: Path) -> None:
    a = read(tmp_path / "a")
    b = read_session(made.session(tmp_path / "b", made.taken(outcome="died")))
    rows = compare_sessions(a, b).rows
    assert {row.verdict for row in rows} == {"error"}
    assert "made-up failure" in rows[0].reason


def test_noisy_samples_do_not_count(tmp_path: Path) -> None:
    a, b = read(tmp_path / "a"), read_session(made.session(tmp_path / "b", made.taken(marks=("noisy",))))
    assert {row.verdict for row in compare_sessions(a, b).rows} == {"missing"}


def test_other_parameters_are_named_rather_than_missing(tmp_path: Path) -> None:
    a, b = read(tmp_path / "a"), read_session(made.session(tmp_path / "b", made.taken(length="full")))
    found = compare_sessions(a, b)
    assert {row.verdict for row in found.rows} == {"incomparable"}
    assert {line.field for row in found.rows for line in row.refused} == {"length"}


def test_headline_figures_by_default_and_every_one_on_request(tmp_path: Path) -> None:
    a, b = read(tmp_path / "a", cgroup_peak=1e8), read(tmp_path / "b", cgroup_peak=1e8)
    assert {row.metric for row in compare_sessions(a, b).rows} == {"time_to_ready"}
    assert {row.metric for row in compare_sessions(a, b, every=True).rows} == {"time_to_ready", "cgroup_peak"}
