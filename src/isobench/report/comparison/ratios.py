"""Figures of a comparison, one a metric: ratios B over A with their intervals; the line in the middle is no change."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from typing import Any

from isobench.metrics import METRICS
from isobench.report.comparison.layout import named
from isobench.report.comparison.names import FIRST, Names
from isobench.report.figures.axes import logarithmic
from isobench.report.figures.headed import drawn, headed, tick
from isobench.report.figures.look import BLUE, GREY, VERMILION, Panel
from isobench.report.format import Scale, around, digits, times
from isobench.verdict.sessions import Row

_LEGEND = (("regression", VERMILION), ("improvement", BLUE), ("neither", GREY))
_COLOURS = dict(_LEGEND)
_FAR = 2.5
"""Ratios farther apart than this factor stand on a logarithmic axis."""
_ROOM = 0.03
"""The least room on both sides of no change: a per mille of noise must not fill the axis."""
_PLACES = {name: place for place, name in enumerate(METRICS)}
_MOST = 60
"""Series of a metric beyond this many are left to the table; the weightiest verdicts are drawn."""


def panels(rows: Iterable[Row], names: Names) -> list[Panel]:
    """Return a panel for each metric that has ratios, its rows known to the page by ``names``."""
    kept = [row for row in rows if row.judgement and row.judgement.ratio and row.judgement.ratio.value > 0]
    kept.sort(key=lambda row: (names.places(row.cell, row.metric)[2], place(row)))
    return [_panel(metric, list(group), names) for metric, group in groupby(kept, key=lambda row: row.metric)]


def place(row: Row) -> tuple[int, str, int, str]:
    """Return what sorts rows: by metric as registered, then workload, then target as the report has them."""
    metric = _PLACES.get(row.metric, len(_PLACES))
    target = FIRST.index(row.cell.target) if row.cell.target in FIRST else len(FIRST)
    return metric, row.cell.workload, target, named(row.cell)


def _panel(metric: str, rows: list[Row], names: Names) -> Panel:
    weighty = sorted(rows, key=lambda row: row.verdict not in _COLOURS)[:_MOST]
    kept = sorted(weighty, key=place)
    placed = headed([("", [tick(row.cell.workload, _beneath(row)) for row in kept])])
    texts, traces = [], []
    for row, at in zip(kept, placed.at, strict=True):
        assert row.judgement and row.judgement.ratio  # noqa: S101 - only such rows are kept
        texts.append((f"{digits(row.judgement.ratio.value)}×", around(row.judgement.ratio)))
        traces.append(_dot(row, at))
    level = {"type": "line", "yref": "paper", "x0": 1, "x1": 1, "y0": 0, "y1": 1, "layer": "below",
             "line": {"color": GREY, "width": 1.5, "dash": "dot"}}  # fmt: skip
    keys = [names.places(row.cell, row.metric) for row in kept]
    text, height = drawn(traces, placed, texts, _axis(kept), keys, shapes=[level])
    known = METRICS[metric]
    better = {"lower": ", less is better", "higher": ", more is better", "neutral": ""}[known.direction]
    note = f"{known.family.capitalize()}{better}."
    note += f" {len(rows) - len(kept)} more are in the table." if len(kept) < len(rows) else ""
    said = "; ".join(f"{row.cell} {words[0]}, {row.verdict}" for row, words in zip(kept, texts, strict=True))
    return Panel(metric, note, f"{metric}, B over A: {said[:2000]}", text, height, legend=_LEGEND)


def _beneath(row: Row) -> str:
    return f"{named(row.cell)}, emulated" if row.emulated else named(row.cell)


def _dot(row: Row, at: float) -> dict[str, Any]:
    assert row.judgement and row.judgement.ratio  # noqa: S101
    ratio = row.judgement.ratio
    shade = GREY if row.emulated else _COLOURS.get(row.verdict, GREY)
    bar: dict[str, Any] = {}
    if ratio.low is not None and ratio.high is not None:
        bar = {"error_x": {
            "type": "data", "symmetric": False, "thickness": 2, "width": 5, "color": shade,
            "array": [ratio.high - ratio.value], "arrayminus": [ratio.value - ratio.low],
        }}  # fmt: skip
    return {
        "type": "scatter", "mode": "markers", "x": [ratio.value], "y": [at],
        "marker": {"color": shade, "size": 10, "symbol": "diamond-open" if row.emulated else "circle"},
        "hovertext": [f"{times(ratio)}: {row.verdict}"], "hoverinfo": "text", **bar,
    }  # fmt: skip


def _axis(rows: list[Row]) -> dict[str, Any]:
    ratios = [row.judgement.ratio for row in rows if row.judgement and row.judgement.ratio]
    ends = [1.0, *(v for r in ratios for v in (r.value, r.low, r.high) if v is not None and v > 0)]
    low, high = min(ends), max(ends)
    if high > _FAR * low:
        return logarithmic(Scale(1.0, "B / A"), "", ends)
    room = max(_ROOM, 0.08 * (high - low))
    title = {"text": "B / A", "standoff": 8, "font": {"size": 12}}
    return {"title": title, "fixedrange": True, "range": [low - room, high + room], "nticks": 6, "zeroline": False}
