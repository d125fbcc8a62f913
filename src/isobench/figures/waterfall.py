"""Startup as a waterfall: the phases of every target on one axis."""

from __future__ import annotations

from typing import TYPE_CHECKING

from isobench.figures.layout import HEAD, ROW, axis_title, empty, error_bar, places
from isobench.figures.tidy import Taken
from isobench.metrics.startup import PHASES
from isobench.report.figures.look import BLUE, GREEN, GREY, ORANGE, PURPLE
from isobench.report.format import human, scale_for

if TYPE_CHECKING:
    import plotly.graph_objects as go

_WHOLE = "time_to_ready"
_NAMES = dict(zip(PHASES, ("engine", "firmware and kernel", "initramfs", "user space"), strict=True))
_COLOURS = dict(zip(PHASES, (BLUE, ORANGE, PURPLE, GREEN), strict=True)) | {_WHOLE: GREY}


def waterfall(series: list[Taken]) -> go.Figure:
    """Return the medians of the phases, stacked; what has no phases is one grey bar."""
    from plotly.graph_objects import Figure

    wholes = [one for one in series if one.metric.name == _WHOLE]
    if not wholes:
        return empty(Figure())
    scale = scale_for((value for one in wholes for value in one.values), "s")
    phased = {(one.workload, one.row) for one in series if one.metric.name in PHASES}
    figure = Figure()
    for name in (*PHASES, _WHOLE):
        parts = [
            one for one in series
            if one.metric.name == name and (name != _WHOLE or (one.workload, one.row) not in phased)
        ]  # fmt: skip
        if parts:
            figure.add_bar(
                x=[one.median.value / scale.divisor for one in parts], y=list(places(parts)), orientation="h",
                name=_NAMES.get(name, "request to ready"), hoverinfo="text",
                hovertext=[f"{_NAMES.get(name, name)}: {human(one.median.value, 's')}" for one in parts],
                marker={"color": _COLOURS[name], "pattern": {"shape": ["/" if one.emulated else "" for one in parts]}},
            )  # fmt: skip
    for one in wholes:
        figure.add_scatter(
            x=[one.median.value / scale.divisor], y=list(places([one])), mode="markers", showlegend=False,
            marker={"color": GREY, "size": 2}, error_x={**error_bar(one, scale.divisor), "color": GREY},
            hovertext=[f"request to ready: {human(one.median.value, 's')}, n = {one.median.n}"], hoverinfo="text",
        )  # fmt: skip
    return figure.update_layout(
        barmode="stack", height=HEAD + 40 + ROW * len(wholes), template="plotly_white",
        xaxis={"title": {"text": axis_title(scale.unit, wholes)}, "rangemode": "tozero"},
        yaxis={"autorange": "reversed"},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "traceorder": "normal"},
    )  # fmt: skip
