"""All registered metrics: isobench's own families, and what other packages register.

A package adds its own as an entry point of the group ``isobench.metrics``, whose object is a ``Metric``. A
``workload.toml`` then names the metric and how it is read.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib.metadata import EntryPoint, entry_points

from isobench.errors import UsageError
from isobench.metrics.density import DENSITY
from isobench.metrics.disk import DISK
from isobench.metrics.isolation import ISOLATION
from isobench.metrics.life import LIFE
from isobench.metrics.memory import MEMORY
from isobench.metrics.startup import STARTUP
from isobench.metrics.throughput import THROUGHPUT
from isobench.model.metric import Metric
from isobench.names import nearest
from isobench.plugins import loaded, refused

GROUP = "isobench.metrics"


def registered(points: Iterable[EntryPoint]) -> dict[str, Metric]:
    """Return isobench's own metrics, then those of the entry points, by name.

    Raises HarnessError, naming the package, where one does not load, is no metric or has the name of another.
    """
    found = {entry.name: entry for entry in (*STARTUP, *MEMORY, *DISK, *THROUGHPUT, *LIFE, *DENSITY, *ISOLATION)}
    for point, added in loaded(points, "metric"):
        if not isinstance(added, Metric):
            raise refused(point, "metric", f"it is {type(added).__name__}, not Metric")
        if added.name in found:
            raise refused(point, "metric", f"there is a metric {added.name} already")
        found[added.name] = added
    return found


METRICS: dict[str, Metric] = registered(entry_points(group=GROUP))
"""Every metric by its name, in the order in which reports show them."""


def metric(name: str) -> Metric:
    """Return the metric of that name; raises UsageError naming the nearest one."""
    try:
        return METRICS[name]
    except KeyError:
        raise UsageError(f"no metric is called {name!r}", mend=nearest(name, METRICS)) from None
