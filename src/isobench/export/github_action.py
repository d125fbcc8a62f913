"""github-action-benchmark: one file for its tool ``customSmallerIsBetter``, one for ``customBiggerIsBetter``.

Source: ``BenchmarkResult`` in src/extract.ts of benchmark-action/github-action-benchmark.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from isobench.errors import UsageError
from isobench.export.series import Series, series_of
from isobench.store.reader import SessionRecord

SMALLER, BIGGER = "customSmallerIsBetter.json", "customBiggerIsBetter.json"
_FILES = {SMALLER: "lower", BIGGER: "higher"}


def export(session: SessionRecord, /) -> dict[str, bytes | None]:
    """Return the medians by the direction of their metric; a metric that has none is in neither file.

    The action fails on a list without entries, so a file that would be one is not made. Raises UsageError where both
    would be.
    """
    found = [series for cell in series_of(session).values() for series in cell.values()]
    parts = {name: [one for one in found if one.metric.direction == way] for name, way in _FILES.items()}
    if not any(parts.values()):
        raise UsageError("has no sample that counts, so nothing to export", where=session.id,
                         mend="`isobench show` tells why")  # fmt: skip
    return {name: _file(part) if part else None for name, part in parts.items()}


def _file(found: Iterable[Series]) -> bytes:
    entries = [_entry(one) for one in found]
    return json.dumps(entries, indent=1, ensure_ascii=False, allow_nan=False).encode("utf-8") + b"\n"


def _entry(series: Series) -> dict[str, str | float]:
    metric, middle = series.metric, series.median
    extra = [f"median of {middle.n}", f"{metric.scope}, {metric.instant}, {metric.direction} is better"]
    if series.emulated:
        extra.append("emulated (TCG), not a guide to KVM")
    entry: dict[str, str | float] = {
        "name": f"{series.label} {metric.name}",
        "unit": metric.unit,
        "value": middle.value,
        "extra": "\n".join(extra),
    }
    if middle.has_interval:
        entry["range"] = f"{middle.low:.6g} to {middle.high:.6g}"
    return entry
