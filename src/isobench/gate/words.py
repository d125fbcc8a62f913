"""How a finding is said, the same in every format."""

from __future__ import annotations

from isobench.gate.finding import Check, Finding
from isobench.metrics import METRICS
from isobench.report.format import counted, human
from isobench.verdict.text import difference


def before(one: Finding) -> str:
    """Return the baseline's level with its unit, empty where the series was not judged."""
    return _level(one, one.answer.before if one.answer else None)


def after(one: Finding) -> str:
    """Return the session's level with its unit, empty where the series was not judged."""
    return _level(one, one.answer.after if one.answer else None)


def ratio(one: Finding) -> str:
    """Return the ratio with its interval; the change in the unit where there is no ratio."""
    answer = one.answer
    if answer is None or answer.change is None:
        return ""
    if answer.ratio is not None:
        value, low, high = answer.ratio
        return f"{value:.3f} ({low:.3f}–{high:.3f})"
    unit = METRICS[one.metric].unit
    return " to ".join(human(bound, unit, counted(one.metric)) for bound in answer.change)


def count(one: Finding) -> str:
    """Return how many baseline sessions and samples a verdict rests on."""
    return f"{one.answer.sessions}, {one.answer.n}" if one.answer else ""


def verdict(one: Finding) -> str:
    """Return the verdict with what qualifies it."""
    return f"{one.verdict}, accepted" if one.accepted else one.verdict


def why(one: Finding) -> str:
    """Return what a verdict other than a plain one rests on."""
    parts = ["; ".join(difference(line) for line in one.refused) or one.reason, again(one), one.accepted]
    return "; ".join(part for part in parts if part)


def again(one: Finding) -> str:
    """Return what came of measuring a suspect once more, with the session that did; empty where none did."""
    if one.again is None:
        return ""
    if one.again.confirmed:
        return f"confirmed by {one.again.session}"
    return f"not confirmed: a regression at first, {one.again.verdict} in {one.again.session}"


def cell(one: Finding) -> str:
    """Return the cell's name, marked where it was emulated."""
    return f"{one.cell} (emulated)" if one.emulated else str(one.cell)


def sentence(one: Finding) -> str:
    """Return a whole finding as a line."""
    levels = f"{before(one)} → {after(one)}, {ratio(one)}" if one.answer and ratio(one) else ""
    told = [part for part in (levels, why(one)) if part]
    return f"{verdict(one)}: {cell(one)} {one.metric}" + (f": {'; '.join(told)}" if told else "")


def subject(found: Check) -> list[str]:
    """Return what changed on the session's footing since the latest baseline session."""
    return [f"{difference(line)}  ({', '.join(cells)})" for line, cells in found.subject]


def _level(one: Finding, value: float | None) -> str:
    return "" if value is None else human(value, METRICS[one.metric].unit, counted(one.metric))
