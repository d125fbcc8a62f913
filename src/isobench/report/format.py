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
_RATE = ((1e9, "G"), (1e6, "M"), (1e3, "k"), (1.0, ""))
_SCALES: dict[str, tuple[tuple[float, str], ...]] = {
    "s": _TIME, "B": _BYTES, "B/s": _BYTE_RATE, "1": ((1.0, ""),),
}  # fmt: skip
_COUNTED = {
    "requests_per_second": "req", "cpu_events": "events", "cpu_events_all": "events", "rand_read_iops": "IO",
    "rand_write_iops": "IO", "transactions_per_second": "tx", "starts_per_second": "starts",
}  # fmt: skip
EQUAL = "all equal"
"""What stands where an interval or a range would be, had the values differed."""


@dataclass(frozen=True, slots=True)
class Scale:
    """One unit for a whole axis: divide by ``divisor`` and call it ``unit``."""

    divisor: float
    unit: str


def counted(metric: str) -> str:
    """Return what a metric of unit ``1/s`` counts: ``req``, ``events`` …"""
    return _COUNTED.get(metric, "ops")


def scale_for(values: Iterable[float], unit: str, count: str = "ops") -> Scale:
    """Return the unit in which the largest of the values is a number from 1 to 1000; ``count`` is what 1/s counts."""
    largest = max((abs(v) for v in values if math.isfinite(v)), default=0.0)
    scales = _scales(unit, count)
    # What would be written as four digits takes the next unit: 0.9995 s is 1 s, 1000 MiB is 0.977 GiB.
    enough = 0.9765 if unit.startswith("B") else 0.9995
    for divisor, name in scales:
        if largest >= enough * divisor:
            return Scale(float(divisor), name)
    divisor, name = scales[0] if largest == 0 and unit == "s" else scales[-1]
    return Scale(float(divisor), name)


def decades(low: float, high: float, unit: str, count: str = "ops", steps: Iterable[float] = (1.0,)) -> list[float]:
    """Return the round values between two, each round in the unit fit for it: 10 KiB, 100 KiB, 1 MiB, 10 MiB."""
    scales = _scales(unit, count)
    tens = [(divisor, power) for divisor, _ in scales for power in (1.0, 10.0, 100.0)]
    tens += [(scales[0][0], 10.0**power) for power in range(3, 9)]
    found = {divisor * power * step for divisor, power in tens for step in steps}
    return sorted(value for value in found if low <= value <= high)


def _scales(unit: str, count: str) -> tuple[tuple[float, str], ...]:
    """Return the divisors of a unit with their names, the largest first; ``count`` is what 1/s counts."""
    rates = tuple((divisor, f"{prefix} {count}/s".lstrip()) for divisor, prefix in _RATE)
    return rates if unit == "1/s" else _SCALES.get(unit, ((1.0, unit),))


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


def human(value: float, unit: str, count: str = "ops", scale: Scale | None = None) -> str:
    """Return a value of the registry's SI unit as a person would write it: ``0.0123 s`` is ``12.3 ms``."""
    scale = scale or scale_for([value], unit, count)
    return f"{digits(value / scale.divisor)} {scale.unit}".rstrip()


def span(low: float, high: float, unit: str, count: str = "ops", scale: Scale | None = None) -> str:
    """Return a range in one unit: ``8.7–9.6 ms``; in words where three digits cannot tell its ends apart."""
    if low == high:
        return EQUAL
    scale = scale or scale_for([low, high], unit, count)
    first, last = digits(low / scale.divisor), digits(high / scale.divisor)
    return "within 1 %" if first == last else f"{first}–{last} {scale.unit}".rstrip()


def between(low: float, high: float, unit: str) -> str:
    """Return an interval's ends without words, in one unit: ``8.7–9.6 ms``."""
    scale = scale_for([low, high], unit)
    return f"{digits(low / scale.divisor)}–{digits(high / scale.divisor)} {scale.unit}".rstrip()


def percent(share: float) -> str:
    """Return a share of one in per cent: ``25.1 %``; what is less than a tenth is said to be so."""
    return "< 0.1 %" if 0 < share < 0.0005 else f"{100 * share:.1f} %"


def around(ratio: Ratio) -> str:
    """Return a ratio's interval, empty where there is none."""
    if ratio.low is None or ratio.high is None:
        return ""
    first, last = digits(ratio.low), digits(ratio.high)
    return "within 1 %" if first == last else f"{first}–{last}"


def times(ratio: Ratio) -> str:
    """Return a ratio with its interval where there is one: ``9.1× (8.7–9.6)``."""
    interval = around(ratio)
    return f"{digits(ratio.value)}×" + (f" ({interval})" if interval else "")


def short(name: str, most: int = 24) -> str:
    """Return a name fit for a label: no control or direction marks, cut with an ellipsis where it is long."""
    clean = "".join(c for c in name if unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Zl", "Zp"))
    return clean if len(clean) <= most else clean[: most - 1] + "…"


def label(name: str, most: int = 24) -> str:
    """Return a name as text for plotly, which would read tags in it as its own mark-up."""
    return short(name, most).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
