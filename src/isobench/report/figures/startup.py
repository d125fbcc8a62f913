"""Startup: the phases of every target on one axis, those that boot no kernel once more by themselves, every start."""

from __future__ import annotations

from typing import Any

from isobench.metrics.startup import PHASES
from isobench.report.figures.axes import linear
from isobench.report.figures.dots import dots, interval, spoken
from isobench.report.figures.look import BLUE, GREEN, GREY, ORANGE, PURPLE, Panel, Rows, drawing, pick_of, rows
from isobench.report.format import Scale, scale_for
from isobench.report.series import Data, Series

_NAMES = dict(zip(PHASES, ("engine", "firmware and kernel", "initramfs", "user space"), strict=True))
_COLOURS = dict(zip(PHASES, (BLUE, ORANGE, PURPLE, GREEN), strict=True))
_SMALL = 0.35
"""Targets without a kernel get a figure of their own where all of them end before this share of the axis."""
_NOTE = "Medians of the phases, one after another; at the right the median of the whole, whose interval is the line."
_OTHERS = (
    ("time_to_ready", "Every start", "The same time to ready: each dot is one instance."),
    ("stop_time", "Stopping gracefully", "From the request to stop."),
    ("time_to_service", "Until it answers", "The first correct reply on the instance's own address."),
    ("kill_time", "Killing", "From SIGKILL."),
    ("remove_time", "Removing what is left", "From stopped until nothing remains."),
)


def panels(data: Data) -> list[Panel]:
    """Return the waterfalls, then the dots of the life-cycle figures."""
    others = [dots(data, metric, title, note) for metric, title, note in _OTHERS]
    return [*_waterfalls(data), *(found for found in others if found is not None)]


def _waterfalls(data: Data) -> list[Panel]:
    series = data.of_metric("time_to_ready")
    if not series:
        return []
    made = [_waterfall(data, series, "From request to ready", _NOTE, wide=True)]
    booted = {s.target for s in data.of_metric("phase_kernel")}
    without = [s for s in series if s.target not in booted]
    if without and max(s.median.value for s in without) < _SMALL * max(s.median.value for s in series):
        made.append(_waterfall(data, without, "The same without those that boot", "On an axis of their own."))
    return made


def _waterfall(data: Data, series: list[Series], title: str, note: str, wide: bool = False) -> Panel:
    scale = scale_for((v for s in series for v in s.values), "s")
    placed = rows(data, series)
    used = [phase for phase in PHASES if any(data.get(s.workload, s.target, phase) for s in series)]
    traces = [_phase(data, series, phase, placed, scale) for phase in used]
    traces += [_whole(entry, placed, scale) for entry in series if entry.has_interval]
    axis = linear(scale, "less is better")
    pick = pick_of(data, placed)
    text, height = drawing(traces, placed, axis, series, pick=pick, barmode="stack")
    legend = tuple((_NAMES[phase], _COLOURS[phase]) for phase in used)
    return Panel(title, note, spoken(title, series), text, height, "time_to_ready", legend, wide, pick=pick)


def _phase(data: Data, series: list[Series], phase: str, placed: Rows, scale: Scale) -> dict[str, Any]:
    found = [(s, part) for s in series if (part := data.get(s.workload, s.target, phase))]
    return {
        "type": "bar", "orientation": "h", "width": 0.55,
        "y": [placed.at[s.workload, s.target] for s, _ in found],
        "x": [part.median.value / scale.divisor for _, part in found],
        "marker": {
            "color": _COLOURS[phase],
            "pattern": {"shape": ["/" if s.emulated else "" for s, _ in found], "fgcolor": "rgba(255,255,255,.7)",
                        "size": 7, "solidity": 0.25, "fillmode": "overlay"},
        },
        "hovertext": [
            f"{_NAMES[phase]}: {part.text}, {part.around}{' (emulated)' if s.emulated else ''}" for s, part in found
        ],
        "hoverinfo": "text",
    }  # fmt: skip


def _whole(entry: Series, placed: Rows, scale: Scale) -> dict[str, Any]:
    return {
        "type": "scatter", "mode": "markers", "hoverinfo": "skip", "marker": {"size": 1, "color": GREY},
        "x": [entry.median.value / scale.divisor], "y": [placed.at[entry.workload, entry.target]],
        **interval(entry, scale, GREY),
    }  # fmt: skip
