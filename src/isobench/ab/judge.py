"""A session of variants judged: every series of every variant against the reference's, as one family."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from isobench.ab.sequential import Pairs, Spending, decide
from isobench.ab.variant import Variant
from isobench.gate.finding import Check, Finding
from isobench.gate.limits import Override, limits_of
from isobench.metrics import METRICS
from isobench.model import Cell, Sample
from isobench.parity import Comparison as Parity
from isobench.parity import Line, ParityRecord, compare, of_session
from isobench.store.reader import SessionRecord


@dataclass(frozen=True, slots=True)
class Rules:
    """What a comparison goes by: when to look, the limits that isobench.toml changes, and strictness."""

    spending: Spending = field(default_factory=Spending)
    overrides: tuple[Override, ...] = ()
    strict: bool = False


@dataclass
class _Side:
    """One cell's values by metric and block, why a metric is absent, how its samples failed, and its last block."""

    values: dict[str, dict[int, float]] = field(default_factory=dict)
    absent: dict[str, str] = field(default_factory=dict)
    failed: str = ""
    last: int = 0

    def until(self, block: int) -> _Side:
        """Return it as it was after a block: what a reference showed later is not missing in whoever had left."""
        told = {name: {at: value for at, value in values.items() if at <= block}
                for name, values in self.values.items()}  # fmt: skip
        return replace(self, values={name: values for name, values in told.items() if values}, last=block)


def judge(session: SessionRecord, variants: Sequence[Variant], rules: Rules | None = None) -> Check:
    """Judge the session's variants by the first of them; valid at whichever block it is asked.

    All series of all variants and workloads are one family, whose false discovery rate is controlled. A pair that has
    left keeps the looks that it had.
    """
    rules = rules or Rules()
    records = of_session(session)
    sides = {cell: _side(cell, session.samples) for cell in records}
    blocks = max((sample.block for sample in session.samples), default=0)
    reference, *others = variants
    asked: dict[tuple[Cell, str], Pairs] = {}
    found: list[Finding] = []
    for cell in [cell for cell in records if cell.target == reference.label]:
        if not sides[cell].values:
            found.append(_nothing(cell, "time_to_ready", sides[cell]))
            continue
        for variant in others:
            own = replace(cell, target=variant.label)
            if own not in records:
                continue
            parity = compare(records[cell], records[own])
            both = min(sides[cell].last, sides[own].last)
            first, second = sides[cell].until(both), sides[own].until(both)
            if not first.values:
                found.append(_nothing(own, "time_to_ready", first if second.values else second))
                continue
            asked |= _asked(own, variant, first, second, parity, rules)
            found += _unjudged(own, first, second, parity)
    found += [Finding(*key, answer.verdict, answer.reason, answer)
              for key, answer in decide(asked, blocks, rules.spending).items()]  # fmt: skip
    emulated = {cell for cell, record in records.items() if record.acceleration == "tcg"}
    listed = tuple(replace(one, emulated=one.cell in emulated) for one in _ordered(found))
    return Check(session.id, (reference.label,), listed, _subject(records, reference, others),
                 tuple(_notes(session.samples, sides)), rules.strict)  # fmt: skip


def _subject(
    records: Mapping[Cell, ParityRecord], reference: Variant, others: Sequence[Variant]
) -> tuple[tuple[Line, tuple[str, ...]], ...]:
    """Return what differs from the reference, each with the cells that it is true of: whether samples count or not."""
    found: dict[tuple[str, str, str], tuple[Line, list[str]]] = {}
    for cell, record in records.items():
        for own in (replace(cell, target=one.label) for one in others if cell.target == reference.label):
            for line in compare(record, records[own]).subject if own in records else ():
                found.setdefault((line.field, str(line.a), str(line.b)), (line, []))[1].append(str(own))
    return tuple((line, tuple(of)) for line, of in found.values())


def _side(cell: Cell, samples: Sequence[Sample]) -> _Side:
    side = _Side()
    for sample in samples:
        if sample.cell != cell:
            continue
        side.last = max(side.last, sample.block)
        if sample.left_out == "failed":
            side.failed = f"{sample.outcome}: {sample.error}"
        if sample.left_out:
            continue
        side.absent |= sample.not_applicable
        for name, value in sample.metrics.items():
            if name in METRICS and METRICS[name].direction != "neutral" and math.isfinite(value):
                side.values.setdefault(name, {})[sample.block] = value
    return side


def _asked(
    cell: Cell, variant: Variant, reference: _Side, own: _Side, parity: Parity, rules: Rules
) -> dict[tuple[Cell, str], Pairs]:
    # isobench.toml names targets, not variants of them.
    named = replace(cell, target=variant.target)
    return {
        (cell, name): Pairs(values, own.values[name], limits_of(named, METRICS[name], rules.overrides),
                            METRICS[name].instant == "image", own.last)
        for name, values in reference.values.items()
        if name in own.values and not parity.refusals(name)
    }  # fmt: skip


def _unjudged(cell: Cell, reference: _Side, own: _Side, parity: Parity) -> Iterator[Finding]:
    for name in reference.values:
        if name in own.values:
            if refused := parity.refusals(name):
                yield Finding(cell, name, "incomparable", "not on equal footing", refused=refused)
        elif not own.values:
            yield _nothing(cell, name, own)
        else:
            yield Finding(cell, name, "missing", own.absent.get(name, "its samples have no such figure"))
    yield from (Finding(cell, name, "new") for name in own.values if name not in reference.values)


def _nothing(cell: Cell, name: str, side: _Side) -> Finding:
    if side.failed:
        return Finding(cell, name, "error", side.failed)
    # A noisy host is no failure of the variant: the next block may be quiet.
    return Finding(cell, name, "inconclusive", "no sample of it counts")


def _notes(samples: Sequence[Sample], sides: Mapping[Cell, _Side]) -> Iterator[str]:
    for cell in dict.fromkeys(sample.cell for sample in samples):
        out = [sample for sample in samples if sample.cell == cell and sample.left_out not in (None, "warm-up")]
        if out:
            why = ", ".join(dict.fromkeys(str(sample.left_out) for sample in out))
            yield f"{cell}: {len(out)} of {sides[cell].last} blocks do not count ({why})"


def _ordered(findings: list[Finding]) -> list[Finding]:
    cells = {cell: number for number, cell in enumerate(dict.fromkeys(one.cell for one in findings))}
    names = {name: number for number, name in enumerate(METRICS)}
    return sorted(findings, key=lambda one: (cells[one.cell], names[one.metric]))
