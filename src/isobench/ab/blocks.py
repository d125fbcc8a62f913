"""Block after block of the cells that are open: a pair leaves at the look that decides it.

So the budget goes to what is undecided. A variant of a workload leaves when all its headline series are answered, or
after failing several times in a row; the workload's reference stays as long as any other is open. What has left keeps
its looks, its p and its interval (``isobench.ab.sequential``).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from isobench.gate.finding import Check
from isobench.model import Cell, Sample
from isobench.plan import Plan, Step, next_step, stop_of
from isobench.verdict import Verdict

Over = Literal["decided", "most", "budget", "failing"]


@dataclass(frozen=True, slots=True)
class Left:
    """Why a cell takes part no more, in a word and in words."""

    reason: Literal["decided", "failing", "alone"]
    words: str


def decided(verdicts: Iterable[Verdict]) -> bool:
    """Return whether a pair's headline series are answered: it has one, and none is inconclusive."""
    told = set(verdicts)
    return bool(told) and "inconclusive" not in told


class Blocks:
    """The cells of a comparison as they take part and leave. Whoever takes the steps appends to ``samples``."""

    def __init__(self, plan: Plan, reference: str, looks: Collection[int]) -> None:
        """``looks`` are the blocks after which to judge."""
        self.plan = plan
        self.samples: list[Sample] = []
        self.left: dict[Cell, Left] = {}
        self._reference, self._looks = reference, looks

    @property
    def open(self) -> tuple[Cell, ...]:
        """The cells that take part in the next block."""
        return tuple(cell for cell in self.plan.cells if cell not in self.left)

    @property
    def done(self) -> int:
        """The latest block that has a sample."""
        return max((sample.block for sample in self.samples), default=0)

    def steps(self, judged: Callable[[], Check], elapsed: Callable[[], float]) -> Iterator[Step]:
        """Yield the samples to take, one after another, until nothing is open or the plan has no more."""
        block = 0
        while step := self._next(elapsed()):
            if step.block != block:
                over, block = block, step.block
                if self._any_left(over, judged):
                    continue
            yield step
        self._give_up()
        if self.open and not self._spent(elapsed()):
            self._look(judged())

    def ended(self, elapsed: float) -> Over:
        """Return why the steps came to their end."""
        if self.open:
            return "budget" if self._spent(elapsed) else "most"
        return "failing" if any(one.reason == "failing" for one in self.left.values()) else "decided"

    def _next(self, elapsed: float) -> Step | None:
        # Without headlines: it is the verdict that ends a cell here, not the width of its own interval.
        return next_step(replace(self.plan, cells=self.open, headlines=()), self.samples, elapsed)

    def _spent(self, elapsed: float) -> bool:
        return self.plan.budget is not None and elapsed >= self.plan.budget

    def _any_left(self, block: int, judged: Callable[[], Check]) -> bool:
        before = len(self.left)
        self._give_up()
        if block in self._looks and self.open:
            self._look(judged())
        return len(self.left) > before

    def _give_up(self) -> None:
        for cell in self.open:
            stop = stop_of(self.plan.rule, (), cell, self.samples)
            if stop and stop.reason == "failing":
                self.left[cell] = Left("failing", stop.words)
        self._leave_alone()

    def _look(self, found: Check) -> None:
        for cell in self.open:
            metrics = {headline.metric for headline in self.plan.headlines_of(cell)}
            own = [one.verdict for one in found.findings if one.cell == cell and one.metric in metrics]
            if cell.target != self._reference and decided(own):
                self.left[cell] = Left("decided", f"its headline series were decided after {self.done} blocks")
        self._leave_alone()

    def _leave_alone(self) -> None:
        """Let those leave that have nothing to be compared with any more."""
        here = self.open
        for cell in here:
            beside = {other.target for other in here if other.workload == cell.workload} - {cell.target}
            if not (beside if cell.target == self._reference else self._reference in beside):
                self.left[cell] = Left("alone", "nothing of its workload is left to compare it with")
