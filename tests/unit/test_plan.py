"""The plan is a pure function: seeds and samples in, the next step out."""

from __future__ import annotations

from dataclasses import replace

from isobench.model import Cell, Sample
from isobench.plan import Plan, Step, next_step, order, remaining

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
    samples = carry_out(Plan(CELLS, seed=1, least=3, cheap=3))
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


def test_a_failed_first_sample_does_not_make_a_cell_cheap() -> None:
    plan = Plan(CELLS[:1], seed=1)
    samples: list[Sample] = []
    while step := next_step(plan, samples):
        samples.append(replace(taken(step, len(samples)), outcome="failed"))
    assert sum(sample.role == "measured" for sample in samples) == plan.least


def test_both_ways_to_end_an_instance_are_measured_in_every_cell() -> None:
    samples = carry_out(Plan(CELLS, seed=1))
    for cell in CELLS:
        ways = [s.ended_by for s in samples if s.cell == cell and s.role == "measured"]
        assert ways.count("stop") >= 2
        assert ways.count("kill") >= 1


def test_a_spent_budget_ends_the_session() -> None:
    assert next_step(Plan(CELLS, seed=1, budget=60), [], elapsed=60) is None
    assert next_step(Plan(CELLS, seed=1, budget=60), [], elapsed=59) is not None


def test_remaining_counts_what_is_still_to_come() -> None:
    plan = Plan(CELLS, seed=1, least=3, cheap=3)
    assert remaining(plan, []) == len(CELLS) * 4
    assert remaining(plan, carry_out(plan)) == 0
