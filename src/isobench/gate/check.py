"""One session against the sessions of a baseline: matched, put on a footing, judged as one family."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from isobench.baseline.accept import Accepted, accepted_for
from isobench.gate import again
from isobench.gate.decide import ASSUMED, FEWEST_SESSIONS, Known, Question, decide
from isobench.gate.finding import Check, Finding
from isobench.gate.known import known_of
from isobench.gate.limits import Override, limits_of
from isobench.gate.weight import weight_of
from isobench.history.record import CellRecord, Record
from isobench.metrics import METRICS
from isobench.model import Cell
from isobench.parity import Comparison, Line, compare

Spreads = Mapping[tuple[str, str, str], Known]
Key = tuple[Cell, str]
Confirm = Callable[[tuple[Cell, ...]], Record]
"""Measures the named cells once more, as the judged session did, and returns the new session's record."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What a check goes by besides the sessions."""

    overrides: tuple[Override, ...] = ()
    accepted: tuple[Accepted, ...] = ()
    spreads: dict[tuple[str, str, str], Known] | None = None
    today: date | None = None
    strict: bool = False


@dataclass(frozen=True, slots=True)
class _Matched:
    """A cell of the judged session with the baseline's records of it, and how each stands to it."""

    ours: CellRecord
    theirs: tuple[tuple[CellRecord, Comparison], ...]

    def comparable(self, metric: str) -> list[CellRecord]:
        return [one for one, parity in self.theirs if not parity.refusals(metric) and metric in one.series]


def check(
    judged: Record, baseline: Sequence[Record], rules: Rules | None = None, confirm: Confirm | None = None
) -> Check:
    """Judge a session's every series by the baseline's sessions; a session does not count as its own baseline.

    With ``confirm``, the cells of a suspected regression are measured once more, and it stands only where the new
    session shows it as well.
    """
    rules = rules or Rules()
    before = sorted((one for one in baseline if one.session != judged.session), key=lambda one: one.order)
    findings = [_accepted(one, rules) for one in _judged(judged, before, rules)]
    if confirm and (suspects := again.suspected(findings)):
        second = confirm(suspects)
        findings = again.settled(findings, judged, second, _judged(second, before, rules))
    notes = (*again.told(findings), *_notes(before, findings, rules))
    return Check(
        judged.session, tuple(one.session for one in before), tuple(findings), _subject(judged, before), notes,
        rules.strict,
    )  # fmt: skip


def _judged(judged: Record, before: Sequence[Record], rules: Rules) -> list[Finding]:
    matched = [_match(one, before) for one in judged.cells if one.series]
    asked: dict[Key, Question] = {}
    found: dict[Key, Finding] = {}
    for pair in matched:
        for name in pair.ours.series:
            key = (pair.ours.cell, name)
            said = _unjudged(pair, name)
            if said:
                found[key] = said
            elif METRICS[name].direction != "neutral":
                asked[key] = _question(pair, name, rules)
    for key, answer in decide(asked).items():
        found[key] = Finding(*key, answer.verdict, answer.reason, answer)
    emulated = {one.cell for one in judged.cells if one.parity.acceleration == "tcg"}
    listed = [*found.values(), *_lacking(judged, before)]
    return [replace(one, emulated=one.cell in emulated) for one in _ordered(listed)]


def _match(ours: CellRecord, before: Sequence[Record]) -> _Matched:
    """Match a cell with the baseline's; with one of other parameters only where there is none of its own."""
    cell = ours.cell
    named = [one for record in before for one in record.cells
             if one.series and (one.cell.workload, one.cell.target) == (cell.workload, cell.target)]  # fmt: skip
    own = [one for one in named if one.cell == cell] or named
    return _Matched(ours, tuple((one, compare(one.parity, ours.parity)) for one in own))


def _unjudged(pair: _Matched, name: str) -> Finding | None:
    """Return the finding of a series that has no place in the family."""
    cell, ours = pair.ours.cell, pair.ours.series[name]
    having = [(one, parity) for one, parity in pair.theirs if name in one.series]
    if not having:
        return None if _neutral(name) else Finding(cell, name, "new")
    if name not in METRICS or ours.direction is None:
        return Finding(cell, name, "incomparable", "has no direction: this isobench does not register it")
    other = [one.series[name] for one, _ in having if one.series[name].unit != ours.unit]
    if other:
        return Finding(cell, name, "incomparable", f"mixed units: {other[0].unit or 'none'!s} in the baseline, "
                       f"{ours.unit} here")  # fmt: skip
    turned = [one.series[name] for one, _ in having if one.series[name].direction != ours.direction]
    if turned:
        return Finding(cell, name, "incomparable", f"has {turned[0].direction or 'no'} direction in the baseline, "
                       f"{ours.direction} here")  # fmt: skip
    if not pair.comparable(name):
        return Finding(cell, name, "incomparable", "not on equal footing", refused=having[-1][1].refusals(name))
    return None


def _neutral(name: str) -> bool:
    return name in METRICS and METRICS[name].direction == "neutral"


def _question(pair: _Matched, name: str, rules: Rules) -> Question:
    cell = pair.ours.cell
    return Question(
        [np.asarray(one.series[name].values) for one in pair.comparable(name)],
        np.asarray(pair.ours.series[name].values),
        limits_of(cell, METRICS[name], rules.overrides),
        known_of(cell, name, rules.spreads or {}),
        METRICS[name].family,
        weight_of(name),
    )


def _lacking(judged: Record, before: Sequence[Record]) -> Iterator[Finding]:
    """Yield what at least half of the baseline's sessions of a cell have, and this session lacks."""
    ours = {one.cell: one for one in judged.cells}
    measured = {(one.cell.workload, one.cell.target) for one in judged.cells if one.series}
    theirs: dict[Cell, list[CellRecord]] = {}
    for record in before:
        for one in record.cells:
            if one.series:
                theirs.setdefault(one.cell, []).append(one)
    for cell, records in theirs.items():
        own = ours.get(cell)
        if (own is None or not own.series) and (cell.workload, cell.target) in measured:
            continue  # measured with other parameters: said to be incomparable
        for name in dict.fromkeys(name for one in records for name in one.series):
            had = sum(name in one.series for one in records)
            if 2 * had >= len(records) and not _neutral(name) and (own is None or name not in own.series):
                yield _gone(cell, name, own)


def _gone(cell: Cell, name: str, own: CellRecord | None) -> Finding:
    if own is not None and own.failed and not own.series:
        return Finding(cell, name, "error", own.failed)
    if own is not None and name in own.noisy:
        # A noisy host is nothing that a change has taken away.
        return Finding(cell, name, "inconclusive", "only noisy samples have it")
    if own is None or not own.series:
        return Finding(cell, name, "missing", "the session has no sample of this cell that counts")
    return Finding(cell, name, "missing", own.absent.get(name, "the session's samples have no such figure"))


def _accepted(one: Finding, rules: Rules) -> Finding:
    if one.verdict not in ("regression", "missing"):
        return one
    known = accepted_for(one.cell, one.metric, rules.accepted, rules.today or date.today())
    return replace(one, accepted=f"{known.reason} (until {known.until})") if known else one


def _ordered(findings: list[Finding]) -> list[Finding]:
    cells = {cell: number for number, cell in enumerate(dict.fromkeys(one.cell for one in findings))}
    names = {name: number for number, name in enumerate(METRICS)}
    return sorted(findings, key=lambda one: (cells[one.cell], names.get(one.metric, len(names)), one.metric))


def _subject(judged: Record, before: Sequence[Record]) -> tuple[tuple[Line, tuple[str, ...]], ...]:
    """Return what differs from the latest baseline session of each cell, with the cells it is said of."""
    found: dict[tuple[str, str, str], tuple[Line, list[str]]] = {}
    for one in judged.cells:
        matched = _match(one, before).theirs
        for line in matched[-1][1].subject if matched else ():
            found.setdefault((line.field, str(line.a), str(line.b)), (line, []))[1].append(str(one.cell))
    return tuple((line, tuple(cells)) for line, cells in found.values())


def _notes(before: Sequence[Record], findings: Sequence[Finding], rules: Rules) -> Iterator[str]:
    judged = [one.answer for one in findings if one.answer and one.answer.change]
    few = {answer.sessions for answer in judged if answer.sessions < FEWEST_SESSIONS}
    if few:
        yield (f"fewer than {FEWEST_SESSIONS} comparable baseline sessions of some series (at most {max(few)}), too "
               "few to know the spread between them: a change within the host's known spread (`isobench calibrate`; "
               f"{ASSUMED:.0%} where it is not known) stays inconclusive")  # fmt: skip
    used = {answer.sessions for answer in judged}
    if used and max(used) < len(before):
        yield f"{len(before) - max(used)} of {len(before)} baseline sessions are left out: not comparable with this one"
    over = [one for one in rules.accepted if one.over(rules.today or date.today())]
    yield from (f"no longer accepted since {one.until}: {one.cell} {one.metric} ({one.reason})" for one in over)
