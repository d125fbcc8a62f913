"""From samples to series: what each (workload, target, metric) measured, its median and its ratios."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property

from isobench.metrics import METRICS
from isobench.model import JOB, Cell, Metric, Sample
from isobench.report.format import Scale, counted, human, span
from isobench.report.meta import Stopped, stopped
from isobench.stats import Median, Ratio, median, median_ratio, outlier_classes
from isobench.stats.estimate import Estimate
from isobench.stats.spread import OutlierClass
from isobench.store.frame import acceleration
from isobench.store.reader import SessionRecord

REFERENCES = ("docker", "native")
STUDIED = ("life", "density", "isolation")
"""The families that studies measure; the others are of instances that do their jobs."""

_Columns = tuple[list[float], list[int], list[int]]


@dataclass(frozen=True, slots=True)
class Series:
    """One (workload, target, metric): the values of its samples that count, in their order.

    ``numbers``, ``blocks`` and ``outliers`` tell of each value its sample, its block, and whether it lies outside.
    """

    workload: str
    target: str
    metric: Metric
    values: tuple[float, ...]
    numbers: tuple[int, ...]
    blocks: tuple[int, ...]
    outliers: tuple[OutlierClass, ...]
    emulated: bool
    median: Median

    @property
    def text(self) -> str:
        """The median in words."""
        return self.write(self.median.value)

    @property
    def has_interval(self) -> bool:
        """Whether there are samples enough for an interval."""
        return self.median.low is not None

    @property
    def around(self) -> str:
        """The 95 % interval in words; the range below 6 samples; a dash for one."""
        return self.between()

    def between(self, scale: Scale | None = None) -> str:
        """Return what ``around`` says, in the unit of that scale."""
        middle = self.median
        ends = middle.smallest, middle.largest
        if middle.low is not None and middle.high is not None:
            ends = middle.low, middle.high
        return span(*ends, self.metric.unit, counted(self.metric.name), scale) if middle.n > 1 else "–"

    def write(self, value: float, scale: Scale | None = None) -> str:
        """Return a value of this metric in words, in the unit of that scale (by default its own)."""
        return human(value, self.metric.unit, counted(self.metric.name), scale)

    @property
    def comparable(self) -> bool:
        """Whether it may stand in a ratio to something real: sizes on disk may, whatever emulates does not."""
        return not self.emulated or (self.metric.family == "disk" and self.metric.instant in ("image", "ready"))


class Data:
    """A session seen as series. ``workloads`` and ``targets`` are in the order in which the report shows them."""

    def __init__(self, session: SessionRecord) -> None:
        self.session = session
        self._differ = _differing({sample.cell for sample in session.samples})
        self.jobs = [sample for sample in session.samples if sample.cell.parameters.study == JOB]
        self.studies = [sample for sample in session.samples if sample.cell.parameters.study != JOB]
        self.stopped = stopped(session.meta)
        self.workloads = _in_order(session)
        found = list(dict.fromkeys(self.target_of(sample) for sample in session.samples))
        planned = session.meta.get("targets")
        known = list(planned) if isinstance(planned, dict) else []
        order = {name: place for place, name in enumerate(dict.fromkeys(("native", "docker", *known)))}
        self.targets = sorted(found, key=lambda t: (order.get(t.partition(" [")[0], len(order)), found.index(t)))
        self.emulated = {self.target_of(s) for s in session.samples if acceleration(session, s.cell.target) == "tcg"}
        self._ratios: dict[tuple[str, str, str, str], Ratio | None] = {}

    def target_of(self, sample: Sample) -> str:
        """Return the sample's target as the report names it."""
        return self.named(sample.cell) if self._differ else sample.cell.target

    def named(self, cell: Cell) -> str:
        """Return the target's name, with those parameters in which the session's cells differ.

        A study is none of them: its figures have names of their own.
        """
        told = ",".join(word for word in _words(cell) if word.partition("=")[0] in self._differ)
        return f"{cell.target} [{told}]" if told else cell.target

    def stop(self, workload: str, target: str) -> Stopped | None:
        """Return why a cell stopped, None where the session does not tell."""
        cell = (workload, target.partition(" [")[0], JOB)
        return next((stop for stop in self.stopped if (stop.workload, stop.target, stop.study) == cell), None)

    @cached_property
    def series(self) -> dict[tuple[str, str, str], Series]:
        """All series by (workload, target, metric).

        What a study measures beside its own figures (stop_time, say) stands only where no job measured it: the two
        are not of one series.
        """
        columns = self._columns(self.studies) | self._columns(self.jobs)
        return {key: self._one(key, *found) for key, found in columns.items()}

    def _columns(self, samples: Iterable[Sample]) -> dict[tuple[str, str, str], _Columns]:
        """Return each series' values, samples' numbers and blocks: plain lists, since there may be a million."""
        found: dict[tuple[str, str, str], _Columns] = defaultdict(lambda: ([], [], []))
        for sample in samples:
            if sample.left_out is not None:
                continue
            workload, target, number, block = sample.cell.workload, self.target_of(sample), sample.number, sample.block
            for name, value in sample.metrics.items():
                if name in METRICS and math.isfinite(value):
                    values, numbers, blocks = found[workload, target, name]
                    values.append(value)
                    numbers.append(number)
                    blocks.append(block)
        return dict(found)

    def _one(self, key: tuple[str, str, str], values: list[float], numbers: list[int], blocks: list[int]) -> Series:
        workload, target, name = key
        return Series(
            workload, target, METRICS[name], tuple(values), tuple(numbers), tuple(blocks),
            outliers=outlier_classes(values),
            emulated=target in self.emulated,
            median=median(values),
        )  # fmt: skip

    @cached_property
    def measured(self) -> dict[tuple[str, str], list[Sample]]:
        """All measured samples, those left out included, by (workload, target)."""
        found: dict[tuple[str, str], list[Sample]] = defaultdict(list)
        for sample in self.session.samples:
            if sample.role == "measured":
                found[sample.cell.workload, self.target_of(sample)].append(sample)
        return dict(found)

    @cached_property
    def durability(self) -> dict[tuple[str, str], str]:
        """What samples tell of how durable a finished write is, by (workload, target)."""
        told: dict[tuple[str, str], dict[str, None]] = defaultdict(dict)
        for sample in self.jobs:
            if value := sample.facts.get("durability"):
                told[sample.cell.workload, self.target_of(sample)][str(value)] = None
        return {cell: " or ".join(values) for cell, values in told.items()}

    def get(self, workload: str, target: str, metric: str) -> Series | None:
        """Return a series, None where nothing was measured."""
        return self.series.get((workload, target, metric))

    def of_metric(self, metric: str) -> list[Series]:
        """Return a metric's series, in the report's order."""
        found = (self.get(w, t, metric) for w in self.workloads for t in self.targets)
        return [entry for entry in found if entry is not None]

    def of_family(self, family: str) -> list[Series]:
        """Return a family's series: by workload, then metric, then target."""
        names = [name for name, metric in METRICS.items() if metric.family == family]
        found = (self.get(w, t, name) for w in self.workloads for name in names for t in self.targets)
        return [entry for entry in found if entry is not None]

    def reference(self, series: Series, name: str) -> Series | None:
        """Return the reference's series of the same workload, metric and parameters."""
        _, bracket, parameters = series.target.partition(" [")
        return self.get(series.workload, name + bracket + parameters, series.metric.name)

    def ratio(self, series: Series, name: str) -> Ratio | None:
        """Return the ratio to a reference; None where there is none, or where emulation forbids it."""
        other = self.reference(series, name)
        if other is None or other is series or not (series.comparable and other.comparable):
            return None
        key = (series.workload, series.target, series.metric.name, name)
        if key not in self._ratios:
            self._ratios[key] = _over_common_blocks(series, other)
        return self._ratios[key]

    @property
    def real(self) -> list[str]:
        """The targets whose times may be compared: all that were not emulated."""
        return [target for target in self.targets if target not in self.emulated]


def difference(series: Series, reference: Series) -> Estimate:
    """Return by how much a median lies above a reference's, in their unit.

    The interval combines those of the two medians (Zou and Donner 2008, MOVER); there is none where one has none.
    """
    above, below = series.median, reference.median
    apart = above.value - below.value
    if above.low is None or above.high is None or below.low is None or below.high is None:
        return Estimate(apart)
    down = math.hypot(above.value - above.low, below.high - below.value)
    up = math.hypot(above.high - above.value, below.value - below.low)
    return Estimate(apart, apart - down, apart + up)


def _words(cell: Cell) -> list[str]:
    """Return a cell's parameters but for its study: ``cache=warm``, ``length=quick``."""
    return replace(cell.parameters, study=JOB, settings=()).text().split(",")


def _differing(cells: set[Cell]) -> set[str]:
    """Return the names of the parameters of which these cells have more than one value."""
    told = {word for cell in cells for word in _words(cell)}
    names = Counter(word.partition("=")[0] for word in told)
    return {name for name, values in names.items() if values > 1}


def _over_common_blocks(series: Series, reference: Series) -> Ratio | None:
    """Return the ratio of medians over the blocks that both have; None without any.

    Of the three intervals at hand (docs/statistics.md) this one stands beside two medians best. It is about their
    ratio, as a shift within blocks is not; and where blocks correlate it is too wide (98 to 100 % in simulation),
    never too narrow, as that of ``paired_median_ratio`` is on bimodal data (59 to 73 %), which startup may be.
    """
    common = {*series.blocks} & {*reference.blocks}
    above, below = (
        [value for value, block in zip(s.values, s.blocks, strict=True) if block in common] for s in (series, reference)
    )
    return median_ratio(above, below) if common else None


def _in_order(session: SessionRecord) -> list[str]:
    """Return the workloads that have samples in the plan's order; unplanned ones follow as they came."""
    plan = session.meta.get("plan")
    cells = plan.get("cells") if isinstance(plan, dict) else None
    planned = [c.get("workload") for c in cells if isinstance(c, dict)] if isinstance(cells, list) else []
    taken = dict.fromkeys(sample.cell.workload for sample in session.samples)
    return [name for name in dict.fromkeys([*planned, *taken]) if name in taken]
