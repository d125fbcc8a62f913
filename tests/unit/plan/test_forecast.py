"""The estimate before a session starts: right for a recorded session, and honest about how it was reached."""

from __future__ import annotations

import csv
import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from isobench.model import Cell, Job, JobRecord, Parameters, Ready, Resources, Sample, Workload
from isobench.plan import Headline, Plan, next_step
from isobench.plan.earlier import Earlier, earlier
from isobench.plan.forecast import EMULATED, JOBS, LIVES, Forecast, forecast, span
from isobench.plan.stopping import Rule
from isobench.store.reader import SessionRecord

RECORDED = [Path(__file__).with_name(name) for name in ("durations.csv", "durations_earlier.csv")]
"""Two real quick sessions of one host, five workloads on four targets."""
AROUND = 1.002
HOST = {"cpu_model": "c", "architecture": "x", "cores": 2, "memory_bytes": 8, "kernel": "k"}
FULL = Parameters(length="full")
WORKLOADS = ("cpu", "disk", "idle", "memory", "redis")
TARGETS = {"native": "native", "docker": "docker", "vm-micro": "vm", "vm-q35": "vm"}


def workload(name: str, *jobs: Job) -> Workload:
    return Workload(name, "t", "d", Path(), ("true",), Ready("start"), Resources(1, 1 << 27, 1 << 27), jobs)


def job(quick: dict[str, Any], full: dict[str, Any]) -> Job:
    return Job("work", "instance", ("true",), (), {"quick": quick, "full": full})


def sample(cell: Cell, block: int, seconds: float, **more: Any) -> Sample:
    made = Sample(
        session="s", number=0, cell=cell, block=block, role="measured" if block else "warmup", outcome="ok",
        started_at="", request_ns=0, ended_by="stop", events={"removed": int(seconds * 1e9)},
    )  # fmt: skip
    return replace(made, **more)


def told(plan: Plan, known: Earlier, *workloads: Workload) -> Forecast:
    named = {name: workload(name) for name in WORKLOADS} | {one.name: one for one in workloads}
    return forecast(plan, named, TARGETS, known, {"life": 5.0})


def recorded(file: Path) -> dict[tuple[str, str, int], float]:
    with file.open(encoding="utf-8") as opened:
        return {(r["workload"], r["target"], int(r["block"])): float(r["seconds"]) for r in csv.DictReader(opened)}


def replayed(plan: Plan, seconds: dict[tuple[str, str, int], float]) -> list[Sample]:
    samples: list[Sample] = []
    while step := next_step(plan, samples):
        samples.append(sample(step.cell, step.block, seconds[step.cell.workload, step.cell.target, step.block]))
    return samples


@pytest.mark.parametrize(("before", "now"), [RECORDED, RECORDED[::-1]])
def test_one_recorded_session_foretells_another_within_30_per_cent(before: Path, now: Path) -> None:
    seconds = recorded(now)
    plan = Plan(tuple(dict.fromkeys(Cell(w, t) for w, t, _ in seconds)), 1)
    known = Earlier(tuple(replayed(plan, recorded(before))), around=AROUND)
    taken = replayed(plan, seconds)
    found = told(plan, known)
    assert found.seconds == pytest.approx(sum(one.duration for one in taken) * AROUND, rel=0.30)
    assert found.samples == pytest.approx(len(taken), rel=0.30)
    assert found.judged == {"measured": len(plan.cells)}
    once = sum(one.duration for one in taken if one.block <= 1) * AROUND
    assert found.once == pytest.approx(once, rel=0.30)


def drawn(plan: Plan, draw: random.Random) -> list[Sample]:
    """Return a filling session in which each target has its own scatter, within the plan's budget."""
    scatter = {"native": 0.01, "docker": 0.08, "vm-micro": 0.12, "vm-q35": 0.3}
    samples: list[Sample] = []
    elapsed = 0.0
    while step := next_step(plan, samples, elapsed):
        ready = draw.lognormvariate(0, scatter[step.cell.target])
        samples.append(sample(step.cell, step.block, 2 + ready, metrics={"time_to_ready": ready}))
        elapsed += samples[-1].duration
    return samples


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("budget", [None, 300.0])
def test_a_filling_session_is_foretold_within_30_per_cent(seed: int, budget: float | None) -> None:
    draw = random.Random(seed)  # noqa: S311
    cells = tuple(Cell(w, t, FULL) for w in WORKLOADS for t in TARGETS)
    headlines = tuple(Headline(w, "time_to_ready", 0.05) for w in WORKLOADS)
    plan = Plan(cells, seed, Rule(fill=True, once=True), headlines, budget)
    known = Earlier(tuple(drawn(replace(plan, budget=None), draw)), around=1.0)
    took = sum(one.duration for one in drawn(plan, draw))
    assert told(plan, known).seconds == pytest.approx(took, rel=0.30)


def test_the_budget_is_what_it_takes_unless_every_cell_once_takes_longer() -> None:
    cells = tuple(Cell("idle", target, FULL) for target in TARGETS)
    known = Earlier(tuple(sample(cell, block, 10.0) for cell in cells for block in range(4)), around=1.0)
    plan = Plan(cells, 1, Rule(fill=True, once=True), budget=200.0)
    assert (told(plan, known).seconds, told(plan, known).once) == (200.0, 80.0)
    short = replace(plan, budget=30.0)
    assert told(short, known).seconds == 80.0
    assert told(replace(short, rule=Rule(fill=True)), known).seconds == 30.0


def test_the_other_length_is_stretched_by_the_numbers_of_its_jobs() -> None:
    one = workload("cpu", job({"events": 1000, "size": "1M"}, {"events": 5000, "size": "32M"}))
    record = JobRecord("work", ("true",), 2.0, 5.0, 0)
    quick = [sample(Cell("cpu", "docker"), block, 6.0, jobs=(record,) if block else ()) for block in range(4)]
    plan = Plan((Cell("cpu", "docker", FULL),), 1, Rule(least=2, cheap=2))
    found = told(plan, Earlier(tuple(quick), around=1.0), one)
    assert found.seconds == pytest.approx(6.0 + 2 * (6.0 + 4 * 3.0))
    assert found.judged == {"scaled": 1}
    back = [replace(s, cell=Cell("cpu", "docker", FULL)) for s in quick]
    shrunk = told(replace(plan, cells=(Cell("cpu", "docker"),)), Earlier(tuple(back), around=1.0), one)
    assert shrunk.seconds == pytest.approx(6.0 + 2 * (6.0 - 0.8 * 3.0))


def test_where_nothing_is_known_the_figures_are_those_stated_and_it_says_so() -> None:
    plan = Plan(tuple(Cell("cpu", t) for t in TARGETS), 1, Rule(least=1, cheap=1))
    known = Earlier(acceleration={"vm-micro": "kvm", "vm-q35": "tcg"}, around=1.0)
    found = told(plan, known, workload("cpu", job({}, {})))
    lives = [LIVES["native"], LIVES["none"], LIVES["kvm"], LIVES["tcg"]]
    assert found.seconds == pytest.approx(2 * sum(lives) + 4 * 1.0 + JOBS["quick"] * (3 + EMULATED))
    assert found.samples == 8
    assert found.judged == {"assumed": 4}
    assert "8 samples" in found.words()
    assert "4 by figures assumed for its kind" in found.words()
    assert (span(44.6), span(750)) == ("45 s", "12.5 min")


def test_a_cell_that_only_failed_is_expected_to_be_given_up_again() -> None:
    cell = Cell("idle", "docker", FULL)
    plan = Plan((cell,), 1, Rule(fill=True), (Headline("idle", "time_to_ready", 0.05),))
    known = Earlier(tuple(sample(cell, block, 60.0, outcome="timeout") for block in range(4)), around=1.0)
    assert told(plan, known).samples == 4


def records(*sessions: tuple[dict[str, Any], list[Sample]]) -> Iterator[SessionRecord]:
    for environment, samples in sessions:
        meta = {"environment": environment, "wall_seconds": 1.5 * sum(s.duration for s in samples)}
        yield SessionRecord(meta, tuple(samples), Path("made-up"))


def test_sessions_of_this_host_are_asked_newest_first_until_all_cells_are_known() -> None:
    cell, other = Cell("idle", "vm-micro"), Cell("idle", "docker")
    newest = [sample(cell, block, 2.0, facts={"acceleration": "kvm"}) for block in range(4)]
    older = [sample(other, block, 1.0, facts={"acceleration": "none"}) for block in range(4)]
    asked = records(
        (HOST, newest), ({**HOST, "cores": 4}, older), (HOST | {"kernel": "another"}, older), (HOST, [*older, *newest])
    )
    found = earlier(asked, [cell, other], HOST)
    assert found.samples == (*newest, *older)
    assert found.acceleration == {"vm-micro": "kvm", "docker": "none"}
    assert found.around == pytest.approx(1.5)
    assert len(list(asked)) == 1
    assert earlier(iter(()), [cell], HOST) == Earlier()
