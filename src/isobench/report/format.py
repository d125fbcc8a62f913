"""Numbers with units fit for people, at most three significant digits."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from isobench.stats import Ratio

_TIME = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns"))
_BYTES = ((1 << 40, "TiB"), (1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB"), (1, "B"))
_BYTE_RATE = tuple((size, f"{name}/s") for size, name in _BYTES)
_RATE = ((1e9, "G ops/s"), (1e6, "M ops/s"), (1e3, "k ops/s"), (1.0, "ops/s"))
_SCALES: dict[str, tuple[tuple[float, str], ...]] = {
    "s": _TIME, "B": _BYTES, "B/s": _BYTE_RATE, "1/s": _RATE, "1": ((1.0, ""),),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Scale:
    """One unit for a whole axis: divide by ``divisor`` and call it ``unit``."""

    divisor: float
    unit: str


def scale_for(values: Iterable[float], unit: str) -> Scale:
    """Return the unit in which the largest of the values is a number from 1 to 1000."""
    largest = max((abs(v) for v in values if math.isfinite(v)), default=0.0)
    scales = _SCALES.get(unit, ((1.0, unit),))
    for divisor, name in scales:
        if largest >= divisor:
            return Scale(float(divisor), name)
    divisor, name = scales[0] if largest == 0 and unit == "s" else scales[-1]
    return Scale(float(divisor), name)


def digits(value: float) -> str:
    """Return a number with three significant digits, without an exponent where people can do without."""
    if not math.isfinite(value):
        return "–"
    if value == 0:
        return "0"
    places = 2 - math.floor(math.log10(abs(value)))
    rounded = round(value, places)
    if abs(rounded) >= 1e7 or abs(rounded) < 1e-4:
        return f"{rounded:.2e}"
    if places <= 0:
        return f"{rounded:,.0f}".replace(",", " ")
    return f"{rounded:.{places}f}".rstrip("0").rstrip(".")


def human(value: float, unit: str) -> str:
    """Return a value of the registry's SI unit as a person would write it: ``0.0123 s`` is ``12.3 ms``."""
    scale = scale_for([value], unit)
    return f"{digits(value / scale.divisor)} {scale.unit}".rstrip()


def span(low: float, high: float, unit: str) -> str:
    """Return a range in one unit: ``8.7–9.6 ms``."""
    scale = scale_for([low, high], unit)
    return f"{digits(low / scale.divisor)}–{digits(high / scale.divisor)} {scale.unit}".rstrip()


def times(ratio: Ratio) -> str:
    """Return a ratio with its interval where there is one: ``9.1× (8.7–9.6)``."""
    if ratio.low is None or ratio.high is None:
        return f"{digits(ratio.value)}×"
    return f"{digits(ratio.value)}× ({digits(ratio.low)}–{digits(ratio.high)})"


def short(name: str, most: int = 24) -> str:
    """Return a name fit for a label: no control or direction marks, cut with an ellipsis where it is long."""
    clean = "".join(c for c in name if unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Zl", "Zp"))
    return clean if len(clean) <= most else clean[: most - 1] + "…"


def label(name: str, most: int = 24) -> str:
    """Return a name as text for plotly, which would read tags in it as its own mark-up."""
    return short(name, most).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
