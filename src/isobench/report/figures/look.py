"""What all figures share: colours, rows, layout. The page paints text and grid in the reader's theme."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from isobench.report.format import label
from isobench.report.series import Data, Series

# Okabe and Ito, Color Universal Design (2008): told apart with every common colour vision.
BLUE, ORANGE, GREEN, VERMILION = "#0072B2", "#E69F00", "#009E73", "#D55E00"
PURPLE, SKY, GREY = "#CC79A7", "#56B4E9", "#8A8F98"
_FIXED = {"native": GREEN, "docker": SKY, "vm-micro": VERMILION, "vm-q35": PURPLE}
_OTHERS = (ORANGE, BLUE, GREY)

ROW, HEAD, FOOT = 30, 14, 52
"""Pixels of a row, and of what stands above and below the rows."""


@dataclass(frozen=True, slots=True)
class Panel:
    """One figure with its words: ``label`` says in text what a reader who cannot see it should know."""

    title: str
    note: str
    label: str
    json: str
    height: int
    legend: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Rows:
    """Where each (workload, target) stands on the y axis, with the labels; 0 is the uppermost row."""

    at: dict[tuple[str, str], int]
    ticks: list[int]
    texts: list[str]
    count: int


def colour(data: Data, target: str) -> str:
    """Return a target's colour, the same in every figure of the report."""
    name = target.partition(" [")[0]
    if name in _FIXED:
        return _FIXED[name]
    others = [t for t in data.targets if t.partition(" [")[0] not in _FIXED]
    return _OTHERS[others.index(target) % len(_OTHERS)]


def name_of(data: Data, target: str) -> str:
    """Return a target's label, saying so where it was emulated."""
    return label(target, 20) + (" (emulated)" if target in data.emulated else "")


def rows(data: Data, series: list[Series]) -> Rows:
    """Return the rows of these series: by workload under a bold heading, unless there is only one workload."""
    workloads = list(dict.fromkeys(entry.workload for entry in series))
    at: dict[tuple[str, str], int] = {}
    ticks: list[int] = []
    texts: list[str] = []
    line = 0
    for workload in workloads:
        if len(workloads) > 1:
            ticks.append(line)
            texts.append(f"<b>{label(workload, 20)}</b>")
            line += 1
        for entry in series:
            if entry.workload == workload:
                at[workload, entry.target] = line
                ticks.append(line)
                texts.append(name_of(data, entry.target))
                line += 1
    return Rows(at, ticks, texts, line)


def panel(title: str, note: str, said: str, traces: list[Any], placed: Rows, axis: str, **layout: Any) -> Panel:
    """Return the panel of these traces over these rows; ``axis`` names the x axis with its unit."""
    import plotly.graph_objects as go

    height = HEAD + FOOT + ROW * placed.count
    figure = go.Figure(data=traces)
    figure.update_layout(
        template=go.layout.Template(),
        height=height,
        margin={"l": 8, "r": 84, "t": HEAD, "b": FOOT, "pad": 4},
        font={"family": "system-ui, sans-serif", "size": 13},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        hoverlabel={"align": "left"},
        xaxis={"title": {"text": axis, "standoff": 8, "font": {"size": 12}}, "rangemode": "tozero",
               "zeroline": True, "nticks": 6, "fixedrange": True},
        yaxis={"tickmode": "array", "tickvals": placed.ticks, "ticktext": placed.texts, "zeroline": False,
               "range": [placed.count - 0.4, -0.6], "showgrid": False, "automargin": True, "fixedrange": True},
        showlegend=False,
        **layout,
    )  # fmt: skip
    return Panel(title, note, said, str(figure.to_json()), height)


def value_labels(values: list[tuple[int, str]]) -> list[dict[str, Any]]:
    """Return the medians written at the right edge, one a row."""
    return [
        {"xref": "paper", "x": 1, "xanchor": "left", "y": y, "text": text, "showarrow": False, "xshift": 8,
         "font": {"size": 12}}
        for y, text in values
    ]  # fmt: skip
