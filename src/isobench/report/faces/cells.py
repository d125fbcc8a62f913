"""The cells of a running session as lines: what each has measured so far, and what is left of it.

Pure: nothing is read, drawn or timed here. The terminal's table and the page of ``isobench report --watch`` lay it out.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace

from isobench.metrics import METRICS
from isobench.model import JOB, Cell, Sample
from isobench.plan import Plan, next_step, remaining
from isobench.plan.estimate import Remaining
from isobench.plan.forecast import span as lasting
from isobench.plan.stopping import stop_of
from isobench.report.format import counted, human, span
from isobench.stats import median

_BARS = "▁▂▃▄▅▆▇█"


@dataclass(frozen=True, slots=True)
class CellLine:
    """One cell so far. ``values`` are those of its headline ``metric``, of the samples that count, in their order.

    ``figure`` is their median in words, ``around`` the 95 % interval, below 6 samples the range in square brackets;
    both are empty before the first. ``left`` samples, about ``seconds``, are to come; ``stopped`` is the reason in a
    word once none is.
    """

    cell: Cell
    emulated: bool
    metric: str
    values: tuple[float, ...]
    figure: str
    around: str
    taken: int
    failed: int
    left: int
    seconds: float
    stopped: str

    @property
    def name(self) -> str:
        """The cell's name, with a star where it is emulated."""
        return f"{self.cell}*" if self.emulated else str(self.cell)

    @property
    def count(self) -> str:
        """How many samples it has, of how many."""
        return f"{self.taken}/{self.taken + self.left}"

    @property
    def rest(self) -> str:
        """How long it still takes, or why it takes no more."""
        return self.stopped or lasting(self.seconds)


@dataclass(frozen=True, slots=True)
class Standing:
    """A session so far: its cells, all samples, what is left of it, and the cell whose sample comes next."""

    lines: tuple[CellLine, ...]
    samples: int
    left: Remaining
    following: Cell | None

    def words(self) -> str:
        """Return in one line how far it is."""
        whole = self.samples + self.left.samples
        if self.following is None:
            return f"{self.samples} of {whole} samples"
        return f"{self.samples} of {whole} samples, about {lasting(self.left.seconds)} left; now {self.following}"


def standing(plan: Plan, samples: Sequence[Sample], elapsed: float, emulated: Set[str] = frozenset()) -> Standing:
    """Return how far a session is that has run for ``elapsed`` seconds; ``emulated`` are the targets that are."""
    own: Mapping[Cell, list[Sample]] = defaultdict(list)
    for sample in samples:
        own[sample.cell].append(sample)
    lasted = sum(sample.duration for sample in samples)
    around = max(elapsed / lasted, 1.0) if lasted else 1.0
    lines = tuple(_line(plan, cell, own.get(cell, []), samples, around, cell.target in emulated) for cell in plan.cells)
    step = next_step(plan, samples, elapsed)
    return Standing(lines, len(samples), remaining(plan, samples, elapsed), step.cell if step else None)


def first_figure(sample: Sample) -> str | None:
    """Return the metric that stands for a sample: ``time_to_ready``, of a study's sample its first figure."""
    if sample.cell.parameters.study == JOB and "time_to_ready" in sample.metrics:
        return "time_to_ready"
    return next((name for name, value in sample.metrics.items() if name in METRICS and math.isfinite(value)), None)


def seen(sample: Sample) -> str:
    """Return what a sample told, in a few words: its first figure in people's units, else why it has none."""
    if sample.outcome not in ("ok", "clock"):
        return f"{sample.outcome}: {sample.error}"
    name = first_figure(sample)
    if name is None:
        reason = next(iter(sample.not_applicable.values()), None)
        return f"no figure: {reason}" if reason else "no figure"
    called = "ready" if name == "time_to_ready" else name
    return f"{called} {human(sample.metrics[name], METRICS[name].unit, counted(name))}"


def sparkline(values: Iterable[float], most: int = 10) -> str:
    """Return the last values as bars from their lowest to their highest; level where they do not differ."""
    last = list(values)[-most:]
    low, high = min(last, default=0.0), max(last, default=0.0)
    if high == low:
        return _BARS[3] * len(last)
    return "".join(_BARS[round((value - low) / (high - low) * (len(_BARS) - 1))] for value in last)


def _line(
    plan: Plan, cell: Cell, own: list[Sample], samples: Sequence[Sample], around: float, emulated: bool
) -> CellLine:
    counting = [sample for sample in own if sample.left_out is None]
    metric = next((name for sample in counting if (name := first_figure(sample))), "")
    values = tuple(s.metrics[metric] for s in counting if metric in s.metrics and math.isfinite(s.metrics[metric]))
    figure, between = _words(metric, values)
    taken = [sample for sample in own if sample.role == "measured"]
    alone = replace(plan, cells=(cell,), budget=None)
    # A cell that was measured is estimated from its own samples alone: the others need not be looked through again.
    left = remaining(alone, own) if taken else remaining(alone, samples)
    stop = stop_of(plan.rule, plan.headlines_of(cell), cell, own)
    return CellLine(
        cell, emulated, metric, values, figure, between,
        taken=len(taken),
        failed=sum(sample.left_out in ("failed", "clock") for sample in taken),
        left=0 if stop else left.samples - (not own and cell.parameters.study == JOB),
        seconds=0.0 if stop else left.seconds * around,
        stopped=stop.reason if stop else "",
    )  # fmt: skip


def _words(metric: str, values: Sequence[float]) -> tuple[str, str]:
    if not values:
        return "", ""
    found = median(values)
    unit, count = METRICS[metric].unit, counted(metric)
    text = human(found.value, unit, count)
    if found.n == 1:
        return text, ""
    if found.low is None or found.high is None:
        return text, f"[{span(found.smallest, found.largest, unit, count)}]"
    return text, span(found.low, found.high, unit, count)
