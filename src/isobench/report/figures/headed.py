"""Rows under bold headings, with words at the right edge: for figures whose rows are no series of one session."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from isobench.report.figures.look import FOOT, HEAD, ROW, written
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
    traces: list[dict[str, Any]], rows: Headed, texts: Sequence[tuple[str, str]], axis: dict[str, Any], **more: Any
) -> tuple[str, int]:
    """Return JSON and height of these traces; each row's two ``texts`` stand at the right edge, one below the other."""
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
    return written(traces, layout), height


def _small(text: str) -> str:
    return f'<span style="font-size:10.5px">{text}</span>'
