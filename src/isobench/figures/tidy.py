"""From the tidy frame to series: one (session, workload, target, metric) with the values that count."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from isobench.metrics import METRICS
from isobench.model import Metric
from isobench.stats import Median, median

if TYPE_CHECKING:
    import pandas as pd

NEEDED = ("session", "workload", "target", "params", "left_out", "metric", "value", "family", "acceleration")
"""The columns that the figures read."""
_FIRST = ("native", "docker")
_STUDY = ",study="


@dataclass(frozen=True, slots=True)
class Taken:
    """One series: ``row`` names it for the reader, ``values`` are in the metric's unit, in their order."""

    row: str
    workload: str
    target: str
    metric: Metric
    values: tuple[float, ...]
    emulated: bool
    median: Median


def series_of(frame: pd.DataFrame, family: str) -> list[Taken]:
    """Return a family's series by workload, then target; raises ValueError on a frame without ``NEEDED`` columns."""
    lacking = [name for name in NEEDED if name not in frame.columns]
    if lacking:
        raise ValueError(f"this is no frame of isobench.load(): it lacks {', '.join(lacking)}")
    counts = frame[
        (frame["left_out"] == "")
        & (frame["family"] == family)
        & frame["metric"].isin(list(METRICS))
        & ~frame["params"].str.contains(_STUDY, regex=False)
        & frame["value"].notna()
    ]
    several = [name for name in ("session", "params") if counts[name].nunique() > 1]
    keys = ["session", "workload", "target", "params", "metric"]
    found = [
        _one(dict(zip(keys, map(str, key), strict=True)), group, several)
        for key, group in counts.groupby(keys, sort=False)
    ]
    places = {name: place for place, name in enumerate(METRICS)}
    return sorted(found, key=lambda one: (places[one.metric.name], one.workload, _rank(one.target), one.row))


def _one(key: dict[str, str], group: pd.DataFrame, several: list[str]) -> Taken:
    values = tuple(map(float, group["value"]))
    named = ", ".join([key["target"], *(key[name] for name in several)])
    emulated = bool((group["acceleration"] == "tcg").any())
    return Taken(named, key["workload"], key["target"], METRICS[key["metric"]], values, emulated, median(values))


def _rank(target: str) -> tuple[int, str]:
    return (_FIRST.index(target) if target in _FIRST else len(_FIRST)), target
