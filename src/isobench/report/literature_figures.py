"""Figures of the literature: ratios as published beside this session's, absolute figures each on an axis of its own."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from isobench.metrics import METRICS
from isobench.report.figures.axes import linear, logarithmic
from isobench.report.figures.dots import interval
from isobench.report.figures.headed import drawn, headed, tick
from isobench.report.figures.look import BLUE, GREY, Panel
from isobench.report.format import Scale, digits, label, scale_for
from isobench.report.literature_beside import Beside
from isobench.report.meta import mapping
from isobench.report.series import Data, Series

_LEGEND = (("published", GREY), ("this session, with its 95 % interval", BLUE))
_DIRECTIONS = (
    ("higher", "Rates, against the same hardware's own", "more is better"),
    ("lower", "Times and memory, against the same hardware's own", "less is better"),
)
_FAR = 4.0
"""Ratios farther apart than this factor stand on a logarithmic axis, so that halves and doubles look alike."""
_APART = 0.14
"""Rows by which a published figure stands above the line and this session's below: equal ones are both seen."""


def panels(data: Data, ratios: list[Beside], absolute: list[Beside]) -> list[Panel]:
    """Return the panels of ratios, then one for each absolute figure that has more than one row to compare."""
    made = [
        _forest([one for one in ratios if METRICS[one.figure.own].direction == direction], title, better)
        for direction, title, better in _DIRECTIONS
    ]
    groups = [list(group) for _, group in groupby(absolute, key=lambda one: (one.figure.work, one.figure.metric))]
    return made + [_bars(data, group) for group in groups if len(group) > 1 or group[0].found]


def _forest(lines: list[Beside], title: str, better: str) -> Panel:
    groups = groupby(lines, key=lambda one: one.figure)
    placed = headed([(figure.called, [_ticked(one.published.target) for one in group]) for figure, group in groups])
    values = [value for one in lines for value in _ends(one)]
    far = max(values) > _FAR * min(values)
    scale = Scale(1.0, "× reference")
    axis = logarithmic(scale, better, values) if far else linear(scale, better)
    above = [place - _APART if one.ratio else place for one, place in zip(lines, placed.at, strict=True)]
    traces: list[dict[str, Any]] = [
        _dots(
            [one.value for one in lines], above, GREY, "diamond",
            [f"{one.published.by}, {one.published.target}: {one.told}" for one in lines],
        )
    ]  # fmt: skip
    own = [(one, place) for one, place in zip(lines, placed.at, strict=True) if one.ratio]
    found = [one.ratio for one, _ in own if one.ratio]
    traces += [
        _dots([ratio.value for ratio in found], [place + _APART for _, place in own], BLUE, "circle",
              [f"this session, {one.target}: {one.own}" for one, _ in own])
        | {"error_x": {
            "type": "data", "symmetric": False, "thickness": 2, "width": 5, "color": BLUE,
            "array": [0 if ratio.high is None else ratio.high - ratio.value for ratio in found],
            "arrayminus": [0 if ratio.low is None else ratio.value - ratio.low for ratio in found],
        }}
    ]  # fmt: skip
    level = {"type": "line", "yref": "paper", "x0": 1, "x1": 1, "y0": 0, "y1": 1, "layer": "below",
             "line": {"color": GREY, "width": 1.5, "dash": "dot"}}  # fmt: skip
    texts = [(one.told, f"here {one.own}" if one.ratio else "") for one in lines]
    text, height = drawn(traces, placed, texts, axis, shapes=[level])
    said = "; ".join(
        f"{one.figure.called}, {one.published.target}: {one.told}" + (f", here {one.own}" if one.ratio else "")
        for one in lines
    )
    note = "The dotted line is the reference itself: the native run of the same hardware, or its runc."
    return Panel(title, note, f"{title}: {said}", text, height, legend=_LEGEND if own else _LEGEND[:1], wide=True)


def _ticked(target: str) -> str:
    """Return a published target's name, its remark in brackets beneath it."""
    name, _, remark = target.partition(" (" if " (" in target else " + ")
    return tick(name, remark.rstrip(")"))


def _ends(one: Beside) -> list[float]:
    ratio = one.ratio
    return [one.value, *(v for v in (ratio.value, ratio.low, ratio.high) if v is not None)] if ratio else [one.value]


def _dots(x: list[float], y: list[float], shade: str, symbol: str, words: list[str]) -> dict[str, Any]:
    return {"type": "scatter", "mode": "markers", "x": x, "y": y, "hovertext": words, "hoverinfo": "text",
            "marker": {"color": shade, "size": 10, "symbol": symbol}}  # fmt: skip


def _bars(data: Data, lines: list[Beside]) -> Panel:
    """Return one absolute figure on an axis of its own, with this session's where it has one that is real."""
    figure = lines[0].figure
    unit = "B" if lines[0].published.unit == "bytes" else lines[0].published.unit
    own = list({one.target: one.series for one in lines if one.series}.values())
    scale = scale_for([*(one.value for one in lines), *(s.median.value for s in own)], unit)
    ticks = [_ticked(one.published.target) for one in lines] + [tick(s.target, "this session") for s in own]
    placed = headed([("", ticks)])
    traces = [
        {
            "type": "bar", "orientation": "h", "width": 0.5, "y": placed.at[: len(lines)], "marker": {"color": GREY},
            "x": [one.value / scale.divisor for one in lines], "hoverinfo": "text",
            "hovertext": [f"{one.published.by}, {one.published.target}: {one.told}" for one in lines],
        },
        *(_own_bar(series, place, scale) for series, place in zip(own, placed.at[len(lines) :], strict=True)),
    ]  # fmt: skip
    texts = [(f"{digits(one.value / scale.divisor)} {scale.unit}", "") for one in lines]
    texts += [(s.write(s.median.value, scale), s.between(scale) if s.median.n > 1 else "") for s in own]
    text, height = drawn(traces, placed, texts, linear(scale, "less is better"))
    here = mapping(data.session.meta, "environment").get("cpu_model")
    note = f"{lines[0].published.by}: {figure.method}. Hardware: {figure.hardware}."
    note += f" Here {label(str(here), 60)}; {figure.differs}." if own and here else ""
    said = "; ".join(f"{one.published.target} {one.told}" for one in lines)
    said += "".join(f"; this session's {s.target} {s.text}" for s in own)
    return Panel(figure.called, note, f"{figure.called}: {said}", text, height, figure.own if own else "",
                 legend=_LEGEND if own else _LEGEND[:1])  # fmt: skip


def _own_bar(series: Series, place: float, scale: Scale) -> dict[str, Any]:
    return {"type": "bar", "orientation": "h", "width": 0.5, "x": [series.median.value / scale.divisor], "y": [place],
            "marker": {"color": BLUE}, "hovertext": [f"{series.text}, n = {series.median.n}"], "hoverinfo": "text",
            **interval(series, scale, GREY)}  # fmt: skip
