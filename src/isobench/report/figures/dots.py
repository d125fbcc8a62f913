"""Every sample as a dot, its median as a bar across, and the interval where there are samples enough."""

from __future__ import annotations

from typing import Any

from isobench.metrics import METRICS
from isobench.model import Metric
from isobench.report.figures.axes import linear, logarithmic
from isobench.report.figures.look import GREY, Panel, Rows, colour, drawing, level, pick_of, rows
from isobench.report.format import Scale, counted, scale_for, short
from isobench.report.series import Data, Series

_MOST = 400
"""Dots of one series beyond this many are thinned evenly: more cannot be told apart in a row."""
_FAR = 20.0
"""Medians farther apart than this factor stand on a logarithmic axis, or the small ones could not be seen."""
_RINGS = {"mild": 1.0, "severe": 2.5}
"""The width of the ring around an outlier, by its class."""
_BETTER = {"lower": "less is better", "higher": "more is better", "neutral": ""}


def dots(
    data: Data,
    metric: str,
    title: str,
    note: str = "",
    beneath: dict[tuple[str, str], str] | None = None,
    at: float | None = None,
) -> Panel | None:
    """Return the panel of one metric over all workloads and targets; None where nothing was measured.

    ``beneath`` says what stands small under a row's target, by workload and target; ``at`` where a dashed line stands.
    """
    found = data.of_metric(metric)
    if not found:
        return None
    series = _without_repeats(found)
    known = METRICS[metric]
    values = [value for entry in series for value in entry.values]
    scale = scale_for(values, known.unit, counted(metric))
    placed = rows(data, series, beneath)
    traces = [trace for entry in series for trace in _traces(data, entry, placed, scale)]
    axis = linear(scale, _BETTER[known.direction])
    far = _far_apart(series)
    if far and not _is_size(known) and min(values) > 0:
        shown = [value / scale.divisor for value in values]
        axis = logarithmic(scale, _BETTER[known.direction], shown, known.unit, counted(metric))
    pick = pick_of(data, placed)
    shapes = [] if at is None else [level(at)]
    text, height = drawing(traces, placed, axis, series, None if far else scale, pick, shapes=shapes)
    notes = [_whose(data, found, series), note]
    notes += (
        [f"Of more than {_MOST} dots in a row about that many are drawn, evenly, and all outliers."]
        if any(len(s.values) > _MOST for s in series)
        else []
    )
    return Panel(title, " ".join(n for n in notes if n), spoken(title, series), text, height, metric, pick=pick)


def spoken(title: str, series: list[Series]) -> str:
    """Return a figure in words for those who cannot see it."""
    parts = [f"{s.workload} on {s.target}{' (emulated)' if s.emulated else ''} {s.text}" for s in series[:24]]
    return f"{title}, medians: " + "; ".join(part[:120] for part in parts)


def _without_repeats(series: list[Series]) -> list[Series]:
    """Return the first workload's series alone where all workloads measured the very same."""
    first = [entry for entry in series if entry.workload == series[0].workload]
    alike = {(s.target, s.median.value, s.median.smallest, s.median.largest) for s in series}
    return first if len(alike) == len(first) else series


def _whose(data: Data, found: list[Series], shown: list[Series]) -> str:
    if len(shown) < len(found):
        return "The same for every workload."
    named = {entry.workload for entry in shown}
    return f"Workload {short(shown[0].workload)}." if len(named) == 1 < len(data.workloads) else ""


def _far_apart(series: list[Series]) -> bool:
    medians = [entry.median.value for entry in series]
    return max(medians) > _FAR * min(medians)


def _is_size(metric: Metric) -> bool:
    return metric.family == "disk" and metric.unit == "B"


def _traces(data: Data, entry: Series, placed: Rows, scale: Scale) -> list[dict[str, Any]]:
    if not _is_size(entry.metric):
        return [*_samples(data, entry, placed, scale), _middle(data, entry, placed, scale)]
    bar = _size(data, entry, placed, scale)
    constant = entry.median.smallest == entry.median.largest
    return [bar] if constant else [bar, *_samples(data, entry, placed, scale)]


def _size(data: Data, entry: Series, placed: Rows, scale: Scale) -> dict[str, Any]:
    """Return a bar from zero: a size adds up, and most often all samples have the same."""
    return {
        "type": "bar", "orientation": "h", "width": 0.5, "opacity": 0.85,
        "x": [entry.median.value / scale.divisor],
        "y": [placed.at[entry.workload, entry.target]],
        "marker": {
            "color": colour(data, entry.target),
            # An image's size is the same under emulation; what a running instance added may not be.
            "pattern": {"shape": "" if entry.comparable else "/", "fgcolor": "rgba(255,255,255,.7)", "size": 7,
                        "solidity": 0.25, "fillmode": "overlay"},
        },
        "hovertext": [f"{entry.text}, n = {entry.median.n}"], "hoverinfo": "text",
    }  # fmt: skip


def _samples(data: Data, entry: Series, placed: Rows, scale: Scale) -> list[dict[str, Any]]:
    """Return a dot a sample, and rings around those that lie outside."""
    step = -(-len(entry.values) // _MOST)
    outside = [i for i, found in enumerate(entry.outliers) if found != "inside"]
    shown = sorted({*range(0, len(entry.values), step), *outside})
    row = placed.at[entry.workload, entry.target]
    x = [entry.values[i] / scale.divisor for i in shown]
    y = [row + 0.16 * ((place % 3) - 1) for place in range(len(shown))]
    emulated = " (emulated)" if entry.emulated else ""
    words = [_said(entry, i) + emulated for i in shown]
    dots = {
        "type": "scatter", "mode": "markers", "x": x, "y": y,
        "marker": {
            "color": colour(data, entry.target), "size": 8, "opacity": 0.75,
            "symbol": "diamond-open" if entry.emulated else "circle",
        },
        "hovertext": words, "hoverinfo": "text",
    }  # fmt: skip
    ringed = [place for place, i in enumerate(shown) if entry.outliers[i] != "inside"]
    rings = {
        "type": "scatter", "mode": "markers", "hoverinfo": "skip",
        "x": [x[place] for place in ringed], "y": [y[place] for place in ringed],
        "marker": {"symbol": "circle-open", "size": 14, "color": GREY,
                   "line": {"width": [_RINGS[entry.outliers[shown[place]]] for place in ringed]}},
    }  # fmt: skip
    return [dots, rings] if ringed else [dots]


def _said(entry: Series, index: int) -> str:
    found = entry.outliers[index]
    outside = "" if found == "inside" else f", {found} outlier"
    return f"sample {entry.numbers[index]}: {entry.write(entry.values[index])}{outside}"


def _middle(data: Data, entry: Series, placed: Rows, scale: Scale) -> dict[str, Any]:
    middle, shade = entry.median, colour(data, entry.target)
    return {
        "type": "scatter", "mode": "markers",
        "x": [middle.value / scale.divisor],
        "y": [placed.at[entry.workload, entry.target]],
        "marker": {"symbol": "line-ns", "size": 22, "line": {"width": 3, "color": shade}},
        "hovertext": [f"median {entry.text}, n = {middle.n}"], "hoverinfo": "text",
        **interval(entry, scale, shade),
    }  # fmt: skip


def interval(entry: Series, scale: Scale, shade: str) -> dict[str, Any]:
    """Return the error bar of a median, nothing where there is no interval."""
    middle = entry.median
    if middle.low is None or middle.high is None:
        return {}
    return {
        "error_x": {
            "type": "data", "symmetric": False, "thickness": 2, "width": 5, "color": shade,
            "array": [(middle.high - middle.value) / scale.divisor],
            "arrayminus": [(middle.value - middle.low) / scale.divisor],
        }
    }  # fmt: skip
