"""A suspected regression measured once more: what the second session makes of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from isobench.gate.finding import FAILS, Again, Finding
from isobench.history.record import Record
from isobench.model import Cell
from isobench.parity import Comparison, compare
from isobench.verdict import Verdict

_NAMED = 3


def suspected(found: Sequence[Finding]) -> tuple[Cell, ...]:
    """Return the cells with a regression that would fail a check, each once."""
    return tuple(dict.fromkeys(one.cell for one in found if _suspect(one)))


def settled(found: Sequence[Finding], judged: Record, second: Record, anew: Sequence[Finding]) -> list[Finding]:
    """Return the findings with each suspect settled by the second session, whose own findings are ``anew``.

    A regression stands where the second session shows it as well; where it does not, it is inconclusive. What could
    not be measured once more, or was not the same thing any longer, tells nothing: it fails as error, missing or
    incomparable.
    """
    ours, theirs = ({one.cell: one.parity for one in record.cells} for record in (judged, second))
    parities = {cell: compare(ours[cell], theirs[cell]) for cell in ours if cell in theirs}
    verdicts = {(one.cell, one.metric): one for one in anew}
    return [
        _settled(one, second.session, parities.get(one.cell), verdicts.get((one.cell, one.metric)))
        if _suspect(one)
        else one
        for one in found
    ]


def told(findings: Sequence[Finding]) -> Iterator[str]:
    """Yield the line that names the second session, and what it did and did not confirm."""
    asked = [(one.name, one.again) for one in findings if one.again]
    parts = [
        f"{said} {_names(names)}"
        for said, stands in (("confirmed", True), ("not confirmed", False))
        if (names := [name for name, again in asked if again.confirmed == stands])
    ]
    if parts:
        yield f"measured once more in {asked[0][1].session}: {'; '.join(parts)}"


def _suspect(one: Finding) -> bool:
    return one.verdict == "regression" and not one.accepted


def _settled(one: Finding, session: str, parity: Comparison | None, then: Finding | None) -> Finding:
    # The same bits on the same host: what else might be judged between sessions is no second measurement.
    if parity and (lines := (*parity.refusals(one.metric), *parity.subject)):
        return replace(one, verdict="incomparable", refused=lines, again=Again(session, "incomparable"))
    again = Again(session, then.verdict if then else "missing")
    if again.confirmed:
        return replace(one, again=again)
    verdict: Verdict = again.verdict if again.verdict in FAILS else "inconclusive"
    reason = then.reason if then and verdict != "inconclusive" else ""
    return replace(one, verdict=verdict, reason=reason, again=again)


def _names(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more
