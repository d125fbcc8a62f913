"""The tables of the report as plain rows; the template only lays them out."""

from __future__ import annotations

from dataclasses import dataclass

from isobench.metrics import METRICS
from isobench.report.format import human, span, times
from isobench.report.headline import main_metric
from isobench.report.series import Data, Series

FAMILIES = ("startup", "memory", "disk", "throughput")


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
    docker: str
    native: str


@dataclass(frozen=True, slots=True)
class Overview:
    """A line of the overview: one cell with its four leading figures, None where there is none."""

    workload: str
    target: str
    emulated: bool
    ok: int
    bad: int
    ready: Figure | None
    ratio: str
    memory: Figure | None
    disk: Figure | None
    rate_name: str
    rate: Figure | None


def figure(series: Series | None) -> Figure | None:
    """Return a series' median in words, None for None."""
    if series is None:
        return None
    middle, unit = series.median, series.metric.unit
    if middle.low is not None and middle.high is not None:
        around, kind = span(middle.low, middle.high, unit), "interval"
    else:
        around, kind = span(middle.smallest, middle.largest, unit), "range"
    return Figure(human(middle.value, unit), around if middle.n > 1 else "–", kind, middle.n, series.emulated)


def ratio_text(data: Data, series: Series, reference: str) -> str:
    """Return the ratio to a reference in words: a dash without one, ``emulated`` where it would mislead."""
    other = data.reference(series, reference)
    if other is None or other is series:
        return "–"
    if not (series.comparable and other.comparable):
        return "emulated"
    found = data.ratio(series, reference)
    return times(found) if found else "–"


def family_rows(data: Data, family: str) -> list[Row]:
    """Return a family's whole table."""
    rows = []
    for series in data.of_family(family):
        shown = figure(series)
        if shown is not None:
            docker, native = (ratio_text(data, series, name) for name in ("docker", "native"))
            rows.append(Row(series.workload, series.target, series.metric.name, shown, docker, native))
    return rows


def overview(data: Data) -> list[Overview]:
    """Return a line for each workload and target that has samples."""
    rows = []
    for workload in data.workloads:
        rate = main_metric(data, workload)
        for target in data.targets:
            outcomes = [
                sample.outcome == "ok"
                for sample in data.session.samples
                if sample.role == "measured" and sample.cell.workload == workload and data.target_of(sample) == target
            ]
            if not outcomes:
                continue
            ready = data.get(workload, target, "time_to_ready")
            rows.append(
                Overview(
                    workload=workload,
                    target=target,
                    emulated=target in data.emulated,
                    ok=sum(outcomes),
                    bad=len(outcomes) - sum(outcomes),
                    ready=figure(ready),
                    ratio=ratio_text(data, ready, "docker") if ready else "–",
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
