"""The study ``neighbour`` with the real init as an ordinary process: which hogs begin, and what is made of figures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import cast

import pytest
from tests.unit.studies import plain
from tests.unit.studies.plain import STEP, WORK, WORKLOAD, PlainInstance, PlainTarget, as_instance, attempting

from isobench.errors import SampleError
from isobench.guest.build import GuestBinaries, build
from isobench.metrics import METRICS
from isobench.metrics.isolation import HOGS, ISOLATION
from isobench.model import TargetSpec
from isobench.runner.measure import queue, start
from isobench.runner.recording import Record, recorded
from isobench.studies import find, neighbour
from isobench.studies.attempts import Attempts
from isobench.studies.limits import Limits
from isobench.studies.neighbour import STUDY, Measured, Neighbour, compare, refusal, slowdown, words

HELD = Limits({"cpus": True, "memory": True})
RESOURCES = replace(WORKLOAD.resources, memory=128 << 20)
BIG = replace(WORKLOAD, resources=RESOURCES)
FIGURES = {f"neighbour_slowdown_{hog}" for hog in HOGS}


@pytest.fixture(scope="module")
def init(tmp_path_factory: pytest.TempPathFactory) -> Path:
    binaries: GuestBinaries = build(tmp_path_factory.mktemp("cache"))
    return binaries.init


@pytest.fixture
def target(init: Path, monkeypatch: pytest.MonkeyPatch) -> PlainTarget:
    monkeypatch.setattr(Attempts, "program", str(init))
    return PlainTarget(init)


@pytest.fixture
def living(target: PlainTarget, tmp_path: Path) -> Iterator[PlainInstance]:
    stage = plain.stage(target, tmp_path)
    with target.instance(stage.prepared, stage.slot(stage.prepared.workload)) as one:
        queue(as_instance(one), stage.prepared)
        start(Record(), as_instance(one), stage.prepared)
        yield one


@dataclass
class Turns:
    """Takes the place of a job: says which attempts go on while it is done, and has a rate for each hog."""

    init: Path
    rates: dict[str, float]
    job: object = WORK
    seen: list[tuple[str, list[str]]] = field(default_factory=list)

    def figure(self, record: Record, beside: str = "alone") -> float:
        self.seen.append((beside, attempting(self.init)))
        return self.rates.get(beside, 100.0)


def test_every_figure_is_registered_once_in_its_family() -> None:
    assert {metric.name for metric in ISOLATION} == FIGURES
    assert all(METRICS[metric.name] is metric and metric.family == "isolation" for metric in ISOLATION)


def test_the_study_belongs_to_a_full_run_and_asks_for_two_at_once_and_a_figure() -> None:
    assert find("neighbour") is STUDY
    assert STUDY.in_full
    spec = TargetSpec("plain", "native", "t", "d", "i")
    assert STUDY.unsuitable(spec, WORKLOAD) is None
    assert "no job with a figure" in str(STUDY.unsuitable(spec, replace(WORKLOAD, jobs=())))
    assert "at once" in str(STUDY.unsuitable(replace(spec, kind="vm-restore"), WORKLOAD))


def test_a_hog_is_let_loose_only_where_limits_have_held() -> None:
    assert HELD.hold
    assert [hog for hog in HOGS if refusal(hog, HELD)] == ["fork"]
    assert not any(refusal(hog, Limits(HELD.held | {"processes": True})) for hog in HOGS)
    broken = Limits({"cpus": True, "memory": False})
    assert not broken.hold
    assert all("memory" in str(refusal(hog, broken)) for hog in HOGS)


def test_each_hog_stays_within_what_its_instance_may_have() -> None:
    assert words("cpu", BIG)[2] == 1
    assert words("memory", BIG)[2] == 64 << 20
    assert words("disk", BIG)[2:] == ("/d/hog", 64 << 20)
    small = replace(BIG, volume=None)
    assert words("disk", small)[2:] == ("/hog", small.resources.disk // 8)
    assert all(float(words(hog, BIG)[1]) <= 120 for hog in HOGS)


def test_a_slow_down_is_above_one_whichever_way_a_figure_is_better() -> None:
    assert slowdown(100, 50, "higher") == slowdown(1.0, 2.0, "lower") == 2.0


def test_each_hog_is_at_it_beside_one_turn_and_gone_in_the_next(
    living: PlainInstance, init: Path, tmp_path: Path
) -> None:
    turns = Turns(init, {"first": 1.0, "beside cpu": 50.0, "beside memory": 80.0})
    volume = replace(WORKLOAD.volume, path=str(tmp_path)) if WORKLOAD.volume else None
    record = Record()
    compare(record, cast(Measured, turns), Neighbour(Attempts(living.channel), HELD), replace(BIG, volume=volume))
    assert [beside for beside, _ in turns.seen] == [
        "first", "alone", "beside cpu", "alone", "beside memory", "alone", "beside disk", "alone",
    ]  # fmt: skip
    assert [set(going) for _, going in turns.seen] == [
        set(), set(), {"spin"}, set(), {"memory"}, set(), {"disk"}, set(),
    ]  # fmt: skip
    # The first turn counts for nothing.
    assert record.metrics == {
        "neighbour_slowdown_cpu": 2.0, "neighbour_slowdown_memory": 1.25, "neighbour_slowdown_disk": 1.0,
    }  # fmt: skip
    assert record.absent == {"neighbour_slowdown_fork": "no limit of processes holds a fork bomb here"}
    assert not (tmp_path / "hog").exists()


def test_a_hog_that_has_nothing_to_write_to_is_a_reason(living: PlainInstance, init: Path) -> None:
    record = Record()
    volume = replace(WORKLOAD.volume, path="/no such folder") if WORKLOAD.volume else None
    compare(record, cast(Measured, Turns(init, {})), Neighbour(Attempts(living.channel), HELD),
            replace(BIG, volume=volume))  # fmt: skip
    assert record.metrics.keys() == {"neighbour_slowdown_cpu", "neighbour_slowdown_memory"}
    assert "No such file or directory" in record.absent["neighbour_slowdown_disk"]


def test_a_hog_that_ends_before_the_job_fails_the_sample(
    living: PlainInstance, init: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Slow(Turns):
        def figure(self, record: Record, beside: str = "alone") -> float:
            while beside == "beside cpu" and attempting(init):
                pass
            return 1.0

    monkeypatch.setattr(neighbour, "_LONGEST", 0.1)
    with pytest.raises(SampleError, match="hog cpu ended before"):
        compare(Record(), cast(Measured, Slow(init, {})), Neighbour(Attempts(living.channel), HELD), BIG)


def test_where_limits_do_not_hold_no_hog_begins_and_nothing_is_left(
    target: PlainTarget, tmp_path: Path, init: Path
) -> None:
    stage = plain.stage(target, tmp_path)
    sample = recorded("s", 0, STEP, lambda record: STUDY.take(record, STEP, stage))
    assert sample.outcome == "ok", sample.error
    assert sample.metrics.keys().isdisjoint(FIGURES)
    assert sample.not_applicable.keys() == FIGURES
    assert all("limits do not hold" in reason for reason in sample.not_applicable.values())
    assert sample.facts["neighbour_limits"] == ""
    # The measured one, the one whose limits were tried, the one that would have been the hog.
    assert len(target.begun) == 3
    assert [job.name for job in sample.jobs] == ["work first", "work alone"]
    assert "cpu_pressure" not in sample.noise
    assert attempting(init) == []
