"""Every sample as a dot, its median as a bar across, and the interval where there are samples enough."""

from __future__ import annotations

from typing import Any

from isobench.metrics import METRICS
from isobench.report.figures.look import Panel, Rows, colour, panel, rows, value_labels
from isobench.report.format import Scale, human, scale_for
from isobench.report.series import Data, Series

_MOST = 400
"""Dots of one series beyond this many are thinned evenly: more cannot be told apart in a row."""


def dots(data: Data, metric: str, title: str, note: str = "") -> Panel | None:
    """Return the panel of one metric over all workloads and targets; None where nothing was measured."""
    import plotly.graph_objects as go

    series = data.of_metric(metric)
    if not series:
        return None
    known = METRICS[metric]
    scale = scale_for((v for s in series for v in s.values), known.unit)
    placed = rows(data, series)
    traces: list[Any] = []
    for entry in series:
        traces.append(go.Scatter(**_samples(data, entry, placed, scale)))
        traces.append(go.Scatter(**_middle(data, entry, placed, scale)))
    better = {"lower": "less is better", "higher": "more is better", "neutral": ""}[known.direction]
    axis = ", ".join(part for part in (scale.unit, better) if part)
    labels = [(placed.at[s.workload, s.target], human(s.median.value, known.unit)) for s in series]
    thinned = "" if all(len(s.values) <= _MOST for s in series) else " Dots are thinned evenly."
    return panel(title, note + thinned, spoken(title, series), traces, placed, axis, annotations=value_labels(labels))


def spoken(title: str, series: list[Series]) -> str:
    """Return a figure in words for those who cannot see it."""
    parts = [
        f"{s.workload} on {s.target}{' (emulated)' if s.emulated else ''} {human(s.median.value, s.metric.unit)}"
        for s in series[:24]
    ]
    return f"{title}, medians: " + "; ".join(part[:120] for part in parts)


def _samples(data: Data, entry: Series, placed: Rows, scale: Scale) -> dict[str, Any]:
    step = -(-len(entry.values) // _MOST)
    values, numbers = entry.values[::step], entry.numbers[::step]
    row = placed.at[entry.workload, entry.target]
    return {
        "x": [value / scale.divisor for value in values],
        "y": [row + 0.16 * ((i % 3) - 1) for i in range(len(values))],
        "mode": "markers",
        "marker": {
            "color": colour(data, entry.target),
            "size": 8,
            "opacity": 0.75,
            "symbol": "diamond-open" if entry.emulated else "circle",
        },
        "text": [
            f"sample {n}: {human(v, entry.metric.unit)}{' (emulated)' if entry.emulated else ''}"
            for n, v in zip(numbers, values, strict=True)
        ],
        "hovertemplate": "%{text}<extra></extra>",
    }


def _middle(data: Data, entry: Series, placed: Rows, scale: Scale) -> dict[str, Any]:
    middle = entry.median
    trace: dict[str, Any] = {
        "x": [middle.value / scale.divisor],
        "y": [placed.at[entry.workload, entry.target]],
        "mode": "markers",
        "marker": {
            "symbol": "line-ns", "size": 20, "line": {"width": 3, "color": colour(data, entry.target)},
        },
        "text": [f"median {human(middle.value, entry.metric.unit)}, n = {middle.n}"],
        "hovertemplate": "%{text}<extra></extra>",
    }  # fmt: skip
    if middle.low is not None and middle.high is not None:
        trace["error_x"] = {
            "type": "data", "symmetric": False, "thickness": 2, "width": 5, "color": colour(data, entry.target),
            "array": [(middle.high - middle.value) / scale.divisor],
            "arrayminus": [(middle.value - middle.low) / scale.divisor],
        }  # fmt: skip
    return trace
