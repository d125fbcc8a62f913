"""The distribution of time to ready: the share of starts that were ready by then, one line a target."""

from __future__ import annotations

from typing import Any

from isobench.report.figures.axes import linear, logarithmic
from isobench.report.figures.look import Panel, colour, written
from isobench.report.format import Scale, label, scale_for, short
from isobench.report.series import Data, Series

_METRIC = "time_to_ready"
_HEIGHT = 320
_MOST = 200
"""Steps of a line beyond this many are thinned evenly: half a per cent of the height each."""
_FAR = 20.0
"""From this factor between the fastest and the slowest on the axis is logarithmic."""


def panels(data: Data) -> list[Panel]:
    """Return a panel a workload, to be drawn on demand; none of a workload whose targets were started only once."""
    by_workload = ([s for s in data.of_metric(_METRIC) if s.workload == w and s.median.n > 1] for w in data.workloads)
    return [_panel(data, series) for series in by_workload if series]


def _panel(data: Data, series: list[Series]) -> Panel:
    values = [value for entry in series for value in entry.values]
    scale = scale_for(values, "s")
    axis = linear(scale, "less is better")
    if min(values) > 0 and max(values) > _FAR * min(values):
        axis = logarithmic(scale, "less is better", [value / scale.divisor for value in values], "s")
    text = written([_line(data, entry, scale) for entry in series], {
        "height": _HEIGHT, "margin": {"l": 52, "r": 16, "t": 8, "b": 50}, "xaxis": axis,
        "yaxis": {"range": [-0.02, 1.03], "tickformat": ".0%", "zeroline": False, "fixedrange": True,
                  "title": {"text": "share ready by then", "font": {"size": 12}}},
    })  # fmt: skip
    legend = tuple((short(s.target) + (" (emulated)" if s.emulated else ""), colour(data, s.target)) for s in series)
    title = f"Distribution of time to ready: {short(series[0].workload)}"
    note = "Of all starts, the share that was ready by then. A step to the right is a slower mode."
    note += f" Drawn in {_MOST} steps a line." if any(len(s.values) > _MOST for s in series) else ""
    said = f"{title}. " + "; ".join(f"{s.target[:40]} from {s.write(min(s.values))} to {s.write(max(s.values))}"
                                    for s in series[:24])  # fmt: skip
    return Panel(title, note, said, text, _HEIGHT, _METRIC, legend, folded=True)


def _line(data: Data, entry: Series, scale: Scale) -> dict[str, Any]:
    ordered = sorted(entry.values)
    count = len(ordered)
    places = sorted({*range(0, count, -(-count // _MOST)), count - 1})
    name = label(entry.target)
    return {
        "type": "scatter", "mode": "lines", "hoverinfo": "text",
        "line": {"shape": "hv", "width": 2, "color": colour(data, entry.target),
                 "dash": "dot" if entry.emulated else "solid"},
        # It rises from the axis at the first.
        "x": [ordered[0] / scale.divisor, *(ordered[i] / scale.divisor for i in places)],
        "y": [0, *((i + 1) / count for i in places)],
        "hovertext": ["", *(f"{name}: {100 * (i + 1) / count:.0f} % by {entry.write(ordered[i])}" for i in places)],
        "meta": [data.workloads.index(entry.workload), data.targets.index(entry.target)],
    }  # fmt: skip
