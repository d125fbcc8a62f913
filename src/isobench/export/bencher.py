"""Bencher Metric Format: a benchmark a cell, a measure a metric.

Source: bencher.dev/docs/reference/bencher-metric-format, schema bencher.dev/bmf.json.
"""

from __future__ import annotations

import json

from isobench.export.series import series_of
from isobench.stats import Median
from isobench.store.reader import SessionRecord


def export(session: SessionRecord, /) -> bytes:
    """Return the medians of a session, with the ends of their 95 % intervals as bounds where they have one."""
    document: dict[str, dict[str, dict[str, float]]] = {}
    for cell in series_of(session).values():
        for name, series in cell.items():
            document.setdefault(series.label, {})[name] = _metric(series.median)
    return json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False).encode("utf-8") + b"\n"


def _metric(middle: Median) -> dict[str, float]:
    if middle.low is None or middle.high is None:
        return {"value": middle.value}
    return {"value": middle.value, "lower_value": middle.low, "upper_value": middle.high}
