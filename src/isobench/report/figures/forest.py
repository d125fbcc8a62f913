"""Forest plots: every throughput figure as a ratio to a reference, with its interval, on one logarithmic axis."""

from __future__ import annotations

import math
from typing import Any

from isobench.report.figures.look import (
    FOOT,
    HEAD,
    HEADING,
    LONG,
    Panel,
    Pick,
    Rows,
    as_json,
    colour,
    figure,
    height_of,
    level,
        row_axis,
    small,
)  # fmt: skip
from isobench.report.format import around, digits, label, times
from isobench.report.heat import references_of
from isobench.report.series import Data, Series
from isobench.stats import Ratio

_RATES = {
    "requests_per_second": "requests served", "transactions_per_second": "transactions",
    "cpu_events": "CPU, one thread", "cpu_events_all": "CPU, all threads", "compress_rate": "compression",
    "mem_copy": "memory copy", "mem_triad": "memory triad", "net_throughput_in": "network, in",
    "net_throughput_out": "network, out",
}  # fmt: skip
_LATENCIES = {
    "request_latency_p50": "p50 at a fixed rate",
    "request_latency_p99": "p99 at a fixed rate",
    "net_rr_latency_p50": "request and response", "mem_latency": "memory latency", "syscall_latency": "system call",
    "file_open_close": "open and close a file", "fork_exec": "fork and exec",
    "host_cpu_per_op": "host CPU an op",
}  # fmt: skip
_TICKS = (1, 2, 5)
_NEAR = (0.7, 0.8, 0.9, 0.95, 1, 1.05, 1.1, 1.25, 1.5)
"""Ticks for ratios that all lie near 1."""
_FEWEST_SPAN = 1.12
"""The axis reaches at least so far to both sides of 1, or noise would look like a difference."""

Entry = tuple[Series, Ratio]


def panels(data: Data) -> list[Panel]:
    """Return the forest of rates and that of latencies and costs; none where nothing can be set against another."""
    found = [
        _panel(data, "Rates against the reference", _RATES, "more is better"),
        _panel(data, "Latencies and costs against the reference", _LATENCIES, "less is better"),
    ]
    return [panel for panel in found if panel is not None]


def _panel(data: Data, title: str, metrics: dict[str, str], better: str) -> Panel | None:
    figures: dict[str, Any] = {}
    said, height, most = "", 0, 0
    for reference in references_of(data):
        entries = _entries(data, metrics, reference)
        if entries:
            drawn = _figure(data, entries, metrics, reference, better)
            figures[reference] = drawn
            height = max(height, drawn["layout"]["height"])
            most = max(most, len(entries))
            said = said or f"{title} ({reference}): " + "; ".join(
                f"{s.workload[:40]} on {s.target[:40]}, {metrics[s.metric.name]} {times(r)}" for s, r in entries[:24]
            )
    if not figures:
        return None
    note = "Ratio of medians with its 95 % interval; the line at 1 is the reference. "
    note += "Hollow: fewer than 6 samples, no interval."
    if data.emulated:
        note += " Emulated targets have no ratio."
    shown = {workload for drawn in figures.values() for _, workload, _ in drawn["rows"]}
    pick = Pick(tuple(sorted(shown))) if most > LONG and len(shown) > 1 else None
    whole = {"by": figures} | ({"pick": pick.first} if pick else {})
    return Panel(title, note, said, as_json(whole), height, wide=True, by_reference=True, pick=pick)


def _entries(data: Data, metrics: dict[str, str], reference: str) -> list[Entry]:
    series = [s for w in data.workloads for m in metrics for t in data.targets if (s := data.get(w, t, m))]
    return [(s, r) for s in series if (r := data.ratio(s, reference)) is not None and r.value > 0]


def _figure(data: Data, entries: list[Entry], metrics: dict[str, str], reference: str, better: str) -> dict[str, Any]:
    placed, headings = _rows(data, entries, metrics)
    ends = [end for _, r in entries for end in (r.value, r.low, r.high) if end is not None and end > 0]
    low, high = min(*ends, 1 / _FEWEST_SPAN), max(*ends, _FEWEST_SPAN)
    words = [(f"{digits(r.value)}×", around(r)) for _, r in entries]
    room = max(max(7.6 * len(ratio), 6.2 * len(beneath)) for ratio, beneath in words)
    height = height_of(placed)
    margin, pad = {"l": 8, "r": 18 + round(room), "t": HEAD, "b": FOOT, "pad": 4}, 0.04 * math.log10(high / low) + 0.01
    ticks = _ticks(low, high)
    notes = [
        {"xref": "paper", "x": 1, "xanchor": "left", "align": "left", "y": _at(placed, s), "showarrow": False,
         "xshift": 8, "font": {"size": 12}, "text": ratio + (f"<br>{small(beneath)}" if beneath else "")}
        for (s, _), (ratio, beneath) in zip(entries, words, strict=True)
    ]  # fmt: skip
    notes += [
        {"xref": "paper", "x": 0, "xanchor": "left", "y": y, "showarrow": False, "text": text} for y, text in headings
    ]
    axis = {
        "type": "log", "range": [math.log10(low) - pad, math.log10(high) + pad], "tickmode": "array", "tickvals": ticks,
        "ticktext": [f"{digits(tick)}×" for tick in ticks], "zeroline": False, "fixedrange": True,
        "title": {"text": f"× {label(reference, 20)}, log scale, {better}", "standoff": 8, "font": {"size": 12}},
    }  # fmt: skip
    layout = {"height": height, "margin": margin, "xaxis": axis, "yaxis": row_axis(placed), "annotations": notes,
              "shapes": [level(1)]}  # fmt: skip
    return figure([_point(data, placed, metrics, entry) for entry in entries], layout, placed)


def _rows(data: Data, entries: list[Entry], metrics: dict[str, str]) -> tuple[Rows, list[tuple[float, str]]]:
    """Return a row an entry under a heading for each workload and metric, and the headings with where they stand."""
    at: dict[tuple[str, str], float] = {}
    ticks, texts, keys, headings = [], [], [], []
    line, last = 0.0, ("", "")
    for series, _ in entries:
        head = (series.workload, series.metric.name)
        if head != last:
            line += 0.1 if line else 0
            headings.append((line, f"<b>{label(series.workload, 14)}</b>: {metrics[series.metric.name]}"))
            ticks.append(line)
            texts.append("")
            keys.append((data.workloads.index(series.workload), -1))
            line, last = line + HEADING, head
        at[series.workload + "\0" + series.metric.name, series.target] = line
        ticks.append(line)
        texts.append(label(series.target, 16))
        keys.append((data.workloads.index(series.workload), data.targets.index(series.target)))
        line += 1
    return Rows(at, ticks, texts, keys, line), headings


def _at(placed: Rows, series: Series) -> float:
    return placed.at[series.workload + "\0" + series.metric.name, series.target]


def _point(data: Data, placed: Rows, metrics: dict[str, str], entry: Entry) -> dict[str, Any]:
    series, ratio = entry
    shade = colour(data, series.target)
    sure = ratio.low is not None and ratio.high is not None
    told = f"{label(series.workload)} on {label(series.target)}, {metrics[series.metric.name]}: {times(ratio)}"
    found: dict[str, Any] = {
        "type": "scatter", "mode": "markers", "x": [ratio.value], "y": [_at(placed, series)], "hoverinfo": "text",
        "hovertext": [f"{told}<br>median {series.text}, n = {ratio.n} and {ratio.n_reference}"],
        "marker": {"color": shade, "size": 10, "symbol": "square" if sure else "square-open", "line": {"width": 2}},
    }  # fmt: skip
    if ratio.low is not None and ratio.high is not None:
        found["error_x"] = {"type": "data", "symmetric": False, "thickness": 2, "width": 5, "color": shade,
                            "array": [ratio.high - ratio.value], "arrayminus": [ratio.value - ratio.low]}  # fmt: skip
        found["marker"].pop("line")
    return found


def _ticks(low: float, high: float) -> list[float]:
    """Return ticks between two ratios: near 1 in per cents, farther in 1, 2, 5, farther still in powers of ten."""
    if low > 0.6 and high < 1.7:
        return [tick for tick in _NEAR if low * 0.98 <= tick <= high * 1.02]
    steps = _TICKS if high / low < 40 else (1,)
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    return [step * 10.0**power for power in powers for step in steps]
