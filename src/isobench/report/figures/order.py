"""The session in the order in which it ran: drift shows as a slope, a disturbance as a step or a peak beneath it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, TypeVar

from isobench.model import Sample
from isobench.report.figures.look import BLUE, GREY, ORANGE, PURPLE, SKY, Panel, colour, written
from isobench.report.format import short
from isobench.report.meta import named
from isobench.report.noise import BOUNDS, bound
from isobench.report.series import Data

T = TypeVar("T")
_MOST = 2000
"""Points of one line or target beyond this many are thinned evenly; noisy samples stay."""
_HEIGHT = 300
_ALWAYS = {"steal": BLUE, "cpu_pressure": ORANGE, "harness_cpu": PURPLE}
_OTHERS = (SKY, GREY)
RING = "ringed: marked noisy"


def panels(data: Data) -> list[Panel]:
    """Return time to ready over its cell's median, and the noise over its bounds, by the sample's number."""
    return [found for found in (_drift(data), _noise(data)) if found is not None]


def _drift(data: Data) -> Panel | None:
    by_target = _points(data)
    together = [point for points in by_target.values() for point in points]
    if not together:
        return None
    # A noisy sample far out would press all the others into a line: it stands at the top.
    top = 1.1 * max((ratio for sample, ratio in together if not _is_noisy(sample)), default=1.0)
    traces = [_dots(data, target, points, top) for target, points in by_target.items() if points]
    loud = [(sample.number, min(ratio, top)) for sample, ratio in together if _is_noisy(sample)]
    beyond = " Triangles: noisy ones beyond the axis." if any(ratio > top for _, ratio in together) else ""
    legend = tuple(
        (short(target) + (" (emulated)" if target in data.emulated else ""), colour(data, target))
        for target, points in by_target.items()
        if points
    )
    said = "Time to ready of every measured sample over its cell's median, in the order in which they were taken."
    text = _drawn([*traces, *_rings(loud)], "× cell's median", _last(data))
    most = max(sum(len(taken) for (_, t), taken in data.measured.items() if t == target) for target in data.targets)
    note = f"{said} A slope would be drift.{' ' + RING.capitalize() + '.' if loud else ''}{beyond}{_thinly(most)}"
    return Panel("Order of samples", note, said, text, _HEIGHT, "time_to_ready", legend, wide=True)


def _points(data: Data) -> dict[str, list[tuple[Sample, float]]]:
    """Return, by target, the measured samples that got ready, with what they took over their cell's median."""
    found: dict[str, list[tuple[Sample, float]]] = {target: [] for target in data.targets}
    for (workload, target), taken in data.measured.items():
        series = data.get(workload, target, "time_to_ready")
        if series is None or series.median.value <= 0:
            continue
        for sample in taken:
            took = sample.metrics.get("time_to_ready", math.nan)
            if sample.left_out in (None, "noisy") and math.isfinite(took):
                found[target].append((sample, took / series.median.value))
    for points in found.values():
        points.sort(key=lambda point: point[0].number)
    return {target: _thinned(points, [sample for sample, _ in points]) for target, points in found.items()}


def _thinned(items: Sequence[T], samples: Sequence[Sample]) -> list[T]:
    step = -(-len(items) // _MOST) or 1
    kept = enumerate(zip(items, samples, strict=True))
    return [item for at, (item, sample) in kept if at % step == 0 or _is_noisy(sample)]


def _thinly(of: int) -> str:
    """Return that not every point is drawn, empty where each is; ``of`` is the number of points of a line."""
    return f" Of {of} points a line or target about {_MOST} are drawn, and all noisy ones." if of > _MOST else ""


def _dots(data: Data, target: str, points: list[tuple[Sample, float]], top: float) -> dict[str, Any]:
    dot, beyond = ("diamond-open", "triangle-up-open") if target in data.emulated else ("circle", "triangle-up")
    return {
        "type": "scatter", "mode": "markers",
        "x": [sample.number for sample, _ in points], "y": [min(ratio, top) for _, ratio in points],
        "hovertext": [f"sample {sample.number}: {ratio:.3g} × median" for sample, ratio in points], "hoverinfo": "text",
        "marker": {"color": colour(data, target), "size": 8, "opacity": 0.8,
                   "symbol": [beyond if ratio > top else dot for _, ratio in points]},
    }  # fmt: skip


def _noise(data: Data) -> Panel | None:
    samples = _thinned(data.session.samples, data.session.samples)
    loud = [sample for sample in samples if _is_noisy(sample)]
    broken = [n for n, bound in BOUNDS.items() if any(s.noise.get(n, 0) > bound > 0 for s in loud)]
    shades = _ALWAYS | dict(zip((n for n in broken if n not in _ALWAYS), _OTHERS, strict=False))
    shown = {name: shade for name, shade in shades.items() if any(name in s.noise for s in samples)}
    if not shown:
        return None
    traces = [_line(samples, name, shade) for name, shade in shown.items()]
    said = "Noise beside every sample, each figure over its bound: above 1 a sample is marked noisy."
    legend = tuple((f"{named(name)}, bound {bound(name)}", shade) for name, shade in shown.items())
    line = {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": 1, "y1": 1,
            "line": {"color": GREY, "width": 1.5, "dash": "dash"}}  # fmt: skip
    rings = _rings([(s.number, max(s.noise.get(n, 0) / BOUNDS[n] for n in shown)) for s in loud])
    text = _drawn([*traces, *rings], "× bound", _last(data), shapes=[line])
    note = said + (f" {RING.capitalize()}." if loud else "") + _thinly(len(data.session.samples))
    return Panel("Noise along the session", note, said, text, _HEIGHT, "", legend, wide=True)


def _line(samples: Sequence[Sample], name: str, shade: str) -> dict[str, Any]:
    found = [(s.number, s.noise[name]) for s in samples if math.isfinite(s.noise.get(name, math.nan))]
    return {
        "type": "scatter", "mode": "lines+markers", "line": {"width": 1, "color": shade}, "marker": {"size": 5},
        "x": [number for number, _ in found], "y": [value / BOUNDS[name] for _, value in found],
        "hovertext": [f"sample {n}: {named(name)} {v / BOUNDS[name]:.2g} × bound" for n, v in found],
        "hoverinfo": "text",
    }  # fmt: skip


def _is_noisy(sample: Sample) -> bool:
    return "noisy" in sample.marks


def _rings(points: list[tuple[int, float]]) -> list[dict[str, Any]]:
    ring = {"symbol": "circle-open", "size": 15, "color": GREY, "line": {"width": 2}}
    return [{
        "type": "scatter", "mode": "markers", "hoverinfo": "skip", "marker": ring,
        "x": [number for number, _ in points], "y": [value for _, value in points],
    }] if points else []  # fmt: skip


def _last(data: Data) -> int:
    return max((sample.number for sample in data.session.samples), default=0)


def _drawn(traces: list[dict[str, Any]], y: str, last: int, **layout: Any) -> str:
    # Margins and x axis of both figures are the same, so a peak stands beneath what it disturbed.
    return written(traces, {
        "height": _HEIGHT, "margin": {"l": 62, "r": 16, "t": 8, "b": 50},
        "xaxis": {"title": {"text": "sample, in the order taken", "standoff": 8, "font": {"size": 12}},
                  "range": [-0.02 * last - 1, 1.02 * last + 1], "fixedrange": True, "zeroline": False},
        "yaxis": {"title": {"text": y, "font": {"size": 12}}, "fixedrange": True, "zeroline": False,
                  "rangemode": "tozero"},
        **layout,
    })  # fmt: skip
