"""pytest-benchmark 5.x JSON, as ``--benchmark-json`` writes it: a benchmark a cell, a round an instance.

``stats`` holds seconds only, those of ``time_to_ready``; every other metric is in ``extra_info``.
"""

from __future__ import annotations

import json
import statistics
from typing import Any

from isobench.export.series import Series, one_line, series_of
from isobench.store.reader import SessionRecord

VERSION = "5.0.0"
"""The oldest pytest-benchmark whose files look like this one."""

ROUNDS = "time_to_ready"


def export(session: SessionRecord, /) -> bytes:
    """Return the cells that ever got ready; the others have nothing that pytest-benchmark could hold."""
    document = {
        "machine_info": _machine(session.meta.get("environment")),
        "commit_info": {"id": "unknown", "time": None, "author_time": None, "dirty": False, "project": "isobench",
                        "branch": "(unknown)"},
        "benchmarks": [_benchmark(session, cell) for cell in series_of(session).values() if ROUNDS in cell],
        "datetime": str(session.meta.get("started_at", "unknown")),
        "version": VERSION,
    }  # fmt: skip
    return json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False).encode("utf-8") + b"\n"


def _machine(environment: Any) -> dict[str, Any]:
    """Return what the session tells of its host, under pytest-benchmark's names; the host itself is not named."""
    told = environment if isinstance(environment, dict) else {}
    return {
        "node": "",
        "system": "Linux",
        "machine": told.get("architecture"),
        "release": told.get("kernel"),
        "python_version": told.get("python"),
        "cpu": {"brand_raw": told.get("cpu_model"), "count": told.get("cores"), "arch": told.get("architecture")},
    }


def _benchmark(session: SessionRecord, cell: dict[str, Series]) -> dict[str, Any]:
    rounds = cell[ROUNDS]
    name = f"{ROUNDS}[{rounds.label}]"
    others = {metric: _other(one) for metric, one in cell.items() if metric != ROUNDS}
    return {
        # A group's members are set beside each other and coloured, which no emulated figure may be with a real one.
        "group": one_line(rounds.cell.workload) + (" (emulated)" if rounds.emulated else ""),
        "name": name,
        "fullname": f"isobench::{name}",
        "params": {key: one_line(getattr(rounds.cell, key)) for key in ("workload", "target")},
        "param": rounds.label,
        "extra_info": {
            "session": session.id,
            "parameters": rounds.cell.parameters.text(),
            "acceleration": rounds.acceleration,
            "emulated": rounds.emulated,
            "metric": ROUNDS,
            "unit": rounds.metric.unit,
            "direction": rounds.metric.direction,
            **_interval(rounds),
            "metrics": others,
        },
        "options": {"timer": "CLOCK_MONOTONIC"},
        "stats": stats(rounds.values),
    }


def _other(series: Series) -> dict[str, Any]:
    metric, middle = series.metric, series.median
    told = {"median": middle.value, "n": middle.n, "unit": metric.unit, "direction": metric.direction}
    return told | {"scope": metric.scope, "instant": metric.instant} | _interval(series)


def _interval(series: Series) -> dict[str, float | None]:
    middle = series.median
    return {"low": middle.low, "high": middle.high} if middle.has_interval else {}


def stats(values: tuple[float, ...]) -> dict[str, Any]:
    """Return the ``stats`` of a benchmark: what pytest-benchmark's own ``Stats`` makes of these seconds."""
    ordered = sorted(values)
    mean, total = statistics.mean(ordered), sum(ordered)
    deviation = statistics.stdev(ordered) if len(ordered) > 1 else 0.0
    q1, q3 = _lower_quartile(ordered), -_lower_quartile([-value for value in reversed(ordered)])
    within = [value for value in ordered if q1 - 1.5 * (q3 - q1) <= value <= q3 + 1.5 * (q3 - q1)]
    far = sum(not mean - deviation <= value <= mean + deviation for value in ordered)
    outside = len(ordered) - len(within)
    return {
        "min": ordered[0],
        "max": ordered[-1],
        "mean": mean,
        "stddev": deviation,
        "rounds": len(ordered),
        "median": statistics.median(ordered),
        "iqr": q3 - q1,
        "q1": q1,
        "q3": q3,
        "iqr_outliers": outside,
        "stddev_outliers": far,
        "outliers": f"{far};{outside}",
        "ld15iqr": within[0],
        "hd15iqr": within[-1],
        "ops": len(ordered) / total if total else 0,
        "total": total,
        "data": list(values),
        "iterations": 1,
    }


def _lower_quartile(ordered: list[float]) -> float:
    """Return the first quartile by pytest-benchmark's rule.

    Of an even count it is the median of the lower half, else the mean of methods 1 and 2 of
    en.wikipedia.org/wiki/Quartile#Computing_methods.
    """
    whole, rest = divmod(len(ordered), 4)
    if len(ordered) == 1:
        return ordered[0]
    if rest == 1:
        return 0.25 * ordered[whole - 1] + 0.75 * ordered[whole]
    if rest == 3:
        return 0.75 * ordered[whole] + 0.25 * ordered[whole + 1]
    return statistics.median(ordered[: len(ordered) // 2])
