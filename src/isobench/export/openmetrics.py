"""OpenMetrics 1.0 text: a gauge a metric, its unit in its name; the session and its host as ``_info``.

Source: the OpenMetrics specification 1.0.0 (prometheus.io/docs/specs/om/open_metrics_spec).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from isobench.export.series import Series, series_of
from isobench.metrics import METRICS
from isobench.model import Metric
from isobench.store.reader import SessionRecord

UNITS = {"s": "seconds", "B": "bytes", "1/s": "per_second", "B/s": "bytes_per_second", "1": "ratio"}
"""How units are spelt as the last words of a name."""

_LABEL = re.compile(r"[a-zA-Z][a-zA-Z0-9_]*")
_ESCAPES = str.maketrans({"\\": "\\\\", "\n": "\\n", '"': '\\"'})
_SESSION = ("id", "state", "started_at", "isobench")

Labels = Mapping[str, str]


def export(session: SessionRecord, /) -> bytes:
    """Return the medians of a session as gauges, with the ends of their 95 % intervals where they have one."""
    cells = series_of(session).values()
    lines = [*_about(session)]
    for name, metric in METRICS.items():
        lines += _metric(metric, [cell[name] for cell in cells if name in cell])
    counts = ((_labels(one) | {"metric": name}, len(one.values)) for cell in cells for name, one in cell.items())
    lines += _family("isobench_series_samples", "gauge", "", "Samples that count, behind each median.", counts)
    return "\n".join([*lines, "# EOF", ""]).encode("utf-8")


def family_name(metric: Metric, part: str = "") -> str:
    """Return the name of a metric's gauge, or of a part of it: ``isobench_time_to_ready_low_seconds``."""
    unit = UNITS[metric.unit]
    # "iops" holds its "per second" already.
    stem = metric.name.replace("iops", "operations").removesuffix(f"_{unit}")
    return "_".join(word for word in ("isobench", stem, part, unit) if word)


def _about(session: SessionRecord) -> Iterator[str]:
    told = {key: session.meta.get(key) for key in _SESSION}
    yield from _info("isobench_session", "The session and its state.", told)
    yield from _info("isobench_environment", "The host that was measured on.", session.meta.get("environment"))
    yield from _info("isobench_versions", "The tools in use.", session.meta.get("versions"))


def _info(name: str, text: str, told: Any) -> Iterator[str]:
    """Yield an info family; what is unknown, is no plain value or has no name fit for a label is left out."""
    labels = {
        key: str(value).lower() if isinstance(value, bool) else str(value)
        for key, value in (told.items() if isinstance(told, dict) else ())
        if isinstance(value, str | int | float) and _LABEL.fullmatch(key)
    }
    if labels:
        yield from _family(name, "info", "", text, [(labels, 1)], suffix="_info")


def _metric(metric: Metric, found: list[Series]) -> Iterator[str]:
    ends = [(_labels(one), one.median) for one in found]
    parts = {
        "": ("median", [(labels, middle.value) for labels, middle in ends]),
        "low": ("lower end of the median's 95 % interval", [(k, m.low) for k, m in ends if m.low is not None]),
        "high": ("upper end of the median's 95 % interval", [(k, m.high) for k, m in ends if m.high is not None]),
    }
    for part, (words, samples) in parts.items():
        text = f"{metric.definition} ({words}; {metric.direction} is better)"
        yield from _family(family_name(metric, part), "gauge", UNITS[metric.unit], text, samples)


def _labels(series: Series) -> dict[str, str]:
    cell = series.cell
    return {
        "workload": cell.workload,
        "target": cell.target,
        "cache": cell.parameters.cache,
        "length": cell.parameters.length,
        "acceleration": series.acceleration,
        "emulated": str(series.emulated).lower(),
        "scope": series.metric.scope,
        "instant": series.metric.instant,
    }


def _family(
    name: str, kind: str, unit: str, text: str, samples: Iterable[tuple[Labels, float]], suffix: str = ""
) -> Iterator[str]:
    """Yield the lines of one family; none where it has no samples."""
    lines = [f"{name}{suffix}{{{_written(labels)}}} {value}" for labels, value in samples]
    if lines:
        yield f"# TYPE {name} {kind}"
        if unit:
            yield f"# UNIT {name} {unit}"
        yield f"# HELP {name} {text.translate(_ESCAPES)}"
        yield from lines


def _written(labels: Labels) -> str:
    return ",".join(f'{name}="{value.translate(_ESCAPES)}"' for name, value in labels.items())
