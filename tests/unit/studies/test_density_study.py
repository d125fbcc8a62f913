"""The study ``density``: the guard of the host's floor, the slope, what is extrapolated, and what it is told."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import CliRunner
from docker.errors import APIError

from isobench.cli import run_command
from isobench.cli.studies import told
from isobench.errors import SampleError, UsageError
from isobench.metrics.density import AT_ONCE, DENSITY
from isobench.model import Cell, Parameters, cell_of
from isobench.runner.recording import Record
from isobench.studies import density, find
from isobench.studies.crowd import RESERVE, Guard
from isobench.studies.density import count, fill, ksm, rate, slope_of
from isobench.studies.min_memory import least

MIB = 1 << 20


class Filling:
    """A crowd whose instances take what they are told to, of a host that is told as well."""

    def __init__(self, room: int, fails: Exception | None = None) -> None:
        self.living, self._room, self._fails = 0, room, fails

    def room(self, count: int = 1) -> bool:
        return self.living + count <= self._room

    def add(self) -> Record:
        if self._fails and self.living == 2:
            raise self._fails
        self.living += 1
        return Record()


@pytest.fixture
def filled(monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[list[int], str]]:
    def one(crowd: Any, most: int) -> tuple[list[int], str]:
        monkeypatch.setattr(density, "SETTLE", 0.0)
        monkeypatch.setattr(density, "_available", lambda: 1000 * MIB - 10 * MIB * crowd.living)
        return fill(crowd, most)

    return one


def test_an_instance_begins_only_where_all_that_it_may_take_is_there_above_the_floor() -> None:
    guard = Guard(floor=2048 * MIB, limit=256 * MIB)
    enough = 2048 * MIB + 256 * MIB + RESERVE
    assert guard.admits(enough)
    assert not guard.admits(enough - 1)
    assert not guard.admits(enough, 2)
    assert guard.admits(2048 * MIB + 2 * (256 * MIB + RESERVE), 2)


def test_it_goes_up_to_the_limit_or_to_the_floor_or_to_a_failure(filled: Any) -> None:
    assert filled(Filling(room=9), 3) == ([1000 * MIB, 990 * MIB, 980 * MIB, 970 * MIB], "max_instances")
    assert filled(Filling(room=2), 3) == ([1000 * MIB, 990 * MIB, 980 * MIB], "floor")
    assert filled(Filling(9, SampleError("died", "it fell")), 9) == ([1000 * MIB, 990 * MIB, 980 * MIB], "it fell")
    assert filled(Filling(9, APIError("no space")), 9)[1] == "APIError: no space"
    with pytest.raises(RuntimeError):
        filled(Filling(9, RuntimeError("a defect of ours")), 9)


def test_one_reading_that_is_off_does_not_move_the_slope() -> None:
    there = [1000 * MIB - 10 * MIB * number for number in range(11)]
    there[4] -= 300 * MIB
    slope = slope_of(there)
    assert slope.drop == pytest.approx(10 * MIB)
    assert slope.low <= slope.drop <= slope.high


def test_the_interval_holds_the_true_slope_of_noisy_readings_about_as_often_as_it_says() -> None:
    drawn = random.Random(7)  # noqa: S311
    held = 0
    for _ in range(300):
        there = [int(1000 * MIB - 10 * MIB * number + drawn.gauss(0, 3 * MIB)) for number in range(11)]
        slope = slope_of(there)
        held += slope.low <= 10 * MIB <= slope.high
    assert held >= 0.91 * 300


def test_what_the_host_holds_is_extrapolated_unless_the_floor_was_reached() -> None:
    there = [1000 * MIB - 10 * MIB * number for number in range(6)]
    for reached in (False, True):
        record = Record(facts={"density_bound": "…"})
        count(record, there, 500 * MIB, reached=reached)
        assert record.metrics["density"] == pytest.approx(50)
        assert record.facts["density_extrapolated"] is not reached
        assert record.curves["host_available_drop"][1] == (1.0, 990.0 * MIB)


def test_a_slope_that_noise_hides_is_no_density_and_two_points_are_no_slope() -> None:
    record = Record(facts={"density_bound": "max_instances"})
    count(record, [1000 * MIB, 1010 * MIB, 990 * MIB, 1005 * MIB], 0, reached=False)
    assert "density" in record.absent
    assert "density" not in record.metrics
    record = Record(facts={"density_bound": "no space left"})
    with pytest.raises(SampleError, match="1 instances tell no slope: no space left"):
        count(record, [1000, 900], 0, reached=False)
    assert record.curves["host_available_drop"] == ((0.0, 1000.0), (1.0, 900.0))


def test_starts_a_second_count_from_the_first_request_to_the_last_ready() -> None:
    seen = [Record(request_ns=n * 10**8, events={"ready": 9 * 10**8}) for n in range(3)]
    assert rate(seen) == pytest.approx(3 / 1.1)


def test_bisection_finds_the_least_that_holds() -> None:
    for true in range(1, 33):
        asked: list[int] = []
        assert least(32, lambda n, true=true, asked=asked: asked.append(n) or n >= true) == true  # type: ignore[misc]
        assert len(asked) <= 5


def test_what_it_is_told_stands_in_its_cell_and_is_read_back() -> None:
    assert told(True, None, None) == (("max_instances", 50),)
    assert told(True, 7, "1 GiB") == (("max_instances", 7), ("floor", 1 << 30))
    assert told(False, None, None) == ()
    with pytest.raises(UsageError, match="add --density"):
        told(False, None, "1 GiB")
    parameters = Parameters(study="density", settings=(("max_instances", 7), ("floor", 1 << 30)))
    cell = Cell("idle", "docker", parameters)
    assert parameters.text().endswith("study=density,max_instances=7,floor=1073741824")
    assert cell_of(cell.table(), Parameters()) == cell
    plain = Cell("idle", "docker")
    assert plain.table() == {"workload": "idle", "target": "docker"}
    assert cell_of(plain.table(), Parameters()) == plain


def test_wrong_words_are_one_line() -> None:
    for words in (["--floor", "1 GiB"], ["--max-instances", "3"], ["--density", "--floor", "much"]):
        error = CliRunner().invoke(run_command.command, words).exception
        assert isinstance(error, UsageError)
        assert "\n" not in error.line()


def test_every_figure_is_registered_and_the_study_is_found() -> None:
    names = {metric.name for metric in DENSITY}
    assert {f"start_time_at_{number}" for number in AT_ONCE} < names
    assert find("density").in_full
    assert not find("min-memory").in_full
    assert ksm() in {"on", "off", "none"}
