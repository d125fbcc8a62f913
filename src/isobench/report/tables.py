"""The tables of the report as plain rows; the template only lays them out."""

from __future__ import annotations

from dataclasses import dataclass

from isobench.metrics import METRICS
from isobench.model import JOB, Metric
from isobench.report.format import around, digits, short
from isobench.report.headline import main_metric
from isobench.report.meta import mapping
from isobench.report.series import Data, Series
from isobench.report.trust import left_out

FAMILIES = ("startup", "memory", "disk", "throughput")
FEW = 3
"""Samples below which a cell is marked: a median of two is their mean."""
Pair = tuple[str, str]
"""A ratio and what stands beneath it: its interval, and the number of common blocks where some are not common."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A median ready to be read: ``around`` is the interval or range, ``kind`` which of the two it is.

    ``outliers`` counts them by class, empty without any.
    """

    text: str
    around: str
    kind: str
    n: int
    emulated: bool
    outliers: str


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a family's table."""

    workload: str
    target: str
    metric: str
    figure: Figure
    on_width: bool
    docker: Pair
    native: Pair


@dataclass(frozen=True, slots=True)
class Overview:
    """A line of the overview: one cell with its four leading figures, None where there is none.

    ``counted`` is how many of its measured samples count, ``left_out`` why the others do not.
    """

    workload: str
    target: str
    emulated: bool
    counted: int
    left_out: str
    on_width: bool
    ready: Figure | None
    docker: Pair
    native: Pair
    memory: Figure | None
    disk: Figure | None
    rate_name: str
    rate: Figure | None

    @property
    def few(self) -> bool:
        """Whether fewer than ``FEW`` of its samples count."""
        return self.counted < FEW


def figure(series: Series | None) -> Figure | None:
    """Return a series' median in words, None for None."""
    if series is None:
        return None
    kind = "95 % interval" if series.has_interval else "range"
    outliers = ", ".join(f"{n} {name}" for name in ("mild", "severe") if (n := series.outliers.count(name)))
    return Figure(series.text, series.around, kind, series.median.n, series.emulated, outliers)


def ratio_words(data: Data, series: Series | None, reference: str) -> Pair:
    """Return the ratio to a reference and its interval: a dash without one, ``emulated`` where it would mislead."""
    other = data.reference(series, reference) if series else None
    if series is None or other is None or other is series:
        return "–", ""
    if not (series.comparable and other.comparable):
        return "emulated", ""
    found = data.ratio(series, reference)
    if found is None:
        return "–", ""
    some = f"{found.n} common blocks" if found.n < max(series.median.n, other.median.n) else ""
    return f"{digits(found.value)}×", ", ".join(part for part in (around(found), some) if part)


def family_rows(data: Data, family: str) -> list[Row]:
    """Return a family's whole table."""
    rows = []
    for series in data.of_family(family):
        shown = figure(series)
        if shown is not None:
            docker, native = (ratio_words(data, series, name) for name in ("docker", "native"))
            width = on_width(data, series.workload, series.target)
            rows.append(Row(series.workload, series.target, series.metric.name, shown, width, docker, native))
    return rows


def on_width(data: Data, workload: str, target: str) -> bool:
    """Return whether a cell stopped because its intervals were narrow enough."""
    stop = data.stop(workload, target)
    return stop is not None and stop.on_width


def width_note(data: Data) -> str:
    """Return what a stop on width means for intervals, with the cells concerned; empty without any."""
    cells = [f"{stop.workload} on {stop.target}" for stop in data.stopped if stop.on_width]
    if not cells:
        return ""
    shown = ", ".join(cells[:6]) + (f" and {len(cells) - 6} more" if len(cells) > 6 else "")
    return f"Stopped on width, so intervals cover a little less than 95 %: {shown}."


def few_note(data: Data) -> str:
    """Return which planned cells have fewer than ``FEW`` samples that count, with their number; empty without any."""
    counts = {(row.workload, row.target): row.counted for row in overview(data)}
    for workload, target in _planned(data):
        counts.setdefault((workload, target), 0)
    cells = [
        f"{short(workload, 40)} on {short(target, 40)} ({count or 'none'})"
        for (workload, target), count in counts.items()
        if count < FEW
    ]
    if not cells:
        return ""
    shown = ", ".join(cells[:12]) + (f" and {len(cells) - 12} more" if len(cells) > 12 else "")
    return f"Fewer than {FEW} samples that count: {shown}."


def _planned(data: Data) -> list[tuple[str, str]]:
    """Return the plan's cells that have no sample at all."""
    cells = mapping(data.session.meta, "plan").get("cells")
    told = [cell for cell in cells if isinstance(cell, dict)] if isinstance(cells, list) else []
    taken = {(sample.cell.workload, sample.cell.target) for sample in data.session.samples if sample.role == "measured"}
    pairs = [(str(cell.get("workload")), str(cell.get("target"))) for cell in told]
    return [pair for pair in pairs if pair not in taken]


def overview(data: Data) -> list[Overview]:
    """Return a line for each workload and target whose instances did their job; studies have sections of their own."""
    rows = []
    for workload in data.workloads:
        rate = main_metric(data, workload)
        for target in data.targets:
            taken = [s for s in data.measured.get((workload, target), ()) if s.cell.parameters.study == JOB]
            if not taken:
                continue
            ready = data.get(workload, target, "time_to_ready")
            rows.append(
                Overview(
                    workload=workload,
                    target=target,
                    emulated=target in data.emulated,
                    counted=sum(sample.left_out is None for sample in taken),
                    left_out=", ".join(left_out(taken)),
                    on_width=on_width(data, workload, target),
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
    """Return what each metric of the session means, as the registry has it, and in which version it was measured."""
    used = {name for _, _, name in data.series}
    versions = _versions(data)
    return [
        {
            "name": metric.name,
            "unit": metric.unit,
            "scope": metric.scope,
            "instant": metric.instant,
            "direction": metric.direction,
            "definition": metric.definition,
            "source": metric.source,
            "version": _version(metric, versions.get(metric.name)),
        }
        for metric in METRICS.values()
        if metric.name in used
    ]


def _versions(data: Data) -> dict[str, object]:
    """Return the definitions' versions that the session was measured by, where it tells."""
    told: dict[str, object] = {}
    for record in mapping(data.session.meta, "parity").values():
        told |= mapping(record, "metrics")
    return told


def _version(metric: Metric, measured: object) -> str:
    # Another version than the one described here would be another definition.
    return str(metric.version) if measured in (None, metric.version) else f"{measured}; described: {metric.version}"
