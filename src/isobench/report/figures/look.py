"""What all figures share: colours, rows, layout. The page paints text and grid in the reader's theme."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import Any

from isobench.report.format import EQUAL, Scale, label
from isobench.report.series import Data, Series

# Okabe and Ito, Color Universal Design (2008): told apart with every common colour vision.
BLUE, ORANGE, GREEN, VERMILION = "#0072B2", "#E69F00", "#009E73", "#D55E00"
PURPLE, SKY, GREY = "#CC79A7", "#56B4E9", "#8A8F98"
_FIXED = {"native": GREEN, "docker": SKY, "vm-micro": VERMILION, "vm-q35": PURPLE}
# After Tol, Colour Schemes (2021), muted: where a session has more targets than those eight can tell apart.
OLIVE, MAGENTA, TEAL, ROSE = "#999933", "#AA4499", "#44AA99", "#CC6677"
# No palette tells more than a dozen apart for all eyes: the last eight differ at least, and names stand beside them.
_OTHERS = (ORANGE, BLUE, GREY, OLIVE, MAGENTA, TEAL, ROSE, "#8C564B", "#6A5ACD", "#6FA000", "#00A0C6", "#C1272D",
           "#B8860B", "#5F7A8A", "#E377C2")  # fmt: skip

ROW, HEAD, FOOT = 36, 6, 50
"""Pixels of a row, and of what stands above and below the rows."""
HEADING = 0.72
"""A workload's heading, in rows."""
BARE: dict[str, Any] = {
    "font": {"family": "system-ui, sans-serif", "size": 13}, "paper_bgcolor": "rgba(0,0,0,0)",
    "plot_bgcolor": "rgba(0,0,0,0)", "hoverlabel": {"align": "left"}, "showlegend": False,
}  # fmt: skip


LONG = 20
"""Rows beyond which a figure shows one workload at a time, at the reader's choice."""


@dataclass(frozen=True, slots=True)
class Pick:
    """The workloads that a long figure can show alone, by their places, and the one that it shows ``first``.

    -1 stands for all of them.
    """

    places: tuple[int, ...]
    first: int = -1


@dataclass(frozen=True, slots=True)
class Panel:
    """One figure with its words: ``label`` says in text what a reader who cannot see it should know.

    ``by_reference`` says that ``json`` holds a figure for each reference, ``folded`` that it is drawn only on demand.
    """

    title: str
    note: str
    label: str
    json: str
    height: int
    metric: str = ""
    legend: tuple[tuple[str, str], ...] = ()
    wide: bool = False
    by_reference: bool = False
    folded: bool = False
    pick: Pick | None = None


@dataclass(frozen=True, slots=True)
class Rows:
    """Where each (workload, target) stands on the y axis, with the labels; 0 is the uppermost row.

    ``keys`` tell of each label the places of its workload and target in the session's lists, -1 in a heading for the
    target: the page's filters go by them.
    """

    at: dict[tuple[str, str], float]
    ticks: list[float]
    texts: list[str]
    keys: list[tuple[int, int]]
    end: float


def colour(data: Data, target: str) -> str:
    """Return a target's colour, the same in every figure of the report."""
    return shade(data.targets, target)


def shade(targets: list[str], target: str) -> str:
    """Return the colour of one of these targets; isobench's own have the same everywhere."""
    name = target.partition(" [")[0]
    if name in _FIXED:
        return _FIXED[name]
    others = [t for t in targets if t.partition(" [")[0] not in _FIXED]
    return _OTHERS[others.index(target) % len(_OTHERS)]


def rows(data: Data, series: list[Series], beneath: dict[tuple[str, str], str] | None = None) -> Rows:
    """Return the rows of these series: by workload under a bold heading, unless there is only one workload.

    ``beneath`` says in a word or two what stands small under a row's target.
    """
    workloads = list(dict.fromkeys(entry.workload for entry in series))
    at: dict[tuple[str, str], float] = {}
    ticks: list[float] = []
    texts: list[str] = []
    keys: list[tuple[int, int]] = []
    line = 0.0
    for workload in workloads:
        place = data.workloads.index(workload)
        if len(workloads) > 1:
            line += 0.1 if line else 0
            ticks.append(line)
            texts.append(f"<b>{label(workload, 16)}</b>")
            keys.append((place, -1))
            line += HEADING
        for entry in series:
            if entry.workload == workload:
                at[workload, entry.target] = line
                ticks.append(line)
                texts.append(_named(data, entry.target, (beneath or {}).get((workload, entry.target), "")))
                keys.append((place, data.targets.index(entry.target)))
                line += 1
    return Rows(at, ticks, texts, keys, line)


def pick_of(data: Data, placed: Rows) -> Pick | None:
    """Return what a figure of more than ``LONG`` rows lets one pick: at first the workload of most targets."""
    counts = Counter(workload for workload, target in placed.keys if target >= 0)
    if counts.total() <= LONG or len(counts) == 1:
        return None
    return Pick(tuple(counts), max(counts, key=lambda place: (counts[place], data.workloads[place] == "redis")))


def height_of(placed: Rows, pick: Pick | None = None) -> int:
    """Return the pixels that a figure of these rows takes at first."""
    if pick is None or pick.first < 0:
        return round(HEAD + FOOT + ROW * placed.end)
    alone = sum(workload == pick.first and target >= 0 for workload, target in placed.keys)
    return round(HEAD + FOOT + ROW * (HEADING + alone))


def _named(data: Data, target: str, more: str) -> str:
    told = ", ".join(part for part in ("emulated" if target in data.emulated else "", label(more, 20)) if part)
    return label(target, 16) + ("<br>" + small(told) if told else "")


def small(text: str) -> str:
    """Return text for plotly in small letters."""
    return f'<span style="font-size:10.5px">{text}</span>'


def level(at: float) -> dict[str, Any]:
    """Return a dashed line upright at a value."""
    return {"type": "line", "yref": "paper", "x0": at, "x1": at, "y0": 0, "y1": 1, "layer": "below",
            "line": {"color": GREY, "width": 1.5, "dash": "dash"}}  # fmt: skip


def row_axis(placed: Rows) -> dict[str, Any]:
    """Return the y axis of rows, the first uppermost."""
    return {"tickmode": "array", "tickvals": placed.ticks, "ticktext": placed.texts, "zeroline": False,
            "range": [placed.end - 0.4, -0.6], "showgrid": False, "automargin": True, "fixedrange": True}  # fmt: skip


def written(
    traces: list[dict[str, Any]], layout: dict[str, Any], placed: Rows | None = None, pick: Pick | None = None
) -> str:
    """Return a figure as plotly's JSON, its numbers as precise as an eye can see.

    Beside ``data`` and ``layout`` stand its ``rows``, of each y, workload and target, what a height is made of, and the
    workload that it shows first where it has a ``pick``.
    """
    return as_json(figure(traces, layout, placed) | ({"pick": pick.first} if pick else {}))


def figure(traces: list[dict[str, Any]], layout: dict[str, Any], placed: Rows | None = None) -> dict[str, Any]:
    """Return what ``written`` writes."""
    whole: dict[str, Any] = {"data": traces, "layout": BARE | layout}
    if placed:
        whole["rows"] = [[y, *key] for y, key in zip(placed.ticks, placed.keys, strict=True)]
        whole |= {"row": ROW, "heading": HEADING, "around": HEAD + FOOT}
    return whole


def as_json(value: Any) -> str:
    """Return JSON whose numbers have six digits."""
    return json.dumps(_rounded(value), ensure_ascii=False, separators=(",", ":"))


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _rounded(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(inner) for inner in value]
    return float(f"{value:.6g}") if isinstance(value, float) else value


def drawing(
    traces: list[dict[str, Any]],
    placed: Rows,
    axis: dict[str, Any],
    series: list[Series],
    scale: Scale | None = None,
    pick: Pick | None = None,
    **layout: Any,
) -> tuple[str, int]:
    """Return the JSON and the first height of these traces over these rows.

    Each series' figures stand at the right edge, in the unit of ``scale`` (by default each in its own).
    """
    words = [(entry.write(entry.median.value, scale), entry.between(scale)) for entry in series]
    widest = max(max(7.4 * len(median), 6.2 * len(around)) for median, around in words)
    whole: dict[str, Any] = {
        "height": height_of(placed),
        "margin": {"l": 8, "r": min(16 + round(widest), 150), "t": HEAD, "b": FOOT, "pad": 4},
        "xaxis": axis,
        "yaxis": row_axis(placed),
        "annotations": [
            _figures(placed.at[entry.workload, entry.target], median, around, entry)
            for entry, (median, around) in zip(series, words, strict=True)
        ],
        **layout,
    }  # fmt: skip
    return written(traces, whole, placed, pick), height_of(placed, pick)


def _figures(row: float, median: str, around: str, entry: Series) -> dict[str, Any]:
    """Return a median with what lies around it beneath: an interval upright, a range in italics."""
    beneath = around if entry.has_interval else f"<i>{around}</i>"
    text = median + ("<br>" + small(beneath) if entry.median.n > 1 and around != EQUAL else "")
    return {"xref": "paper", "x": 1, "xanchor": "left", "align": "left", "y": row, "text": text, "showarrow": False,
            "xshift": 8, "font": {"size": 12}}  # fmt: skip
