"""Startup: the phases stacked for each target, one panel a workload, and every sample as a dot."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from isobench.metrics.startup import PHASES
from isobench.report.figures.dots import dots, spoken
from isobench.report.figures.look import (
    BLUE,
    GREEN,
    ORANGE,
    PURPLE,
    Panel,
    Rows,
    panel,
    rows,
    value_labels,
)
from isobench.report.format import Scale, human, scale_for, short
from isobench.report.series import Data, Series

_NAMES = dict(zip(PHASES, ("engine", "kernel", "initramfs", "user space"), strict=True))
_COLOURS = dict(zip(PHASES, (BLUE, ORANGE, PURPLE, GREEN), strict=True))
_OTHERS = (
    ("time_to_service", "Until it serves"),
    ("stop_time", "Stopping gracefully"),
    ("kill_time", "Killing"),
    ("remove_time", "Removing what is left"),
)


def panels(data: Data) -> list[Panel]:
    """Return a waterfall a workload, then the dots of the other life-cycle figures."""
    waterfalls = [_waterfall(data, workload) for workload in data.workloads]
    others = [dots(data, metric, title) for metric, title in _OTHERS]
    return [found for found in (*waterfalls, *others) if found is not None]


def _waterfall(data: Data, workload: str) -> Panel | None:
    import plotly.graph_objects as go

    series = [s for s in data.of_metric("time_to_ready") if s.workload == workload]
    if not series:
        return None
    scale = scale_for((v for s in series for v in s.values), "s")
    placed = rows(data, series)
    traces: list[Any] = [go.Bar(**_phase(data, workload, series, phase, placed, scale)) for phase in PHASES]
    traces.append(go.Scatter(**_samples(series, placed, scale)))
    labels = [(placed.at[workload, s.target], human(s.median.value, "s")) for s in series]
    made = panel(
        f"{short(workload, 40)}: from request to ready",
        "Bars: median of each phase. Dots: time to ready of every sample. At the right: its median.",
        spoken(f"{short(workload, 40)}, time to ready", series), traces, placed, f"{scale.unit}, less is better",
        annotations=value_labels(labels), barmode="stack", bargap=0.35,
    )  # fmt: skip
    return replace(made, legend=tuple((_NAMES[phase], _COLOURS[phase]) for phase in PHASES))


def _phase(data: Data, workload: str, series: list[Series], phase: str, placed: Rows, scale: Scale) -> dict[str, Any]:
    found = [data.get(workload, s.target, phase) for s in series]
    return {
        "orientation": "h",
        "name": _NAMES[phase],
        "y": [placed.at[workload, s.target] for s in series],
        "x": [f.median.value / scale.divisor if f else None for f in found],
        "marker": {
            "color": _COLOURS[phase],
            "pattern": {"shape": ["/" if s.emulated else "" for s in series], "fgcolor": "rgba(255,255,255,.75)",
                        "size": 7, "solidity": 0.3, "fillmode": "overlay"},
        },
        "text": [_told(f, s) for f, s in zip(found, series, strict=True)],
        "textposition": "none",
        "hovertemplate": f"{_NAMES[phase]}: %{{text}}<extra></extra>",
    }  # fmt: skip


def _told(found: Series | None, whole: Series) -> str:
    if found is None:
        return "not applicable"
    return human(found.median.value, "s") + (" (emulated)" if whole.emulated else "")


def _samples(series: list[Series], placed: Rows, scale: Scale) -> dict[str, Any]:
    points = [(s, n, v) for s in series for n, v in zip(s.numbers[:400], s.values[:400], strict=True)]
    return {
        "x": [v / scale.divisor for _, _, v in points],
        "y": [placed.at[s.workload, s.target] + 0.12 * ((n % 3) - 1) for s, n, _ in points],
        "mode": "markers",
        "name": "sample",
        "marker": {
            "size": 7, "color": "rgba(255,255,255,.85)", "line": {"width": 1.5, "color": "#30343b"},
            "symbol": ["diamond" if s.emulated else "circle" for s, _, _ in points],
        },
        "text": [
            f"sample {n}: {human(v, 's')}{' (emulated)' if s.emulated else ''}" for s, n, v in points
        ],
        "hovertemplate": "%{text}<extra></extra>",
    }  # fmt: skip
