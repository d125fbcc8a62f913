"""The session in the order in which it ran: drift and disturbances show as slopes and steps."""

from __future__ import annotations

from typing import Any

from isobench.report.figures.look import Panel, colour, written
from isobench.report.format import short
from isobench.report.series import Data

_MOST = 2000
_HEIGHT = 340


def order(data: Data) -> Panel | None:
    """Return every time to ready over its cell's median against the sample's number; None without any."""
    traces = [trace for target in data.targets if (trace := _points(data, target))]
    if not traces:
        return None
    text = written(traces, {
        "height": _HEIGHT, "margin": {"l": 8, "r": 16, "t": 8, "b": 50},
        "xaxis": {"title": {"text": "sample, in the order taken", "standoff": 8, "font": {"size": 12}},
                  "fixedrange": True, "zeroline": False},
        "yaxis": {"title": {"text": "× cell's median", "font": {"size": 12}}, "automargin": True,
                  "fixedrange": True, "zeroline": False},
    })  # fmt: skip
    drawn = [target for target in data.targets if any(s.target == target for s in data.of_metric("time_to_ready"))]
    legend = tuple((short(t) + (" (emulated)" if t in data.emulated else ""), colour(data, t)) for t in drawn)
    said = "Time to ready of every sample over its cell's median, in the order in which the samples were taken."
    note = said + " A slope would be drift."
    return Panel("Order of samples", note, said, text, _HEIGHT, "time_to_ready", legend, wide=True)


def _points(data: Data, target: str) -> dict[str, Any]:
    found = [s for s in data.of_metric("time_to_ready") if s.target == target and s.median.value > 0]
    points = sorted((n, v / s.median.value) for s in found for n, v in zip(s.numbers, s.values, strict=True))
    points = points[:: -(-len(points) // _MOST) or 1]
    if not points:
        return {}
    return {
        "type": "scatter", "mode": "markers", "x": [n for n, _ in points], "y": [ratio for _, ratio in points],
        "hovertemplate": "sample %{x}: %{y:.3g} × median<extra></extra>",
        "marker": {"color": colour(data, target), "size": 8, "opacity": 0.8,
                   "symbol": "diamond-open" if target in data.emulated else "circle"},
    }  # fmt: skip
