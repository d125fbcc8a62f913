"""What others published, with its sources, and which of isobench's figures each may stand beside.

``published.csv`` holds the figures as they were published; ``published.toml`` is the mapping, one table for each
(work, metric). Both are data of the package: a figure more needs no code (docs/literature.md).
"""

from __future__ import annotations

import csv
import tomllib
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

NONE = "none"
"""What stands in the mapping for a target that isobench does not have."""
_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Published:
    """One published figure: a line of ``published.csv``, as its source has it, in ``unit``."""

    work: str
    year: str
    metric: str
    target: str
    value: float
    unit: str
    hardware: str
    method: str
    source: str

    @property
    def by(self) -> str:
        """Whose figure it is, with the year where it is known."""
        return f"{self.work}, {self.year}" if self.year else self.work


@dataclass(frozen=True, slots=True)
class Mapped:
    """What one (work, metric) may stand beside.

    ``own`` is isobench's metric of ``workload``, empty where it has none; ``targets`` leads from a published target to
    isobench's, or to ``none``, for the reason in the field ``none``. ``reference`` is the published target that the
    others are divided by, empty where no row is of the same hardware. ``inverse``: published as a rate, here a time.
    """

    work: str
    metric: str
    called: str
    targets: dict[str, str]
    workload: str = ""
    own: str = ""
    reference: str = ""
    inverse: bool = False
    differs: str = ""
    none: str = ""
    rows: tuple[Published, ...] = field(default=(), compare=False)

    @property
    def published(self) -> dict[str, Published]:
        """The rows by their targets, as published."""
        return {row.target: row for row in self.rows}

    @property
    def hardware(self) -> str:
        """The hardware of the rows."""
        return "; ".join(dict.fromkeys(row.hardware for row in self.rows))

    @property
    def method(self) -> str:
        """How the rows were measured."""
        return "; ".join(dict.fromkeys(row.method for row in self.rows))

    def ratio(self, target: str) -> float:
        """Return a published target's figure over the reference's of the same hardware, a rate's inverse where asked.

        Raises KeyError for a target without a row, or where there is no reference.
        """
        one, reference = self.published[target], self.published[self.reference]
        return reference.value / one.value if self.inverse else one.value / reference.value


@cache
def published() -> tuple[Published, ...]:
    """Return all published figures, in the order of the file."""
    with (_HERE / "published.csv").open(encoding="utf-8", newline="") as file:
        return tuple(Published(value=float(row.pop("value")), **row) for row in csv.DictReader(file))


@cache
def mapped() -> tuple[Mapped, ...]:
    """Return the mapping with each one's rows, in the order of the file."""
    tables = tomllib.loads((_HERE / "published.toml").read_text(encoding="utf-8"))["figure"]
    return tuple(
        Mapped(**table, rows=tuple(r for r in published() if (r.work, r.metric) == (table["work"], table["metric"])))
        for table in tables
    )
