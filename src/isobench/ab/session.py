"""The session of a comparison: blocks of all variants, looked at as planned, every sample written as it ends."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from isobench.ab.blocks import Blocks
from isobench.ab.comparison import ENDED, Comparison, Ended
from isobench.ab.judge import Rules, judge
from isobench.ab.variant import Variant
from isobench.errors import IsobenchError
from isobench.gate.finding import Check
from isobench.host.paths import Paths
from isobench.house import House
from isobench.model import Cell, Parameters, Sample
from isobench.parity import compare, of_session
from isobench.plan import Headline, Plan, Step
from isobench.plan.stopping import Rule, measured, stop_of
from isobench.runner import record
from isobench.runner.measure import measure
from isobench.runner.premises import Say
from isobench.runner.slots import Slots
from isobench.store.reader import SessionRecord
from isobench.store.writer import SessionWriter
from isobench.targets.base import Prepared
from isobench.verdict.text import difference

Progress = Callable[[Sample, float], None]
"""Called after each sample with it and the seconds that the session has run."""
Shares = Mapping[str, Mapping[str, Prepared]]
"""What is prepared: by variant, then by workload."""


class IncomparableError(IsobenchError):
    """Nothing of the variants can be compared. Exit code 4."""

    exit_code = 4


class Session:
    """Takes block after block of the variants that are open, until all is decided or the plan has no more."""

    def __init__(
        self, variants: Sequence[Variant], shares: Shares, opened: House, paths: Paths, headlines: tuple[Headline, ...],
        *, seed: int, budget: float | None, rules: Rules,
    ) -> None:  # fmt: skip
        """Write down the plan; raises IncomparableError before anything is measured where nothing can be compared."""
        self._variants, self._shares, self._house, self._paths, self._rules = variants, shares, opened, paths, rules
        names = list(next(iter(shares.values())))
        cells = tuple(Cell(name, one.label, Parameters()) for name in names for one in variants)
        self._slots = Slots(paths.run)
        self._plan = Plan(cells, seed, Rule(fill=True, most=rules.spending.most), headlines, budget)
        self._blocks = Blocks(self._plan, variants[0].label, rules.spending.planned())
        meta = self._opening()
        self._refuse_incomparable(meta)
        self._writer = SessionWriter.create(paths.results, seed)
        self._meta = meta | {"id": self._writer.id}
        self._began = time.monotonic()

    def carry_out(self, say: Say, progress: Progress) -> Comparison:
        """Measure until decided; an interrupt or a failure of the harness ends it with every finished sample kept."""
        self._writer.write_meta(self._meta)
        ended: Ended
        broken = ""
        try:
            for step in self._blocks.steps(lambda: self._look(say), self._elapsed):
                sample = self._take(step)
                self._writer.append(sample)
                self._blocks.samples.append(sample)
                progress(sample, self._elapsed())
            ended = self._blocks.ended(self._elapsed())
        except KeyboardInterrupt:
            ended = "interrupted"
        except IsobenchError as error:
            ended, broken = "broken", error.line()
        return self._close(ended, broken)

    def _look(self, say: Say) -> Check:
        """Judge, and tell what is found of the headlines that are open."""
        found = self._judged()
        here = self._blocks.open
        headlines = {(headline.workload, headline.metric) for headline in self._plan.headlines}
        for one in found.findings:
            if one.cell in here and (one.cell.workload, one.metric) in headlines:
                low, high = one.answer.ratio[1:] if one.answer and one.answer.ratio else (0.0, 0.0)
                between = f" (ratio {low:.3f} to {high:.3f})" if high else ""
                say(f"after {self._blocks.done} blocks: {one.name}: {one.verdict}{between}")
        return found

    def _judged(self) -> Check:
        return judge(self._record(self._meta), self._variants, self._rules)

    def _record(self, meta: dict[str, Any]) -> SessionRecord:
        return SessionRecord(meta, tuple(self._blocks.samples), self._writer.folder)

    def _elapsed(self) -> float:
        return time.monotonic() - self._began

    def _take(self, step: Step) -> Sample:
        prepared = self._shares[step.cell.target][step.cell.workload]
        number, slot = len(self._blocks.samples), self._slots.give(prepared.workload)
        return measure(self._writer.id, number, step, self._house.targets[step.cell.target], prepared, slot)

    def _opening(self) -> dict[str, Any]:
        """Return session.json: a variant's own workload stands by ``name`` and what it says of it (``name@ref``,
        ``name,image=…``), the reference's also by name."""
        told = {one.label: self._alone(one) for one in self._variants}
        reference = next(iter(told.values()))
        whole = dict(reference)
        for part in ("targets", "parity"):
            whole[part] = {key: table for own in told.values() for key, table in own[part].items()}
        for part in ("workloads", "images"):
            by_source = {f"{name}{one.source}": table
                         for one in self._variants for name, table in told[one.label][part].items()}  # fmt: skip
            whole[part] = {**reference[part], **by_source}
        plan = record.plan_table(self._plan)
        plan["rule"] = f"{self._plan.words().partition(';')[0]}; {self._rules.spending.words()}"
        variants = [{"label": one.label, "target": one.target, "ref": one.ref, "image": one.image}
                    for one in self._variants]  # fmt: skip
        return whole | {"plan": plan, "ab": {"reference": self._variants[0].label, "variants": variants}}

    def _alone(self, one: Variant) -> dict[str, Any]:
        """Return session.json as it would be of one variant alone."""
        alone = replace(self._house, targets={one.label: self._house.targets[one.label]})
        plan = replace(self._plan, cells=tuple(cell for cell in self._plan.cells if cell.target == one.label))
        return record.opening("", plan, self._paths, alone, dict(self._shares[one.label]))

    def _refuse_incomparable(self, meta: dict[str, Any]) -> None:
        records = of_session(SessionRecord(meta, (), self._paths.results))
        reference, *others = self._variants
        refused = [
            compare(first, records[replace(cell, target=other.label)]).refusals()
            for cell, first in records.items()
            for other in others
            if cell.target == reference.label
        ]
        if refused and all(refused):
            raise IncomparableError(
                f"incomparable with {reference.label}: {'; '.join(difference(line) for line in refused[0])}",
                where=", ".join(other.label for other in others),
                mend="a variant may change options, image and kernel, not the kind of target, work or limits",
            )  # fmt: skip

    def _close(self, ended: Ended, broken: str) -> Comparison:
        seconds = self._elapsed()
        state = {"interrupted": "interrupted", "broken": "interrupted", "budget": "out of budget"}
        self._meta |= {
            "state": state.get(ended, "complete"),
            "ended_at": record.now(),
            "wall_seconds": seconds,
            "stopped": [self._stopped(cell, ended) for cell in self._plan.cells],
        }
        try:
            self._writer.write_meta(self._meta)
        except IsobenchError as error:
            ended, broken = "broken", broken or error.line()
        return Comparison(
            self._judged(), tuple(one.label for one in self._variants),
            tuple((headline.workload, headline.metric) for headline in self._plan.headlines), ended, self._blocks.done,
            seconds, self._writer.folder, dict(self._house.unavailable),
            {str(cell): left.words for cell, left in self._blocks.left.items() if left.reason == "failing"}, broken,
        )  # fmt: skip

    def _stopped(self, cell: Cell, ended: Ended) -> dict[str, Any]:
        stop = self._blocks.left.get(cell) or stop_of(self._plan.rule, (), cell, self._blocks.samples)
        reason, words = (stop.reason, stop.words) if stop else (ended, ENDED[ended])
        return {"workload": cell.workload, "target": cell.target, "reason": reason, "words": words,
                "samples": len(measured(cell, self._blocks.samples))}  # fmt: skip
