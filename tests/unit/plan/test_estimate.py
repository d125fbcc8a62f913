"""The time left: honest at half-way of a real session's recorded durations, and bounded by a budget."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from isobench.model import Cell, Sample
from isobench.plan import Plan, next_step, remaining
from isobench.plan.stopping import Rule

DURATIONS = Path(__file__).with_name("durations.csv")
"""A real quick session, five workloads on four targets: workload, target, block, seconds from request to removed."""
AROUND = 1.002
"""What lay between its samples, relative to them."""


def recorded() -> dict[tuple[str, str, int], float]:
    with DURATIONS.open(encoding="utf-8") as file:
        return {(r["workload"], r["target"], int(r["block"])): float(r["seconds"]) for r in csv.DictReader(file)}


def replay(plan: Plan, seconds: dict[tuple[str, str, int], float]) -> list[Sample]:
    samples: list[Sample] = []
    while step := next_step(plan, samples):
        lasted = seconds[step.cell.workload, step.cell.target, step.block]
        samples.append(
            Sample(
                session="s", number=len(samples), cell=step.cell, block=step.block, role=step.role, outcome="ok",
                started_at="", request_ns=0, ended_by=step.ended_by, events={"removed": int(lasted * 1e9)},
            )
        )  # fmt: skip
    return samples


@pytest.mark.parametrize("seed", range(10))
def test_at_half_way_the_estimate_is_within_30_per_cent(seed: int) -> None:
    seconds = recorded()
    cells = tuple(Cell(w, t) for w, t in dict.fromkeys((w, t) for w, t, _ in seconds))
    plan = Plan(cells, seed)
    samples = replay(plan, seconds)
    total = sum(sample.duration for sample in samples) * AROUND
    elapsed = 0.0
    for number, sample in enumerate(samples, 1):
        elapsed += sample.duration * AROUND
        if elapsed >= total / 2:
            left = remaining(plan, samples[:number], elapsed)
            assert left.seconds == pytest.approx(total - elapsed, rel=0.30)
            return


def test_nothing_is_left_of_a_session_that_is_complete() -> None:
    plan = Plan((Cell("idle", "docker"),), 1)
    samples = replay(plan, {("idle", "docker", block): 1.0 for block in range(20)})
    assert remaining(plan, samples, 11.0).samples == 0
    assert remaining(plan, samples, 11.0).seconds == 0


def test_before_the_first_sample_every_cell_counts_its_warm_up() -> None:
    plan = Plan((Cell("idle", "docker"), Cell("idle", "native")), 1, Rule(3, 3))
    assert remaining(plan, []).samples == 8


def test_a_budget_bounds_the_estimate() -> None:
    plan = Plan((Cell("idle", "docker"),), 1, Rule(fill=True), budget=10.0)
    samples = replay(Plan(plan.cells, 1, Rule(3, 3)), {("idle", "docker", block): 2.0 for block in range(9)})
    left = remaining(plan, samples, 8.5)
    assert left.seconds == pytest.approx(1.5)
    assert left.samples == 1


def test_what_every_cell_needs_once_is_never_cut_from_the_estimate() -> None:
    cells = tuple(Cell("idle", target) for target in ("docker", "native"))
    plan = Plan(cells, 1, Rule(fill=True, once=True), budget=5.0)
    done = replay(Plan(cells, 1, Rule(1, 1)), {("idle", t, b): 4.0 for t in ("docker", "native") for b in range(2)})
    assert remaining(plan, done[:3], 12.0).seconds == pytest.approx(4.0)
    assert remaining(plan, done, 16.0).seconds == 0
