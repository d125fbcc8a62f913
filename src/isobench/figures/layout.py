"""What both kinds of figure share: rows of workloads and targets, and an axis in units fit for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from isobench.figures.tidy import Taken
from isobench.report.format import label

if TYPE_CHECKING:
    import plotly.graph_objects as go

ROW = 30
"""Pixels of a row."""
HEAD = 90
"""Pixels of what stands above and below the rows of one plot."""
_BETTER = {"lower": "less is better", "higher": "more is better", "neutral": ""}


def places(series: list[Taken]) -> tuple[list[str], list[str]]:
    """Return the two levels of each row's name: its workload, and its target with what is to be said of it."""
    workloads = [label(one.workload) for one in series]
    return workloads, [label(one.row, 48) + (" (emulated)" if one.emulated else "") for one in series]


def axis_title(unit: str, series: list[Taken]) -> str:
    """Return an axis's title: the unit, and which way is better."""
    return ", ".join(part for part in (unit, _BETTER[series[0].metric.direction]) if part)


def error_bar(one: Taken, divisor: float) -> dict[str, Any]:
    """Return plotly's error bar of a median's 95 % interval; none below 6 samples."""
    middle = one.median
    if middle.low is None or middle.high is None:
        return {}
    return {
        "type": "data", "symmetric": False, "array": [(middle.high - middle.value) / divisor],
        "arrayminus": [(middle.value - middle.low) / divisor],
    }  # fmt: skip


def empty(figure: go.Figure) -> go.Figure:
    """Return a figure that says that there is nothing to show."""
    figure.add_annotation(text="Nothing was measured.", showarrow=False, x=0.5, y=0.5, xref="paper", yref="paper")
    return figure.update_layout(xaxis_visible=False, yaxis_visible=False, height=160)
