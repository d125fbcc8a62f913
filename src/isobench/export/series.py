"""What formats of summaries share: the series of a session, and names that are safe in any of them."""

from __future__ import annotations

import math
import sys
from collections import defaultdict
from dataclasses import dataclass

from isobench.metrics import METRICS
from isobench.model import Cell, Metric, Parameters
from isobench.plain import plain
from isobench.stats import Median, median
from isobench.store.frame import acceleration
from isobench.store.reader import SessionRecord


@dataclass(frozen=True, slots=True)
class Series:
    """One metric of one cell: the values of the samples that count, in their order and the metric's unit.

    ``median`` has no interval below 6 values. ``acceleration`` is ``none``, ``kvm``, ``tcg`` or ``unknown``.
    """

    cell: Cell
    metric: Metric
    values: tuple[float, ...]
    median: Median
    acceleration: str

    @property
    def emulated(self) -> bool:
        """Whether it was measured under emulation, which is no guide to KVM."""
        return self.acceleration == "tcg"

    @property
    def label(self) -> str:
        """The cell in one line, the same in every session: ``idle@vm-micro [cache=cold,length=full] (emulated)``.

        The usual parameters are not named. What is emulated has a name of its own, so that a tool that goes by names
        never sets it beside what is not.
        """
        parameters = self.cell.parameters
        told = "" if parameters == Parameters() else f" [{parameters.text()}]"
        return one_line(f"{self.cell}{told}{' (emulated)' if self.emulated else ''}")


def series_of(session: SessionRecord) -> dict[Cell, dict[str, Series]]:
    """Return the series of each cell that has samples that count, by metric.

    Cells stand by name, for a session's own order is random; metrics in the registry's order.
    A metric that this isobench does not register has no unit and no direction, hence no series.
    """
    values: dict[Cell, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for sample in session.samples:
        if sample.left_out is None:
            for name, value in sample.metrics.items():
                if math.isfinite(value):
                    values[sample.cell][name].append(value)
    return {
        cell: {
            name: Series(cell, metric, tuple(of[name]), median(of[name]), acceleration(session, cell.target))
            for name, metric in METRICS.items()
            if name in of
        }
        for cell, of in sorted(values.items(), key=lambda pair: _place(pair[0]))
    }


def _place(cell: Cell) -> tuple[str, str, str]:
    return cell.workload, cell.target, cell.parameters.text()


def one_line(text: str) -> str:
    """Return foreign text as one printable line without a Markdown table's mark-up; different texts stay different."""
    shown = plain(text.replace("\\", "\\\\"), sys.maxsize)
    return shown.replace("`", "\\x60").replace("|", "\\x7c")
