"""The tables of the report as plain rows; the template only lays them out."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from isobench.metrics import METRICS
from isobench.report.format import around, digits
from isobench.report.headline import main_metric
from isobench.report.series import Data, Series

FAMILIES = ("startup", "memory", "disk", "throughput")
Pair = tuple[str, str]
"""A ratio and its interval, the latter empty where there is none."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A median ready to be read: ``around`` is the interval or range, ``kind`` which of the two it is."""

    text: str
    around: str
    kind: str
    n: int
    emulated: bool


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a family's table."""

    workload: str
    target: str
    metric: str
    figure: Figure
    docker: Pair
    native: Pair


@dataclass(frozen=True, slots=True)
class Overview:
    """A line of the overview: one cell with its four leading figures, None where there is none."""

    workload: str
    target: str
    emulated: bool
    ok: int
    left_out: str
    ready: Figure | None
    docker: Pair
    native: Pair
    memory: Figure | None
    disk: Figure | None
    rate_name: str
    rate: Figure | None


def figure(series: Series | None) -> Figure | None:
    """Return a series' median in words, None for None."""
    if series is None:
        return None
    kind = "95 % interval" if series.has_interval else "range"
    return Figure(series.text, series.around, kind, series.median.n, series.emulated)


def ratio_words(data: Data, series: Series | None, reference: str) -> Pair:
    """Return the ratio to a reference and its interval: a dash without one, ``emulated`` where it would mislead."""
    other = data.reference(series, reference) if series else None
    if series is None or other is None or other is series:
        return "–", ""
    if not (series.comparable and other.comparable):
        return "emulated", ""
    found = data.ratio(series, reference)
    return (f"{digits(found.value)}×", around(found)) if found else ("–", "")


def family_rows(data: Data, family: str) -> list[Row]:
    """Return a family's whole table."""
    rows = []
    for series in data.of_family(family):
        shown = figure(series)
        if shown is not None:
            docker, native = (ratio_words(data, series, name) for name in ("docker", "native"))
            rows.append(Row(series.workload, series.target, series.metric.name, shown, docker, native))
    return rows


def overview(data: Data) -> list[Overview]:
    """Return a line for each workload and target that has samples."""
    rows = []
    for workload in data.workloads:
        rate = main_metric(data, workload)
        for target in data.targets:
            outcomes = Counter(
                sample.outcome
                for sample in data.session.samples
                if sample.role == "measured" and sample.cell.workload == workload and data.target_of(sample) == target
            )
            if not outcomes:
                continue
            ready = data.get(workload, target, "time_to_ready")
            rows.append(
                Overview(
                    workload=workload,
                    target=target,
                    emulated=target in data.emulated,
                    ok=outcomes["ok"],
                    left_out=", ".join(f"{n} {outcome}" for outcome, n in outcomes.items() if outcome != "ok"),
                    ready=figure(ready),
                    docker=ratio_words(data, ready, "docker"),
                    native=ratio_words(data, ready, "native"),
                    memory=figure(data.get(workload, target, "host_pss_ready")),
                    disk=figure(data.get(workload, target, "instance_disk_done")),
                    rate_name=rate or "",
                    rate=figure(data.get(workload, target, rate)) if rate else None,
                )
            )
    return rows


def definitions(data: Data) -> list[dict[str, str]]:
    """Return what each metric of the session means, as the registry has it."""
    used = {name for _, _, name in data.series}
    return [
        {
            "name": metric.name,
            "unit": metric.unit,
            "scope": metric.scope,
            "instant": metric.instant,
            "direction": metric.direction,
            "definition": metric.definition,
            "source": metric.source,
        }
        for metric in METRICS.values()
        if metric.name in used
    ]
