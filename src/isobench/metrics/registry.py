"""All registered metrics, gathered from the four families."""

from __future__ import annotations

from isobench.errors import UsageError
from isobench.metrics.disk import DISK
from isobench.metrics.memory import MEMORY
from isobench.metrics.startup import STARTUP
from isobench.metrics.throughput import THROUGHPUT
from isobench.model.metric import Metric
from isobench.names import nearest

METRICS: dict[str, Metric] = {entry.name: entry for entry in (*STARTUP, *MEMORY, *DISK, *THROUGHPUT)}
"""Every metric by its name, in the order in which reports show them."""


def metric(name: str) -> Metric:
    """Return the metric of that name; raises UsageError naming the nearest one."""
    try:
        return METRICS[name]
    except KeyError:
        raise UsageError(f"no metric is called {name!r}", mend=nearest(name, METRICS)) from None
