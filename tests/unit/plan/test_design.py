"""The plan is a pure function: seeds and samples in, the next step out."""

from __future__ import annotations

import random
from dataclasses import replace

from isobench.model import Cell, Parameters, Sample
from isobench.plan import Headline, Plan, Step, next_step, order, stops
from isobench.plan.stopping import Rule

CELLS = tuple(Cell(workload, target) for workload in ("idle", "redis") for target in ("native", "docker", "vm-micro"))


def taken(step: Step, number: int, seconds: float = 2.0) -> Sample:
    return Sample(
        session="s", number=number, cell=step.cell, block=step.block, role=step.role, outcome="ok",
        started_at="", request_ns=0, ended_by=step.ended_by, events={"request": 0, "removed": int(seconds * 1e9)},
    )  # fmt: skip


def carry_out(plan: Plan, seconds: dict[str, float] | None = None) -> list[Sample]:
    samples: list[Sample] = []
    while step := next_step(plan, samples):
        samples.append(taken(step, len(samples), (seconds or {}).get(step.cell.target, 2.0)))
    return samples


def test_every_cell_is_warmed_up_once_and_first() -> None:
    samples = carry_out(Plan(CELLS, seed=1))
    warm = [sample.cell for sample in samples if sample.role == "warmup"]
    assert sorted(map(str, warm)) == sorted(map(str, CELLS))
    assert all(sample.role == "warmup" for sample in samples[: len(CELLS)])


def test_blocks_are_complete_and_in_order() -> None:
    samples = carry_out(Plan(CELLS, seed=1, rule=Rule(least=3, cheap=3)))
    for block in range(4):
        rows = samples[block * len(CELLS) : (block + 1) * len(CELLS)]
        assert {sample.cell for sample in rows} == set(CELLS)
        assert {sample.block for sample in rows} == {block}


def test_the_same_seed_gives_the_same_order_and_another_seed_another() -> None:
    first, again, other = (carry_out(Plan(CELLS, seed=seed)) for seed in (7, 7, 8))
    assert [s.cell for s in first] == [s.cell for s in again]
    assert [s.cell for s in first] != [s.cell for s in other]
    assert order(Plan(CELLS, seed=7), 1) != order(Plan(CELLS, seed=7), 2)


def test_only_cheap_cells_go_on_beyond_the_least() -> None:
    samples = carry_out(Plan(CELLS, seed=1), {"vm-micro": 9.0})
    for cell in CELLS:
        measured = [s for s in samples if s.cell == cell and s.role == "measured"]
        assert len(measured) == (3 if cell.target == "vm-micro" else 10)


def test_a_study_stands_in_the_same_blocks_without_warm_up_and_ends_by_its_count() -> None:
    study = Cell("idle", "docker", Parameters(study="life"))
    plan = Plan((*CELLS[:2], study), seed=3, rule=Rule(least=4, cheap=4, studies=(("life", 2),)))
    samples = carry_out(plan)
    assert [(s.block, s.role) for s in samples if s.cell == study] == [(1, "measured"), (2, "measured")]
    assert [s.block for s in samples if s.cell == CELLS[0]] == [0, 1, 2, 3, 4]
    assert {stop.cell: stop.words for stop in stops(plan.rule, (), plan.cells, samples, "budget")}[
        study
    ] == "2 as planned"


def test_a_session_of_nothing_but_studies_begins_with_their_first_block() -> None:
    plan = Plan((Cell("idle", "docker", Parameters(study="life")),), seed=3, rule=Rule(studies=(("life", 2),)))
    assert [sample.block for sample in carry_out(plan)] == [1, 2]


def test_a_failed_first_sample_does_not_make_a_cell_cheap() -> None:
    plan = Plan(CELLS[:1], seed=1)
    samples: list[Sample] = []
    while step := next_step(plan, samples):
        samples.append(replace(taken(step, len(samples)), outcome="failed"))
    assert sum(sample.role == "measured" for sample in samples) == plan.rule.least


def test_both_ways_to_end_an_instance_are_measured_in_every_cell() -> None:
    samples = carry_out(Plan(CELLS, seed=1))
    for cell in CELLS:
        ways = [s.ended_by for s in samples if s.cell == cell and s.role == "measured"]
        assert ways.count("stop") >= 2
        assert ways.count("kill") >= 1


def test_a_spent_budget_ends_the_session() -> None:
    assert next_step(Plan(CELLS, seed=1, budget=60), [], elapsed=60) is None
    assert next_step(Plan(CELLS, seed=1, budget=60), [], elapsed=59) is not None


def test_a_session_can_be_cut_anywhere_and_goes_on_as_if_it_had_not_been() -> None:
    plan = Plan(CELLS, seed=5)
    whole = carry_out(plan, {"vm-micro": 9.0})
    for cut in (0, 1, len(CELLS), len(whole) // 2, len(whole) - 1):
        samples = list(whole[:cut])
        while step := next_step(plan, samples):
            samples.append(taken(step, len(samples), 9.0 if step.cell.target == "vm-micro" else 2.0))
        assert [(s.cell, s.block) for s in samples] == [(s.cell, s.block) for s in whole]


def test_a_filling_plan_lets_a_cell_go_when_its_intervals_are_narrow_and_says_so() -> None:
    headlines = tuple(Headline(workload, "time_to_ready", 0.05) for workload in ("idle", "redis"))
    plan = Plan(CELLS, seed=1, rule=Rule(fill=True, most=20), headlines=headlines)
    draw = random.Random(3)  # noqa: S311
    samples: list[Sample] = []
    while step := next_step(plan, samples):
        spread = 0.5 if step.cell.target == "docker" else 0.01
        ready = {"time_to_ready": draw.lognormvariate(0, spread)}
        samples.append(replace(taken(step, len(samples)), metrics=ready))
    found = {stop.cell: stop for stop in stops(plan.rule, headlines, CELLS, samples, "budget")}
    for cell in CELLS:
        if cell.target == "docker":
            assert (found[cell].reason, found[cell].samples) == ("most", 20)
        else:
            assert (found[cell].reason, found[cell].samples) == ("width", 10)
            assert "time_to_ready within ±5%" in found[cell].words


def test_noisy_samples_do_not_count_towards_a_narrow_interval() -> None:
    plan = Plan(CELLS[:1], 1, Rule(fill=True, most=14), (Headline("idle", "time_to_ready", 0.05),))
    samples: list[Sample] = []
    while step := next_step(plan, samples):
        marks = ("noisy",) if step.block % 2 else ()
        samples.append(replace(taken(step, len(samples)), metrics={"time_to_ready": 1.0}, marks=marks))
    assert sum(sample.role == "measured" for sample in samples) == 14


def test_a_cell_that_only_fails_is_given_up_by_a_filling_plan() -> None:
    plan = Plan(CELLS[:1], 1, Rule(fill=True), (Headline("idle", "time_to_ready", 0.05),))
    samples: list[Sample] = []
    while step := next_step(plan, samples):
        samples.append(replace(taken(step, len(samples)), outcome="timeout"))
    assert stops(plan.rule, plan.headlines, plan.cells, samples, "budget")[0].reason == "failing"


def test_cells_that_the_budget_or_the_user_cut_off_say_so() -> None:
    plan = Plan(CELLS, seed=1)
    samples = carry_out(plan)[:20]
    assert {stop.reason for stop in stops(plan.rule, (), CELLS, samples, "interrupted")} == {"interrupted"}
    assert {stop.reason for stop in stops(plan.rule, (), CELLS, carry_out(plan), "budget")} == {"count"}


def test_a_budget_nobody_asked_for_lets_every_cell_be_measured_once() -> None:
    plan = Plan(CELLS, seed=1, rule=Rule(fill=True, once=True), budget=5)
    samples: list[Sample] = []
    while step := next_step(plan, samples, elapsed=2.0 * len(samples)):
        samples.append(taken(step, len(samples)))
    assert {(sample.cell, sample.role) for sample in samples} == {(c, r) for c in CELLS for r in ("warmup", "measured")}
    assert len(samples) == 2 * len(CELLS)
    assert "no new sample after 5 s, once every cell has been measured" in plan.words()
    assert {stop.reason for stop in stops(plan.rule, (), CELLS, samples, "budget")} == {"budget"}
