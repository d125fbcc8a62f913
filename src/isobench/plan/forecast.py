"""How long a session takes, before its first sample: by earlier sessions here, else by stated figures.

A cell is judged by the first of these that there is:

- ``measured``: its own samples of the same length, from earlier sessions on this host (medians);
- ``scaled``: its samples of the other length, each job stretched as the numbers in its definition are;
- ``assumed``: a life of ``LIVES`` (of each member, in an application), the wait before memory is read, and ``JOBS`` for
  each job, ``EMULATED`` times as long where the target emulates; a study's sample as many lives as it says.

How many samples a filling plan takes of a cell follows from the width that those samples' intervals have; where they
have none, it is the most that the rule allows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal

from isobench.model import JOB, Cell, Job, Sample, Workload
from isobench.model.workload import Length
from isobench.plan.design import Plan
from isobench.plan.earlier import Earlier
from isobench.plan.estimate import SETTLE, Remaining, bounded
from isobench.plan.stopping import measured, needed, stop_of

Basis = Literal["measured", "scaled", "assumed"]

LIVES = {"native": 0.1, "none": 0.7, "kvm": 2.0, "tcg": 7.0}
"""Seconds from request to removed without work: ``native``, other kinds without a kernel of their own, VMs."""
JOBS: Mapping[Length, float] = {"quick": 1.0, "full": 8.0}
"""Seconds of a job."""
EMULATED = 4.0

_WORDS: Mapping[Basis, str] = {
    "measured": "by earlier sessions on this host",
    "scaled": "by earlier sessions of the other length",
    "assumed": "by figures assumed for its kind",
}


@dataclass(frozen=True, slots=True)
class Forecast:
    """What is to come: samples and seconds within the budget, and seconds until every cell was measured once.

    ``judged`` says of how many cells the time is known in which way.
    """

    samples: int
    seconds: float
    once: float
    judged: Mapping[Basis, int]

    def words(self) -> str:
        """Return it as a line for people, with how it was reached."""
        how = ", ".join(f"{self.judged[basis]} {words}" for basis, words in _WORDS.items() if self.judged.get(basis))
        return (
            f"estimate: {span(self.seconds)} for {self.samples} samples, every cell once after {span(self.once)} "
            f"(cells judged: {how or 'none'})"
        )


@dataclass(frozen=True, slots=True)
class _Cell:
    warm: float
    takes: float
    count: int
    basis: Basis


def forecast(
    plan: Plan, workloads: Mapping[str, Workload], kinds: Mapping[str, str], known: Earlier,
    lives: Mapping[str, float],
) -> Forecast:  # fmt: skip
    """Return what a plan will take; ``workloads``, the targets' ``kinds`` and the ``lives`` of studies are by name."""
    cells = [_judged(plan, cell, workloads[cell.workload], kinds[cell.target], known, lives) for cell in plan.cells]
    whole = Remaining(
        sum(cell.count + (cell.warm > 0) for cell in cells),
        sum(cell.warm + cell.count * cell.takes for cell in cells) * known.around,
    )
    once = sum(cell.warm + cell.takes for cell in cells) * known.around
    found = bounded(plan, whole, once)
    return Forecast(found.samples, found.seconds, min(once, found.seconds), Counter(cell.basis for cell in cells))


def span(seconds: float) -> str:
    """Return a span of time as people say it: ``45 s``, ``12.5 min``."""
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.1f} min"


def _judged(plan: Plan, cell: Cell, workload: Workload, kind: str, known: Earlier, lives: Mapping[str, float]) -> _Cell:
    place = (cell.workload, cell.target, cell.parameters.study)
    alike = [s for s in known.samples if (s.cell.workload, s.cell.target, s.cell.parameters.study) == place]
    own = measured(cell, alike)
    other = [s for s in alike if s.role == "measured" and s.cell.parameters.length != cell.parameters.length]
    how = "native" if kind == "native" else known.acceleration.get(cell.target, "none")
    life = LIVES.get(how, LIVES["none"]) * max(1, len(workload.members))
    if cell.parameters.study != JOB:
        takes = _median([s.duration for s in own], lives[cell.parameters.study] * life)
        return _Cell(0.0, takes, dict(plan.rule.studies)[cell.parameters.study], "measured" if own else "assumed")
    warm = _median([s.duration for s in alike if s.role == "warmup"], life)
    if own:
        return _Cell(warm, _median([s.duration for s in own], life), _count(plan, cell, own), "measured")
    if other:
        takes = _median([_stretched(s, workload, cell.parameters.length) for s in other], life)
        return _Cell(warm, takes, _count(plan, cell, other, takes), "scaled")
    work = len(workload.jobs) * JOBS[cell.parameters.length] * (EMULATED if how == "tcg" else 1.0)
    takes = warm + SETTLE + work
    return _Cell(warm, takes, _count(plan, cell, (), takes), "assumed")


def _count(plan: Plan, cell: Cell, taken: Sequence[Sample], takes: float | None = None) -> int:
    """Return how many measured samples the rule will take of a cell, judged by ``taken``."""
    rule, headlines = plan.rule, plan.headlines_of(cell)
    if not rule.fill:
        first = median(s.duration for s in taken) if takes is None else takes
        return max(rule.cheap, rule.least) if first <= rule.cheap_seconds else rule.least
    failing = stop_of(rule, (), cell, taken[-3:])
    if failing and failing.reason == "failing":
        return failing.samples
    return needed(rule, headlines, taken) or rule.most


def _stretched(sample: Sample, workload: Workload, length: Length) -> float:
    """Return the seconds that a sample of another length would have taken with this one."""
    jobs = {job.name: job for job in workload.jobs}
    longer = sum(
        record.elapsed * (_stretch(jobs[record.name], sample.cell.parameters.length, length) - 1.0)
        for record in sample.jobs
        if record.name in jobs
    )
    return max(sample.duration + longer, 0.0)


def _stretch(job: Job, was: Length, now: Length) -> float:
    """Return how many times as long a job takes: the largest ratio of two of its numbers (seconds, counts)."""
    before, after = job.lengths.get(was, {}), job.lengths.get(now, {})
    pairs = [(before[name], after[name]) for name in before if name in after]
    ratios = [b / a for a, b in pairs if isinstance(a, int | float) and isinstance(b, int | float) and a > 0]
    if not ratios:
        return 1.0
    return max(ratios) if max(ratios) >= 1.0 else min(ratios)


def _median(values: Sequence[float], otherwise: float) -> float:
    return median(values) if values else otherwise
