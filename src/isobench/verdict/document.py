"""A comparison as plain tables, for ``--json`` and for programs."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from isobench.metrics import METRICS
from isobench.model import Cell
from isobench.parity import Comparison
from isobench.stats import Median
from isobench.store.reader import SessionRecord
from isobench.verdict.sessions import Row, SessionComparison


def document(found: SessionComparison) -> dict[str, Any]:
    """Return the comparison as JSON can hold it: both sessions, each cell's parity, each series' verdict."""
    return {
        "a": _session(found.a),
        "b": _session(found.b),
        "cells": [_parity(cell, parity) for cell, parity in found.cells.items()],
        "series": [_series(row) for row in found.rows],
        "exit_code": found.exit_code,
    }


def _session(session: SessionRecord) -> dict[str, Any]:
    return {"id": session.id, "started_at": session.meta.get("started_at"), "state": session.meta.get("state")}


def _head(cell: Cell) -> dict[str, str]:
    return {"workload": cell.workload, "target": cell.target, "params": cell.parameters.text()}


def _parity(cell: Cell, parity: Comparison) -> dict[str, Any]:
    return _head(cell) | {name: list(lines) for name, lines in asdict(parity).items()}


def _series(row: Row) -> dict[str, Any]:
    known = METRICS.get(row.metric)
    ratio = row.judgement.ratio if row.judgement else None
    return {
        **_head(row.cell),
        "metric": row.metric,
        "unit": known.unit if known else "",
        "verdict": row.verdict,
        "reason": row.reason,
        "emulated": row.emulated,
        "refused": [asdict(line) for line in row.refused],
        "a": _median(row.judgement.a) if row.judgement else None,
        "b": _median(row.judgement.b) if row.judgement else None,
        "ratio": {"value": ratio.value, "low": ratio.low, "high": ratio.high} if ratio else None,
    }


def _median(middle: Median) -> dict[str, Any]:
    return {"median": middle.value, "low": middle.low, "high": middle.high, "n": middle.n}
