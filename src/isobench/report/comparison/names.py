"""What a reader of a page can hide: workloads, targets and families of metrics, each known to the page by its place."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from isobench.metrics import METRICS
from isobench.model import Cell
from isobench.report.series import STUDIED
from isobench.report.tables import FAMILIES

FIRST = ("native", "docker")
"""Targets that stand before all others."""


@dataclass(frozen=True, slots=True)
class Names:
    """The names of each kind in the order of the menu; a target is called as in the plan, whatever study ran on it."""

    workloads: tuple[str, ...]
    targets: tuple[str, ...]
    families: tuple[str, ...]

    @property
    def groups(self) -> list[tuple[str, str, tuple[str, ...]]]:
        """The menu: each kind's key in the address, its title, its names."""
        return [("w", "Workloads", self.workloads), ("t", "Targets", self.targets), ("f", "Families", self.families)]

    def places(self, cell: Cell, metric: str) -> tuple[int, int, int]:
        """Return the places of a series' workload, target and family; -1 for that of an unknown metric."""
        family = self.families.index(METRICS[metric].family) if metric in METRICS else -1
        return self.workloads.index(cell.workload), self.targets.index(cell.target), family


def names_of(series: Iterable[tuple[Cell, str]]) -> Names:
    """Return the names that these series, of cell and metric, have."""
    found = list(series)
    targets = {cell.target for cell, _ in found}
    families = {METRICS[metric].family for _, metric in found if metric in METRICS}
    return Names(
        tuple(sorted({cell.workload for cell, _ in found})),
        (*(name for name in FIRST if name in targets), *sorted(targets.difference(FIRST))),
        tuple(name for name in (*FAMILIES, *STUDIED) if name in families),
    )
