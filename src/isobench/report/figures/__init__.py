"""The figures: one module a family, each from a session's series to plotly figures."""

from __future__ import annotations

from isobench.report.figures import density, disk, ecdf, forest, life, memory, neighbours, startup, throughput
from isobench.report.figures.look import Panel
from isobench.report.series import Data

__all__ = ["Panel", "panels"]


def panels(data: Data) -> dict[str, list[Panel]]:
    """Return every family's panels; a family without figures has none."""
    return {
        "startup": [*startup.panels(data), *ecdf.panels(data)],
        "memory": memory.panels(data),
        "disk": disk.panels(data),
        "throughput": [*forest.panels(data), *throughput.panels(data)],
        "life": life.panels(data),
        "density": density.panels(data),
        "isolation": neighbours.panels(data),
    }
