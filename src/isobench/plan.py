"""Which cell comes next: a pure function of the plan and the samples so far.

Block 0 holds one warm-up of each cell. Then every cell is measured ``least`` times, in randomised complete blocks;
a cell whose first measured sample took at most ``cheap_seconds`` goes on in further blocks up to ``cheap`` samples.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from isobench.model import Cell, Role, Sample


@dataclass(frozen=True, slots=True)
class Plan:
    """Cells and how often each is measured; ``budget`` is seconds after which no new sample starts."""

    cells: tuple[Cell, ...]
    seed: int
    least: int = 3
    cheap: int = 10
    cheap_seconds: float = 4.0
    budget: float | None = None

    def rule(self) -> str:
        """Return the rule in words, for the session's record."""
        words = (
            f"one warm-up of each cell, then {self.least} samples of each in randomised blocks (seed {self.seed}); "
            f"cells whose sample takes at most {self.cheap_seconds:g} s get {self.cheap}"
        )
        return words + (f"; no new sample after {self.budget:g} s" if self.budget else "")


@dataclass(frozen=True, slots=True)
class Step:
    """One sample to take. Blocks alternate between ending an instance gracefully and killing it."""

    cell: Cell
    block: int
    role: Role
    ended_by: Literal["stop", "kill"]


def next_step(plan: Plan, samples: Sequence[Sample], elapsed: float = 0.0) -> Step | None:
    """Return the next sample to take, or None when the plan is carried out or its budget spent."""
    if plan.budget is not None and elapsed >= plan.budget:
        return None
    taken: dict[int, set[Cell]] = {}
    for sample in samples:
        taken.setdefault(sample.block, set()).add(sample.cell)
    for block in range(max(plan.least, plan.cheap) + 1):
        for cell in order(plan, block):
            if cell not in taken.get(block, set()) and block <= wanted(plan, cell, samples):
                role: Role = "measured" if block else "warmup"
                return Step(cell, block, role, "kill" if block == 0 or block % 2 == 0 else "stop")
    return None


def order(plan: Plan, block: int) -> list[Cell]:
    """Return all cells in the order of a block: the same seed gives the same order."""
    cells = list(plan.cells)
    random.Random(f"{plan.seed}/{block}").shuffle(cells)  # noqa: S311 - an order, not a secret
    return cells


def wanted(plan: Plan, cell: Cell, samples: Sequence[Sample]) -> int:
    """Return how many measured samples a cell is to have, by what its first one took."""
    first = next((s for s in samples if s.cell == cell and s.role == "measured"), None)
    cheap = first is not None and first.outcome == "ok" and first.duration <= plan.cheap_seconds
    return max(plan.cheap, plan.least) if cheap else plan.least


def remaining(plan: Plan, samples: Sequence[Sample]) -> int:
    """Return how many samples are still to come, as far as is known now."""
    left = 0
    for cell in plan.cells:
        done = sum(1 for sample in samples if sample.cell == cell)
        left += max(wanted(plan, cell, samples) + 1 - done, 0)
    return left
