"""How many samples and how much time are left, from what the samples so far have taken.

A cell's samples take what its measured ones took (median). Before the first of them it is the cell's warm-up and the
work that the same workload added to its warm-up elsewhere. What lies between samples is spread over them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, median

from isobench.model import JOB, Cell, Sample
from isobench.plan.design import Plan
from isobench.plan.stopping import measured, needed, stop_of, wanted

SETTLE = 1.0
"""Seconds that every measured sample waits before its memory is read."""


@dataclass(frozen=True, slots=True)
class Remaining:
    """What is still to come: samples, and seconds."""

    samples: int
    seconds: float


def remaining(plan: Plan, samples: Sequence[Sample], elapsed: float = 0.0) -> Remaining:
    """Return what is left of a session that has run for ``elapsed`` seconds; a budget bounds it."""
    lasted = sum(sample.duration for sample in samples)
    around = max(elapsed / lasted, 1.0) if samples and lasted else 1.0
    count, seconds, once = 0, 0.0, 0.0
    for cell in plan.cells:
        own = [sample for sample in samples if sample.cell == cell]
        takes = _measured_takes(cell, samples)
        left = _left(plan, cell, samples, takes)
        warmed = bool(own) or cell.parameters.study != JOB
        warm = 0.0 if warmed else _warm_takes(cell, samples)
        count += left + (not warmed)
        seconds += (left * takes + warm) * around
        once += 0.0 if measured(cell, own) else (takes + warm) * around
    return bounded(plan, Remaining(count, seconds), once, elapsed)


def bounded(plan: Plan, whole: Remaining, once: float, elapsed: float = 0.0) -> Remaining:
    """Return what of it the budget leaves; ``once`` is the seconds until every cell has been measured once."""
    if plan.budget is None:
        return whole
    kept = max(plan.budget - elapsed, once if plan.rule.once else 0.0, 0.0)
    if whole.seconds <= kept:
        return whole
    return Remaining(math.ceil(whole.samples * kept / whole.seconds), kept)


def _left(plan: Plan, cell: Cell, samples: Sequence[Sample], takes: float) -> int:
    taken = measured(cell, samples)
    rule = plan.rule
    if cell.parameters.study != JOB:
        return max(dict(rule.studies)[cell.parameters.study] - len(taken), 0)
    if not rule.fill:
        if not taken:
            return max(rule.cheap, rule.least) if takes <= rule.cheap_seconds else rule.least
        return max(wanted(rule, taken) - len(taken), 0)
    headlines = plan.headlines_of(cell)
    if stop_of(rule, headlines, cell, samples):
        return 0
    return max((needed(rule, headlines, taken) or min(rule.cheap, rule.most)) - len(taken), 1)


def _measured_takes(cell: Cell, samples: Sequence[Sample]) -> float:
    if own := [sample.duration for sample in measured(cell, samples)]:
        return median(own)
    alike = [
        sample.duration - _warm_takes(sample.cell, samples)
        for sample in samples
        if sample.role == "measured"
        and sample.cell.workload == cell.workload
        and sample.cell.parameters.study == cell.parameters.study
    ]
    return _warm_takes(cell, samples) + (max(median(alike), 0.0) if alike else SETTLE)


def _warm_takes(cell: Cell, samples: Sequence[Sample]) -> float:
    warm = [sample for sample in samples if sample.role == "warmup"]
    for alike in (
        [s.duration for s in warm if s.cell == cell],
        [s.duration for s in warm if s.cell.target == cell.target],
        [s.duration for s in warm],
    ):
        if alike:
            return fmean(alike)
    return SETTLE
