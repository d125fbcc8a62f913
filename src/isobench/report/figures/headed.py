"""Rows under bold headings, with words at the right edge: for figures whose rows are no series of one session."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from isobench.report.figures.look import FOOT, HEAD, ROW, as_json, figure
from isobench.report.format import label

_HEADING = 0.8
"""A heading, in rows."""
_WIDEST = 170
"""Pixels that the words at the right edge get at most."""


@dataclass(frozen=True, slots=True)
class Headed:
    """Where each row stands, 0 uppermost, its tick, the headings as plotly's annotations, and where the rows end."""

    at: list[float]
    ticks: list[str]
    headings: list[dict[str, Any]]
    end: float


def headed(groups: Sequence[tuple[str, Sequence[str]]]) -> Headed:
    """Return the places of groups of ticks, each below its heading; an empty heading takes no room."""
    at: list[float] = []
    ticks: list[str] = []
    headings: list[dict[str, Any]] = []
    line = 0.0
    for title, names in groups:
        if title:
            headings.append(
                {"xref": "paper", "x": 0, "xanchor": "left", "y": line, "text": f"<b>{label(title, 40)}</b>",
                 "showarrow": False, "font": {"size": 13}}
            )  # fmt: skip
            line += _HEADING
        for name in names:
            at.append(line)
            ticks.append(name)
            line += 1
    return Headed(at, ticks, headings, line)


def tick(name: str, remark: str = "") -> str:
    """Return a row's name, with a remark beneath it in small letters."""
    return label(name, 26) + (f"<br>{_small(label(remark, 26))}" if remark else "")


def drawn(
    traces: list[dict[str, Any]], rows: Headed, texts: Sequence[tuple[str, str]], axis: dict[str, Any],
    keys: Sequence[tuple[int, int, int]] = (), **more: Any,
) -> tuple[str, int]:  # fmt: skip
    """Return JSON and height of these traces; each row's two ``texts`` stand at the right edge, one below the other.

    ``keys`` tell of each row the places of its workload, target and family in the page's lists: its filter goes by
    them. Without them all rows stay.
    """
    height = round(HEAD + FOOT + ROW * rows.end)
    widest = max((max(7.4 * len(first), 6.2 * len(second)) for first, second in texts), default=0)
    beside = [
        {"xref": "paper", "x": 1, "xanchor": "left", "align": "left", "xshift": 8, "y": place, "showarrow": False,
         "text": first + (f"<br>{_small(second)}" if second else ""), "font": {"size": 12}}
        for place, (first, second) in zip(rows.at, texts, strict=True)
    ]  # fmt: skip
    layout = {
        "height": height, "margin": {"l": 8, "r": min(16 + round(widest), _WIDEST), "t": HEAD, "b": FOOT, "pad": 4},
        "xaxis": axis, "annotations": [*rows.headings, *beside],
        "yaxis": {"tickmode": "array", "tickvals": rows.at, "ticktext": rows.ticks, "zeroline": False,
                  "showgrid": False, "range": [rows.end - 0.4, -0.6], "automargin": True, "fixedrange": True},
        **more,
    }  # fmt: skip
    return as_json(figure(traces, layout) | (_moving(rows, keys) if keys else {})), height


def _moving(rows: Headed, keys: Sequence[tuple[int, int, int]]) -> dict[str, Any]:
    """Return what the page's script moves rows by, see ``look.written``; a heading has no target."""
    headings = [(heading["y"], -1, -1) for heading in rows.headings]
    own = [(y, *key) for y, key in zip(rows.at, keys, strict=True)]
    return {
        "rows": sorted([*headings, *own], key=itemgetter(0)),
        "row": ROW,
        "heading": _HEADING,
        "around": HEAD + FOOT,
    }


def _small(text: str) -> str:
    return f'<span style="font-size:10.5px">{text}</span>'
