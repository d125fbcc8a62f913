"""Which cell comes next.

Block 0 holds one warm-up of each cell; a study's cell, whose samples are whole experiments, has none. Then cells are
measured in randomised complete blocks (W. G. Cochran and G. M. Cox, *Experimental Designs*, 1957, chapter 4): each
block holds every cell that has not stopped, once, in an order drawn for that block. A cell stops only between blocks,
so ratios can be paired by the blocks that cells share.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from isobench.model import JOB, Cell, Role, Sample
from isobench.plan.stopping import QUICK, Headline, Rule, stop_of


@dataclass(frozen=True, slots=True)
class Plan:
    """Cells, the seed of their order, and when they stop; ``budget`` is seconds after which no sample starts.

    ``headlines`` names, for each workload, the figures whose intervals a filling plan narrows.
    """

    cells: tuple[Cell, ...]
    seed: int
    rule: Rule = QUICK
    headlines: tuple[Headline, ...] = ()
    budget: float | None = None

    def words(self) -> str:
        """Return the design in words, for the session's record."""
        said = f"one warm-up of each cell, then randomised complete blocks (seed {self.seed}); {self.rule.words()}"
        if not self.budget:
            return said
        once = ", once every cell has been measured" if self.rule.once else ""
        return f"{said}; no new sample after {self.budget:g} s{once}"

    def headlines_of(self, cell: Cell) -> tuple[Headline, ...]:
        """Return the figures that a cell is judged by; a study's cell is counted, not judged."""
        if cell.parameters.study != JOB:
            return ()
        return tuple(headline for headline in self.headlines if headline.workload == cell.workload)


@dataclass(frozen=True, slots=True)
class Step:
    """One sample to take. Blocks alternate between ending an instance gracefully and killing it."""

    cell: Cell
    block: int
    role: Role
    ended_by: Literal["stop", "kill"]


def next_step(plan: Plan, samples: Sequence[Sample], elapsed: float = 0.0) -> Step | None:
    """Return the next sample to take, or None when every cell has stopped or the budget is spent.

    Where the rule says ``once``, the budget does not end the blocks in which cells are measured for the first time.
    """
    spent = plan.budget is not None and elapsed >= plan.budget
    block = max((sample.block for sample in samples), default=0)
    for current in (block, block + 1):
        if spent and not (plan.rule.once and current <= 1):
            return None
        if cell := _missing(plan, samples, current):
            return Step(cell, current, "measured" if current else "warmup", "stop" if current % 2 else "kill")
    return None


def order(plan: Plan, block: int) -> list[Cell]:
    """Return all cells in the order of a block: the same seed gives the same order."""
    cells = list(plan.cells)
    random.Random(f"{plan.seed}/{block}").shuffle(cells)  # noqa: S311 - an order, not a secret
    return cells


def _missing(plan: Plan, samples: Sequence[Sample], block: int) -> Cell | None:
    """Return the first cell of a block that has no sample in it yet."""
    taken = {sample.cell for sample in samples if sample.block == block}
    before = {sample.cell for sample in samples if sample.block == block - 1}
    earlier = [sample for sample in samples if sample.block < block]
    for cell in order(plan, block):
        first = 0 if cell.parameters.study == JOB else 1
        if block < first or cell in taken or (block > first and cell not in before):
            continue
        if stop_of(plan.rule, plan.headlines_of(cell), cell, earlier) is None:
            return cell
    return None
