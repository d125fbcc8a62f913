"""The session in the order in which it ran: drift and disturbances show as slopes and steps."""

from __future__ import annotations

from typing import Any

from isobench.report.figures.look import Panel, colour, name_of
from isobench.report.format import short
from isobench.report.series import Data

_MOST = 2000


def order(data: Data) -> Panel | None:
    """Return every time to ready over its cell's median against the sample's number; None without any."""
    import plotly.graph_objects as go

    traces: list[Any] = []
    for target in data.targets:
        found = [s for s in data.of_metric("time_to_ready") if s.target == target and s.median.value > 0]
        points = sorted((n, v / s.median.value) for s in found for n, v in zip(s.numbers, s.values, strict=True))
        points = points[:: -(-len(points) // _MOST) or 1]
        if points:
            traces.append(
                go.Scatter(
                    x=[n for n, _ in points], y=[r for _, r in points], mode="markers",
                    name=name_of(data, target), hovertemplate="sample %{x}: %{y:.3g} × median<extra></extra>",
                    marker={"color": colour(data, target), "size": 8, "opacity": 0.8,
                            "symbol": "diamond-open" if target in data.emulated else "circle"},
                )
            )  # fmt: skip
    if not traces:
        return None
    figure = go.Figure(data=traces)
    figure.update_layout(
        template=go.layout.Template(), height=340, margin={"l": 8, "r": 16, "t": 14, "b": 52},
        font={"family": "system-ui, sans-serif", "size": 13},
        paper_bgcolor="rgba(0,0,0,0)", plot_bgcolor="rgba(0,0,0,0)", showlegend=False,
        xaxis={"title": {"text": "sample, in the order taken", "standoff": 8}, "fixedrange": True, "zeroline": False},
        yaxis={"title": {"text": "× cell's median"}, "automargin": True, "fixedrange": True, "zeroline": False},
    )  # fmt: skip
    legend = tuple((short(target), colour(data, target)) for target in data.targets)
    said = "Time to ready of every sample over its cell's median, in the order in which the samples were taken."
    return Panel("Order of samples", said + " A slope would be drift.", said, str(figure.to_json()), 340, legend)
