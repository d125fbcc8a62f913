"""Every sample as a dot, its median as a bar across with its interval; a plot a metric."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from isobench.figures.layout import HEAD, ROW, axis_title, empty, error_bar, places
from isobench.figures.tidy import Taken
from isobench.report.figures.look import shade
from isobench.report.format import Scale, counted, human, scale_for

if TYPE_CHECKING:
    import plotly.graph_objects as go


def strips(series: list[Taken]) -> go.Figure:
    """Return the plots, one below the other, each on an axis of its own."""
    from plotly.graph_objects import Figure
    from plotly.subplots import make_subplots

    if not series:
        return empty(Figure())
    groups = [list(group) for _, group in groupby(series, key=lambda one: one.metric.name)]
    heights = [HEAD + ROW * len(group) for group in groups]
    titles = [f"{group[0].metric.name} ({group[0].metric.scope}, {group[0].metric.instant})" for group in groups]
    figure = make_subplots(rows=len(groups), cols=1, subplot_titles=titles, vertical_spacing=HEAD / sum(heights),
                           row_heights=[ROW * len(group) for group in groups])  # fmt: skip
    targets = list(dict.fromkeys(one.target for one in series))
    for number, group in enumerate(groups, start=1):
        metric = group[0].metric
        scale = scale_for((value for one in group for value in one.values), metric.unit, counted(metric.name))
        for one in group:
            _draw(figure, one, shade(targets, one.target), scale, number)
        figure.update_xaxes(title_text=axis_title(scale.unit, group), rangemode="tozero", row=number, col=1)
        figure.update_yaxes(autorange="reversed", row=number, col=1)
    return figure.update_layout(height=sum(heights), showlegend=False, template="plotly_white")


def _draw(figure: go.Figure, one: Taken, colour: str, scale: Scale, number: int) -> None:
    workloads, rows = places([one])
    count = counted(one.metric.name)
    figure.add_scatter(
        x=[value / scale.divisor for value in one.values], y=[workloads * len(one.values), rows * len(one.values)],
        mode="markers", row=number, col=1, hoverinfo="text",
        hovertext=[human(value, one.metric.unit, count) for value in one.values],
        marker={"color": colour, "size": 7, "opacity": 0.7, "symbol": "diamond-open" if one.emulated else "circle"},
    )  # fmt: skip
    figure.add_scatter(
        x=[one.median.value / scale.divisor], y=[workloads, rows], mode="markers", row=number, col=1, hoverinfo="text",
        hovertext=[f"median {human(one.median.value, one.metric.unit, count)}, n = {one.median.n}"],
        marker={"color": colour, "symbol": "line-ns", "size": 18, "line": {"width": 3, "color": colour}},
        error_x={**error_bar(one, scale.divisor), "color": colour},
    )  # fmt: skip
