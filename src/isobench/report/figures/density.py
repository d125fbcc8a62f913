"""Density: the memory that the host has left with ever more idle instances, and how long several take at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from isobench.model import Sample
from isobench.report.figures.dots import dots
from isobench.report.figures.look import Panel, colour, written
from isobench.report.format import Scale, digits, label, scale_for, short
from isobench.report.series import Data

_LEFT, _AT_ONCE = "host_available_drop", "start_time_at_n"
_HEIGHT = 360
_REACH = 10
"""The axis reaches at most so many times as far as was measured: farther the measured part could not be seen."""
_OTHERS = (
    ("host_available_drop", "Memory of each further instance", "The slope of the curve of memory left."),
    ("density", "Idle instances this host would hold", "Down to the floor; extrapolated unless the floor was reached."),
    ("starts_per_second", "Starts a second", "Ten asked for at once."),
    ("min_memory", "Smallest memory it gets ready with", "By bisection to 8 MiB."),
)


@dataclass(frozen=True, slots=True)
class _Curve:
    """One sample's points, and to where its line is extrapolated (None where it is not)."""

    sample: Sample
    points: tuple[tuple[float, float], ...]
    end: tuple[float, float] | None = None


def panels(data: Data) -> list[Panel]:
    """Return the curves, then the dots of the density family's figures."""
    found = [_left(data), _at_once(data), *(dots(data, *entry) for entry in _OTHERS)]
    return [panel for panel in found if panel is not None]


def _left(data: Data) -> Panel | None:
    curves = [_extrapolated(curve) for curve in _curves(data, _LEFT)]
    if not curves:
        return None
    scale = scale_for((y for c in curves for _, y in c.points), "B")
    measured = max(x for c in curves for x, _ in c.points)
    reach = min(max([c.end[0] for c in curves if c.end] + [measured]), _REACH * measured) or 1.0
    traces = [trace for c in curves for trace in _traces(data, c, scale, "instances")]
    note = (
        "MemAvailable with ever more idle instances: dots were measured, dashes are extrapolated to the host's floor."
    )
    ends = "; ".join(_end(data, c) for c in curves if c.end and c.end[0] > reach)
    note += f" Beyond the axis: {ends}." if ends else ""
    return _panel(data, "Memory left on the host", note, curves, traces,
                  _axis("idle instances", (0, 1.03 * reach)), _axis(f"{scale.unit} available"), _LEFT)  # fmt: skip


def _at_once(data: Data) -> Panel | None:
    curves = _curves(data, _AT_ONCE)
    if not curves:
        return None
    scale = scale_for((y for c in curves for _, y in c.points), "s")
    traces = [trace for c in curves for trace in _traces(data, c, scale, "at once")]
    counts = sorted({x for c in curves for x, _ in c.points})
    across = _axis("instances asked for at once") | {"tickmode": "array", "tickvals": counts}
    note = "Median time to ready of instances that were asked for at the same instant."
    return _panel(data, "Several at once", note, curves, traces, across,
                  _axis(f"{scale.unit} to ready, less is better"), "start_time_at_5")  # fmt: skip


def _curves(data: Data, name: str) -> list[_Curve]:
    taken = [s for s in data.studies if s.left_out in (None, "noisy") and len(s.curves.get(name, ())) > 1]
    return sorted(
        (_Curve(s, s.curves[name]) for s in taken), key=lambda c: data.targets.index(data.target_of(c.sample))
    )


def _extrapolated(curve: _Curve) -> _Curve:
    """Return the curve with the point at which its slope reaches the floor, where the sample did not get there."""
    told = curve.sample.metrics
    held, drop = told.get("density"), told.get(_LEFT)
    if not curve.sample.facts.get("density_extrapolated") or held is None or drop is None:
        return curve
    return _Curve(curve.sample, curve.points, (held, curve.points[0][1] - held * drop))


def _end(data: Data, curve: _Curve) -> str:
    return f"{short(data.target_of(curve.sample))} to {digits(curve.end[0])} instances" if curve.end else ""


def _traces(data: Data, curve: _Curve, scale: Scale, counted: str) -> list[dict[str, Any]]:
    target = data.target_of(curve.sample)
    shade, emulated = colour(data, target), target in data.emulated
    place = [data.workloads.index(curve.sample.cell.workload), data.targets.index(target)]
    x, y = [p[0] for p in curve.points], [p[1] / scale.divisor for p in curve.points]
    words = [f"{label(target)}{' (emulated)' if emulated else ''}, {digits(a)} {counted}: {digits(b)} {scale.unit}"
             for a, b in zip(x, y, strict=True)]  # fmt: skip
    found: list[dict[str, Any]] = [{
        "type": "scatter", "mode": "lines+markers", "x": x, "y": y, "hovertext": words, "hoverinfo": "text",
        "line": {"color": shade, "width": 2}, "meta": place,
        "marker": {"size": 8, "symbol": "diamond-open" if emulated else "circle"},
    }]  # fmt: skip
    if curve.end:
        found.append({
            "type": "scatter", "mode": "lines", "x": [x[-1], curve.end[0]], "y": [y[-1], curve.end[1] / scale.divisor],
            "line": {"color": shade, "width": 2, "dash": "dash"}, "hoverinfo": "skip", "meta": place,
        })  # fmt: skip
    return found


def _axis(title: str, span: tuple[float, float] | None = None) -> dict[str, Any]:
    found: dict[str, Any] = {"title": {"text": title, "standoff": 8, "font": {"size": 12}}, "fixedrange": True,
                             "rangemode": "tozero", "zeroline": False}  # fmt: skip
    return found | ({"range": list(span)} if span else {})


def _panel(
    data: Data, title: str, note: str, curves: list[_Curve], traces: list[dict[str, Any]],
    across: dict[str, Any], up: dict[str, Any], metric: str,
) -> Panel:  # fmt: skip
    targets = dict.fromkeys(data.target_of(c.sample) for c in curves)
    legend = tuple((short(t) + (" (emulated)" if t in data.emulated else ""), colour(data, t)) for t in targets)
    layout = {"height": _HEIGHT, "margin": {"l": 62, "r": 16, "t": 8, "b": 50}, "xaxis": across, "yaxis": up}
    said = f"{title}: " + "; ".join(
        f"{data.target_of(c.sample)[:40]} from {digits(c.points[0][0])} to {digits(c.points[-1][0])}"
        for c in curves[:24]
    )
    return Panel(title, note, said, written(traces, layout), _HEIGHT, metric, legend)
