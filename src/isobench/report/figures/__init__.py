"""The figures: one module a family, each from a session's series to plotly figures."""

from __future__ import annotations

from isobench.report.figures import disk, memory, startup, throughput
from isobench.report.figures.look import Panel
from isobench.report.series import Data

__all__ = ["Panel", "panels"]


def panels(data: Data) -> dict[str, list[Panel]]:
    """Return every family's panels; a family without figures has none."""
    return {
        "startup": startup.panels(data),
        "memory": memory.panels(data),
        "disk": disk.panels(data),
        "throughput": throughput.panels(data),
    }
