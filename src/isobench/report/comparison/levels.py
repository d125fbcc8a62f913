"""A series over sessions as a figure: each session's median, and the level of each segment between change points."""

from __future__ import annotations

from itertools import pairwise
from statistics import median
from typing import Any

from isobench.history.series import Track
from isobench.metrics import METRICS
from isobench.report.comparison.names import Names
from isobench.report.figures.look import BLUE, GREY, VERMILION, Panel, written
from isobench.report.format import counted, human, label, scale_for

_HEIGHT = 250
_LEGEND = (("a session's median", GREY), ("level", BLUE), ("level, worse than before", VERMILION))


def panel(track: Track, names: Names) -> Panel:
    """Return the figure of one series; an emulated one has no colour that judges.

    All of it is of one workload, target and family: a reader who hides one of them hides it.
    """
    known = METRICS[track.metric]
    scale = scale_for(track.medians, known.unit, counted(track.metric))
    y = [value / scale.divisor for value in track.medians]
    words = [human(value, known.unit, counted(track.metric), scale) for value in track.medians]
    dots = {
        "type": "scatter", "mode": "markers", "x": list(range(len(y))), "y": y,
        "marker": {"color": GREY, "size": 7, "symbol": "diamond-open" if track.emulated else "circle"},
        "hovertext": [f"{label(name, 60)}: {word}" for name, word in zip(track.sessions, words, strict=True)],
        "hoverinfo": "text",
    }  # fmt: skip
    firsts = [0, *(step.first for step in track.steps)]
    ticks = [*firsts, len(y) - 1] if len(y) - 1 - firsts[-1] > len(y) / 4 else firsts
    layout: dict[str, Any] = {
        "height": _HEIGHT, "margin": {"l": 8, "r": 24, "t": 10, "b": 44, "pad": 4},
        "xaxis": {"tickmode": "array", "tickvals": ticks, "ticktext": [_when(track.sessions[at]) for at in ticks],
                  "range": [-0.6, max(len(y) - 0.4, 1)], "showgrid": True, "zeroline": False, "fixedrange": True,
                  "automargin": True},
        "yaxis": {"title": {"text": scale.unit, "standoff": 6, "font": {"size": 12}}, "rangemode": "tozero",
                  "automargin": True, "fixedrange": True, "nticks": 5, "zeroline": False},
    }  # fmt: skip
    better = {"lower": "less is better", "higher": "more is better", "neutral": ""}[known.direction]
    note = f"{len(y)} session{'' if len(y) == 1 else 's'}{', ' + better if better else ''}"
    note += ". Emulated: not a guide to KVM." if track.emulated else "."
    title = f"{label(str(track.cell), 60)} {track.metric}"
    own = {"meta": names.places(track.cell, track.metric)}
    text = written([trace | own for trace in (dots, *_levels(track, scale.divisor))], layout)
    legend = _LEGEND if track.steps and not track.emulated else _LEGEND[:1]
    return Panel(title, note, f"{title}: {'; '.join(words[-24:])}", text, _HEIGHT, legend=legend)


def _levels(track: Track, divisor: float) -> list[dict[str, Any]]:
    """Return a line at the median of each segment; none where nothing changed."""
    if not track.steps:
        return []
    bounds = [0, *(step.first for step in track.steps), len(track.medians)]
    lines, before = [], None
    for start, end in pairwise(bounds):
        level = median(track.medians[start:end])
        higher = METRICS[track.metric].direction == "higher"
        worse = before is not None and not track.emulated and (level < before if higher else level > before)
        shade = GREY if track.emulated else VERMILION if worse else BLUE
        lines.append(
            {"type": "scatter", "mode": "lines", "x": [start - 0.5, end - 0.5], "y": [level / divisor] * 2,
             "line": {"color": shade, "width": 3}, "hoverinfo": "skip"}
        )  # fmt: skip
        before = level
    return lines


def _when(session: str) -> str:
    """Return a session's day where its name begins with one, else the beginning of the name."""
    day = session[:8]
    return f"{day[:4]}-{day[4:6]}-{day[6:]}" if day.isdigit() and len(day) == 8 else label(session, 12)
