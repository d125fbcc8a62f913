"""A check as plain tables, for ``--format json`` and for programs."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any

from isobench.gate.decide import Answer
from isobench.gate.finding import Check, Finding
from isobench.metrics import METRICS


def document(found: Check) -> dict[str, Any]:
    """Return the check as JSON can hold it."""
    return {
        "session": found.session,
        "baseline": list(found.baseline),
        "exit_code": found.exit_code,
        "exit_codes": list(found.codes),
        "confirming": found.confirming or None,
        "counts": dict(found.counts),
        "notes": list(found.notes),
        "subject": [asdict(line) | {"cells": list(cells)} for line, cells in found.subject],
        "series": [_finding(one) for one in found.findings],
    }


def _finding(one: Finding) -> dict[str, Any]:
    known = METRICS.get(one.metric)
    return {
        "workload": one.cell.workload,
        "target": one.cell.target,
        "params": one.cell.parameters.text(),
        "metric": one.metric,
        "unit": known.unit if known else "",
        "direction": known.direction if known else None,
        "verdict": one.verdict,
        "reason": one.reason,
        "accepted": one.accepted,
        "emulated": one.emulated,
        "confirmed": one.again.confirmed if one.again else None,
        "refused": [asdict(line) for line in one.refused],
        **(_answer(one.answer) if one.answer else {}),
    }


def _answer(answer: Answer) -> dict[str, Any]:
    value, low, high = answer.ratio or (None, None, None)
    change = [bound if math.isfinite(bound) else None for bound in answer.change] if answer.change else None
    return {
        "baseline_sessions": answer.sessions,
        "samples": answer.n,
        "baseline_level": answer.before,
        "session_level": answer.after,
        "ratio": {"value": value, "low": low, "high": high} if answer.ratio else None,
        "change": change,
        "p": answer.p,
        "q": answer.q,
    }
