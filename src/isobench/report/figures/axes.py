"""The x axes of figures: linear from zero, or logarithmic with ticks that have units fit for people."""

from __future__ import annotations

import math
from typing import Any

from isobench.report.format import Scale, decades, digits, human


def linear(scale: Scale, better: str) -> dict[str, Any]:
    """Return an x axis that begins at zero."""
    return _axis(scale.unit, better) | {"rangemode": "tozero", "zeroline": True, "nticks": 6}


def logarithmic(scale: Scale, better: str, values: list[float], unit: str = "", count: str = "ops") -> dict[str, Any]:
    """Return a logarithmic x axis with ticks at 1, 10, 100, and between them where there is room.

    With a ``unit`` of the registry each tick has the unit fit for it: 10 ms, 100 ms, 1 s.
    """
    low, high = math.log10(min(values)), math.log10(max(values))
    steps = (1.0, 3.0) if high - low < 2.5 else (1.0,)
    if unit:
        found = decades(10 ** (low - 0.12) * scale.divisor, 10 ** (high + 0.12) * scale.divisor, unit, count, steps)
        ticks = [(value / scale.divisor, human(value, unit, count)) for value in found]
    else:
        powers = range(math.floor(low), math.ceil(high) + 1)
        ticks = [(tick, digits(tick)) for power in powers for step in steps if (tick := step * 10.0**power)]
    return _axis("" if unit else scale.unit, "log scale" + (", " + better if better else "")) | {
        "type": "log", "range": [low - 0.12, high + 0.12], "tickmode": "array", "tickvals": [at for at, _ in ticks],
        "ticktext": [text for _, text in ticks], "zeroline": False,
    }  # fmt: skip


def _axis(unit: str, words: str) -> dict[str, Any]:
    title = ", ".join(part for part in (unit, words) if part)
    return {"title": {"text": title, "standoff": 8, "font": {"size": 12}}, "fixedrange": True}
