"""TEST DATA: pairs of series drawn from known levels and spreads, sessions of variants, and runs; never measured."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from tests import synthetic
from tests.unit.parity import made

from isobench.ab import Pairs, Variant
from isobench.ab.blocks import Blocks
from isobench.ab.judge import Rules, judge
from isobench.gate import Check, Limits
from isobench.model import Cell, Outcome, Sample, TargetSpec
from isobench.plan import Headline, Plan, Step
from isobench.plan.stopping import Rule
from isobench.store.reader import SessionRecord, read_session

TIME = Limits("lower", 0.05, 0.0)
A, B, C = "docker", "docker,read_only=true", "docker,no_new_privileges=true"


def pairs(seed: int, ratio: float = 1.0, blocks: int = 40, spread: float = 0.02, limits: Limits = TIME) -> Pairs:
    """Draw a reference and a variant whose level is ``ratio`` times the reference's."""
    draw = np.random.default_rng(seed)
    one, other = np.exp(draw.normal(0, spread, (2, blocks)))
    at = range(1, blocks + 1)
    return Pairs(dict(zip(at, one, strict=True)), dict(zip(at, ratio * other, strict=True)), limits)


def variants(*labels: str) -> tuple[Variant, ...]:
    """Return variants of docker under these labels."""
    return tuple(Variant(TargetSpec(label, "docker", "", "", ""), "docker") for label in labels or (A, B))


def session(folder: Path, ratio: float = 1.0, meta: dict[str, Any] | None = None, blocks: int = 12,
            outcome: Outcome = "ok", **metrics: float) -> SessionRecord:  # fmt: skip
    """Write a session of two variants: B's time_to_ready is ``ratio`` times A's, its samples end in ``outcome``."""
    steps = np.exp(np.random.default_rng(1).normal(0, 0.01, (2, blocks)))
    first = made.taken(1.0, [("idle", A)], [float(s) for s in steps[0]], "ok", "quick", (), **metrics)
    second = made.taken(ratio, [("idle", B)], [float(s) for s in steps[1]], outcome, "quick", (), **metrics)
    taken = [replace(one, block=block, number=number * blocks + block)
             for number, of in enumerate((first, second)) for block, one in enumerate(of, start=1)]  # fmt: skip
    return read_session(synthetic.write(folder, meta or of_variants(folder.name), taken))


def of_variants(name: str, **of_b: Any) -> dict[str, Any]:
    """Return a session.json whose targets are the variants; keywords override B's table."""
    whole = made.meta(name)
    docker = whole["targets"]["docker"]
    whole["targets"] = {A: docker, B: docker | of_b, C: docker}
    return whole


class Drawn:
    """A comparison whose samples are drawn: one second each, 0.5 s to ready times the cell's ratio."""

    def __init__(
        self, ratios: Mapping[Cell, float], *, rules: Rules | None = None, budget: float | None = None,
        spread: float = 0.01, outcome: Callable[[Step], Outcome] = lambda step: "ok",
    ) -> None:  # fmt: skip
        self.ratios, self.rules, self.spread, self.outcome = ratios, rules or Rules(), spread, outcome
        cells = tuple(ratios)
        self.labels = tuple(dict.fromkeys(cell.target for cell in cells))
        headlines = tuple(Headline(name, "time_to_ready", 0.05) for name in dict.fromkeys(c.workload for c in cells))
        spending = self.rules.spending
        plan = Plan(cells, 1, Rule(fill=True, most=spending.most), headlines, budget)
        self.blocks = Blocks(plan, self.labels[0], spending.planned())
        self.meta = of_variants("drawn")
        self.meta["plan"]["cells"] = [{"workload": cell.workload, "target": cell.target} for cell in cells]
        self._draw = random.Random(1)  # noqa: S311

    def carried_out(self) -> Drawn:
        """Take all samples."""
        for step in self.blocks.steps(self.judged, self.elapsed):
            self.blocks.samples.append(self._sample(step))
        return self

    def judged(self) -> Check:
        """Judge what there is."""
        return self.judged_of(self.blocks.samples)

    def judged_of(self, samples: Sequence[Sample]) -> Check:
        """Judge some of the samples."""
        return judge(SessionRecord(self.meta, tuple(samples), Path()), variants(*self.labels), self.rules)

    def elapsed(self) -> float:
        """Return the seconds so far."""
        return float(len(self.blocks.samples))

    def measured(self, cell: Cell) -> int:
        """Return how many measured samples a cell has."""
        return sum(sample.cell == cell and sample.role == "measured" for sample in self.blocks.samples)

    def _sample(self, step: Step) -> Sample:
        outcome = self.outcome(step)
        one = synthetic.sample(len(self.blocks.samples), "idle", "docker", self._draw, outcome)
        value = 0.5 * self.ratios[step.cell] * self._draw.lognormvariate(0, self.spread)
        return replace(one, cell=step.cell, block=step.block, role=step.role,
                       metrics={"time_to_ready": value} if outcome == "ok" else {})  # fmt: skip
