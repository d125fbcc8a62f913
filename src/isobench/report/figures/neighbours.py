"""How much a neighbour on the same host slows a workload down, by what the neighbour does."""

from __future__ import annotations

from isobench.metrics.isolation import HOGS
from isobench.report.figures.dots import dots
from isobench.report.figures.look import Panel
from isobench.report.series import Data

_NAMES = {"cpu": "that computes", "memory": "that writes memory", "disk": "that writes to disk", "fork": "that forks"}


def panels(data: Data) -> list[Panel]:
    """Return a panel a neighbour."""
    note = "Alone over beside it: 1, the dashed line, is no slow-down; 2 is half as much done."
    titles = {hog: f"Beside a neighbour {_NAMES.get(hog, hog)}" for hog in HOGS}
    found = [dots(data, f"neighbour_slowdown_{hog}", title, note, at=1.0) for hog, title in titles.items()]
    return [panel for panel in found if panel is not None]
