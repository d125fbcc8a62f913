"""Who takes part in which block: decided pairs leave, the budget goes to the rest, a failing variant is given up."""

from __future__ import annotations

from tests.unit.ab.drawn import A, B, C, Drawn

from isobench.ab import Spending
from isobench.ab.judge import Rules
from isobench.model import Cell, Outcome
from isobench.plan import Step

WORSE, UNCLEAR = 1.5, 1.05
"""Far beyond the smallest change that counts, and on it: the first is decided at once, the second never."""


def cells(**ratios: tuple[float, ...]) -> dict[Cell, float]:
    """Return each workload's cells with their ratios: the reference, then variants."""
    return {Cell(workload, target): ratio
            for workload, of in ratios.items() for target, ratio in zip((A, B, C), of, strict=False)}  # fmt: skip


def counts(run: Drawn) -> dict[str, int]:
    return {str(cell): run.measured(cell) for cell in run.ratios}


def test_a_decided_pair_leaves_and_the_others_go_on() -> None:
    run = Drawn(cells(idle=(1.0, WORSE), cpu=(1.0, UNCLEAR))).carried_out()
    assert counts(run) == {f"idle@{A}": 6, f"idle@{B}": 6, f"cpu@{A}": 40, f"cpu@{B}": 40}
    assert {str(cell): left.reason for cell, left in run.blocks.left.items()} == {
        f"idle@{A}": "alone", f"idle@{B}": "decided",
    }  # fmt: skip
    assert run.blocks.ended(run.elapsed()) == "most"


def test_a_reference_stays_as_long_as_any_other_of_its_workload() -> None:
    run = Drawn(cells(idle=(1.0, WORSE, UNCLEAR))).carried_out()
    assert counts(run) == {f"idle@{A}": 40, f"idle@{B}": 6, f"idle@{C}": 40}
    over = Drawn(cells(idle=(1.0, WORSE, 1.0))).carried_out()
    assert over.blocks.ended(over.elapsed()) == "decided"
    assert not over.blocks.open
    assert over.measured(Cell("idle", A)) == over.measured(Cell("idle", C)) < 40


def test_who_left_keeps_the_answer_of_the_look_at_which_it_was_decided() -> None:
    run = Drawn(cells(idle=(1.0, WORSE, UNCLEAR), cpu=(1.0, 1.0, UNCLEAR))).carried_out()
    left = {cell: run.measured(cell) for cell in (Cell("idle", B), Cell("cpu", B))}
    assert max(left.values()) < 40
    now = {one.cell: one for one in run.judged().findings}
    for cell, block in left.items():
        then = run.judged_of([one for one in run.blocks.samples if one.block <= block])
        before = next(one for one in then.findings if one.cell == cell)
        assert before.answer is not None
        after = now[cell].answer
        assert after is not None
        assert now[cell].verdict == before.verdict != "inconclusive"
        assert (after.p, after.ratio, after.n) == (before.answer.p, before.answer.ratio, block)
        assert before.answer.q is not None
        assert after.q is not None
        assert after.q <= before.answer.q


def test_an_undecided_pair_gets_all_blocks_however_narrow_its_intervals_are() -> None:
    assert set(counts(Drawn(cells(idle=(1.0, UNCLEAR)), spread=0.001).carried_out()).values()) == {40}


def test_the_budget_goes_to_what_is_undecided() -> None:
    alone = Drawn(cells(idle=(1.0, UNCLEAR)), budget=60).carried_out()
    beside = Drawn(cells(idle=(1.0, UNCLEAR), cpu=(1.0, WORSE)), budget=60).carried_out()
    assert alone.blocks.ended(60) == beside.blocks.ended(60) == "budget"
    # 14 samples of six blocks and a warm-up went to the other workload.
    assert beside.measured(Cell("idle", B)) == alone.measured(Cell("idle", B)) - 7


def test_a_variant_that_always_fails_is_given_up_after_three_blocks() -> None:
    def outcome(step: Step) -> Outcome:
        return "failed" if step.cell.target == B else "ok"

    run = Drawn(cells(idle=(1.0, 1.0)), outcome=outcome).carried_out()
    assert counts(run) == {f"idle@{A}": 3, f"idle@{B}": 3}
    assert run.blocks.ended(run.elapsed()) == "failing"
    assert [one.verdict for one in run.judged().findings] == ["error"]
    more = Drawn(cells(idle=(1.0, 1.0, UNCLEAR)), outcome=outcome).carried_out()
    assert counts(more) == {f"idle@{A}": 40, f"idle@{B}": 3, f"idle@{C}": 40}


def test_a_variant_that_begins_to_fail_is_given_up_and_its_values_are_judged_as_they_are() -> None:
    def outcome(step: Step) -> Outcome:
        return "failed" if step.cell.target == B and step.block > 4 else "ok"

    run = Drawn(cells(idle=(1.0, UNCLEAR)), outcome=outcome).carried_out()
    assert counts(run) == {f"idle@{A}": 7, f"idle@{B}": 7}
    assert run.blocks.left[Cell("idle", B)].reason == "failing"
    assert [(one.verdict, one.answer and one.answer.n) for one in run.judged().findings] == [("inconclusive", 4)]


def test_without_a_reference_nobody_goes_on() -> None:
    def outcome(step: Step) -> Outcome:
        return "failed" if step.cell == Cell("idle", A) else "ok"

    run = Drawn(cells(idle=(1.0, 1.0, 1.0), cpu=(1.0, WORSE)), outcome=outcome).carried_out()
    assert counts(run) == {f"idle@{A}": 3, f"idle@{B}": 3, f"idle@{C}": 3, f"cpu@{A}": 6, f"cpu@{B}": 6}
    assert run.blocks.ended(run.elapsed()) == "failing"


def test_a_budget_that_is_out_before_the_first_look_decides_nothing() -> None:
    for budget in (0, 1, 5, 9):
        run = Drawn(cells(idle=(1.0, WORSE)), budget=budget, rules=Rules(strict=True)).carried_out()
        assert len(run.blocks.samples) == budget
        assert run.blocks.ended(run.elapsed()) == "budget"
        found = run.judged()
        assert {one.verdict for one in found.findings} == {"inconclusive"}
        assert found.exit_code == 3


def test_the_first_look_is_at_the_fewest_blocks_that_are_asked_for() -> None:
    run = Drawn(cells(idle=(1.0, WORSE)), rules=Rules(Spending(4, 20)), spread=0.001).carried_out()
    assert set(counts(run).values()) == {4}
