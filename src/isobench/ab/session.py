"""The session of a comparison: blocks of all variants, looked at as planned, every sample written as it ends."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from isobench.ab.comparison import ENDED, Comparison, Ended
from isobench.ab.judge import Rules, judge
from isobench.ab.variant import Variant
from isobench.errors import IsobenchError
from isobench.gate.finding import Check
from isobench.host import cpus
from isobench.host.paths import Paths
from isobench.house import House
from isobench.model import Cell, Parameters, Sample
from isobench.parity import compare, of_session
from isobench.plan import Headline, Plan, Step, next_step
from isobench.plan.stopping import Rule, measured, stop_of
from isobench.runner import record
from isobench.runner.measure import measure
from isobench.store.reader import SessionRecord
from isobench.store.writer import SessionWriter
from isobench.targets.base import Prepared, Slot
from isobench.verdict.text import difference

Say = Callable[[str], None]
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
        self._plan = Plan(cells, seed, Rule(fill=True, most=rules.spending.most), headlines, budget)
        self._samples: list[Sample] = []
        meta = self._opening()
        self._refuse_incomparable(meta)
        self._writer = SessionWriter.create(paths.results, seed)
        self._meta = meta | {"id": self._writer.id}
        self._began = time.monotonic()

    def carry_out(self, say: Say, progress: Progress) -> Comparison:
        """Measure until decided; an interrupt or a failure of the harness ends it with every finished sample kept."""
        self._writer.write_meta(self._meta)
        ended: Ended = "budget"
        broken = ""
        try:
            ended = self._until_decided(say, progress)
            if ended != "budget" and any(self._given_up(cell) for cell in self._plan.cells):
                ended = "failing"
        except KeyboardInterrupt:
            ended = "interrupted"
        except IsobenchError as error:
            ended, broken = "broken", error.line()
        return self._close(ended, broken)

    def _until_decided(self, say: Say, progress: Progress) -> Ended:
        block, looks = 0, self._rules.spending.planned()
        while step := next_step(self._plan, self._samples, self._elapsed()):
            if step.block != block and block in looks and self._decided(say):
                return "decided"
            block = step.block
            sample = self._take(step)
            self._writer.append(sample)
            self._samples.append(sample)
            progress(sample, self._elapsed())
        if self._plan.budget is not None and self._elapsed() >= self._plan.budget:
            return "budget"
        return "decided" if self._decided(say) else "most"

    def _given_up(self, cell: Cell) -> bool:
        stop = stop_of(self._plan.rule, (), cell, self._samples)
        return stop is not None and stop.reason == "failing"

    def _decided(self, say: Say) -> bool:
        found = self._judged()
        headlines = {(headline.workload, headline.metric) for headline in self._plan.headlines}
        concerned = [one for one in found.findings if (one.cell.workload, one.metric) in headlines]
        for one in concerned:
            low, high = one.answer.ratio[1:] if one.answer and one.answer.ratio else (0.0, 0.0)
            between = f" (ratio {low:.3f} to {high:.3f})" if high else ""
            say(f"after {self._blocks} blocks: {one.name}: {one.verdict}{between}")
        return all(one.verdict != "inconclusive" for one in concerned)

    @property
    def _blocks(self) -> int:
        return max((sample.block for sample in self._samples), default=0)

    def _judged(self) -> Check:
        return judge(self._record(self._meta), self._variants, self._rules)

    def _record(self, meta: dict[str, Any]) -> SessionRecord:
        return SessionRecord(meta, tuple(self._samples), self._writer.folder)

    def _elapsed(self) -> float:
        return time.monotonic() - self._began

    def _take(self, step: Step) -> Sample:
        prepared = self._shares[step.cell.target][step.cell.workload]
        resources, number = prepared.workload.resources, len(self._samples)
        folder = self._paths.run / f"{number:x}-{secrets.token_hex(3)}"
        folder.mkdir(mode=0o711)
        placement = cpus.place(resources.vcpus, prepared.workload.service is not None, cpus.usable())
        slot = Slot(id=folder.name, folder=folder, placement=placement, number=number)
        return measure(self._writer.id, number, step, self._house.targets[step.cell.target], prepared, slot)

    def _opening(self) -> dict[str, Any]:
        """Return session.json: the images of a commit stand by ``workload@ref``, the reference's also by workload."""
        told = {one.label: self._alone(one) for one in self._variants}
        reference = next(iter(told.values()))
        whole = dict(reference)
        for part in ("targets", "parity"):
            whole[part] = {key: table for own in told.values() for key, table in own[part].items()}
        for part in ("workloads", "images"):
            by_ref = {f"{name}@{one.ref}" if one.ref else name: table
                      for one in self._variants for name, table in told[one.label][part].items()}  # fmt: skip
            whole[part] = {**reference[part], **by_ref}
        plan = record.plan_table(self._plan)
        plan["rule"] = f"{self._plan.words().partition(';')[0]}; {self._rules.spending.words()}"
        variants = [{"label": one.label, "target": one.target, "ref": one.ref} for one in self._variants]
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
            tuple((headline.workload, headline.metric) for headline in self._plan.headlines), ended, self._blocks,
            seconds, self._writer.folder, dict(self._house.unavailable), broken,
        )  # fmt: skip

    def _stopped(self, cell: Cell, ended: Ended) -> dict[str, Any]:
        stop = stop_of(self._plan.rule, (), cell, self._samples)
        reason, words = (stop.reason, stop.words) if stop else (ended, ENDED[ended])
        return {"workload": cell.workload, "target": cell.target, "reason": reason, "words": words,
                "samples": len(measured(cell, self._samples))}  # fmt: skip
