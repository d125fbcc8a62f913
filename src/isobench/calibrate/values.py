"""A session as a gate sees it: the values that count, by series."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from isobench.metrics import METRICS
from isobench.stats.values import Values, checked
from isobench.store.frame import frame
from isobench.store.reader import SessionRecord


class SeriesKey(NamedTuple):
    """One (workload, target, metric)."""

    workload: str
    target: str
    metric: str


SessionValues = Mapping[SeriesKey, Values]
"""One session's values in the metric's unit, in the order in which they were measured."""


def values_of(session: SessionRecord) -> dict[SeriesKey, Values]:
    """Return the values of the registered metrics over the samples that summaries count."""
    table = frame(session)
    counted = table[(table["left_out"] == "") & table["metric"].isin(list(METRICS))]
    groups = counted.groupby(["workload", "target", "metric"], sort=False)["value"]
    return {SeriesKey(*map(str, key)): checked(group) for key, group in groups if isinstance(key, tuple)}
