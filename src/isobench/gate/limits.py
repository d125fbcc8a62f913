"""What change of a series counts: the registry's smallest relevant effect and floor, or what isobench.toml says.

    [[gate]]
    series = "redis@docker *"      # a pattern of "workload@target metric"
    relevant_effect = 0.10         # of one
    floor = 0.02                   # in the metric's unit

The last entry that matches a series and has a key decides that key.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from isobench.errors import UsageError
from isobench.metrics import METRICS
from isobench.model import Cell, Metric
from isobench.plain import plain
from isobench.toml_file import read_toml

FILE = "isobench.toml"
_KEYS = ("relevant_effect", "floor")


@dataclass(frozen=True, slots=True)
class Limits:
    """Which way is better (``higher`` or ``lower``), the smallest relevant effect (of one) and the floor (unit)."""

    direction: str
    relevant_effect: float
    floor: float

    @classmethod
    def of(cls, metric: Metric) -> Limits:
        """Return the registry's limits."""
        return cls(metric.direction, metric.relevant_effect, metric.floor)

    def bound(self, before: float) -> float:
        """Return the smallest change that counts, in the unit: the larger of effect and floor."""
        return max(self.relevant_effect * abs(before), self.floor)


@dataclass(frozen=True, slots=True)
class Override:
    """One entry of isobench.toml."""

    series: str
    relevant_effect: float | None = None
    floor: float | None = None


def limits_of(cell: Cell, metric: Metric, overrides: Sequence[Override] = ()) -> Limits:
    """Return what counts for a series: the registry's limits with what the overrides say of it."""
    found, name = Limits.of(metric), f"{cell} {metric.name}"
    for one in overrides:
        if fnmatchcase(name, one.series):
            said = {key: getattr(one, key) for key in _KEYS if getattr(one, key) is not None}
            found = replace(found, **said)
    return found


def read_overrides(file: Path | None) -> tuple[Override, ...]:
    """Return the overrides of a file; of isobench.toml in the current folder, where there is one, for None.

    Raises UsageError on an entry that cannot be, naming it.
    """
    if file is None:
        file = Path(FILE)
        if not file.is_file():
            return ()
    entries = read_toml(file).get("gate", [])
    if not isinstance(entries, list):
        raise UsageError("gate is no list of tables", where=str(file), mend="write [[gate]]")
    return tuple(_override(entry, f"{file}: gate {number}") for number, entry in enumerate(entries, start=1))


def _override(entry: Any, where: str) -> Override:
    if not isinstance(entry, dict) or not isinstance(entry.get("series"), str):
        raise UsageError("has no series", where=where, mend='write series = "workload@target metric", with * for any')
    if unknown := sorted(set(entry) - {"series", *_KEYS}):
        raise UsageError(f"has unknown keys: {plain(', '.join(unknown))}", where=where, mend=f"use {', '.join(_KEYS)}")
    for key in _KEYS:
        value = entry.get(key, 0.0)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < float("inf"):
            raise UsageError(f"{key} is no number from 0 up", where=where, mend=f"write {key} = 0.05")
    wanted = entry["series"].rpartition(" ")[2]
    matching = [metric for metric in METRICS.values() if fnmatchcase(metric.name, wanted)]
    if matching and all(metric.direction == "neutral" for metric in matching):
        raise UsageError(f"{plain(wanted)} has no direction: neither way is better, so no gate judges it", where=where,
                         mend="remove the entry")  # fmt: skip
    if not matching:
        raise UsageError(f"{plain(entry['series'])!r} can match no series", where=where,
                         mend="end it in a metric (`isobench list metrics`) or *")  # fmt: skip
    return Override(entry["series"], *(float(entry[key]) if key in entry else None for key in _KEYS))
