"""Published figures beside a session's own: as ratios where the hardware was one, absolute elsewhere.

Nothing published stands beside an emulated figure; the reason stands there instead.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from isobench.metrics import METRICS
from isobench.report.format import digits, human, short, times
from isobench.report.literature import NONE, Mapped, Published, mapped
from isobench.report.series import Data, Series
from isobench.stats import Ratio

if TYPE_CHECKING:
    from isobench.report.figures.look import Panel


@dataclass(frozen=True, slots=True)
class Beside:
    """A published figure and this session's: ``told`` and ``own`` in words, ``own`` the reason where there is none.

    ``value`` is what was published: the ratio to ``figure``'s reference, or the figure itself in its unit.
    ``ratio`` and ``series`` are this session's, None where nothing may stand there.
    """

    figure: Mapped
    published: Published
    value: float
    told: str
    own: str
    target: str
    ratio: Ratio | None = None
    series: Series | None = None

    @property
    def found(self) -> bool:
        """Whether this session has a figure to stand beside it."""
        return self.series is not None


@dataclass(frozen=True, slots=True)
class Section:
    """The part of the report: ratios, absolute figures, and their panels."""

    ratios: list[Beside]
    absolute: list[Beside]
    panels: list[Panel]


def section(data: Data) -> Section:
    """Return what the report shows of the literature."""
    from isobench.report.literature_figures import panels

    ratios, absolute = beside(data)
    return Section(ratios, absolute, panels(data, ratios, absolute))


def beside(data: Data) -> tuple[list[Beside], list[Beside]]:
    """Return a line for each published figure: those with a reference of the same hardware, then those without.

    References are in the lines of those that are divided by them.
    """
    ratios = [
        _ratio(data, figure, row)
        for figure in mapped()
        if figure.reference
        for row in figure.rows
        if row.target != figure.reference
    ]
    absolute = [_absolute(data, figure, row) for figure in mapped() if not figure.reference for row in figure.rows]
    return ratios, absolute


def _ratio(data: Data, figure: Mapped, row: Published) -> Beside:
    value = figure.ratio(row.target)
    told, target, reference = f"{digits(value)}×", figure.targets[row.target], figure.targets[figure.reference]
    series = _measured(data, figure, target)
    other = data.reference(series, reference) if series else None
    if series is None or other is None:
        why = _why(data, figure, target, reference)
        return Beside(figure, row, value, told, why, target)
    found = None if series.emulated or other.emulated else data.ratio(series, reference)
    if found is None:
        why = "emulated, so not set beside it" if series.emulated or other.emulated else "no block in common"
        return Beside(figure, row, value, told, why, target)
    return Beside(figure, row, value, told, times(found), target, found, series)


def _absolute(data: Data, figure: Mapped, row: Published) -> Beside:
    told = human(row.value, "B" if row.unit == "bytes" else row.unit)
    target = figure.targets[row.target]
    series = _measured(data, figure, target)
    if series is None:
        return Beside(figure, row, row.value, told, _why(data, figure, target), target)
    if series.emulated:
        return Beside(figure, row, row.value, told, "emulated, so not set beside it", target)
    own = series.text + (f" ({series.around})" if series.median.n > 1 else "")
    return Beside(figure, row, row.value, told, own, target, series=series)


def _measured(data: Data, figure: Mapped, target: str) -> Series | None:
    """Return this session's series of the figure on a target, the first one where parameters were varied."""
    if not figure.own or target == NONE:
        return None
    named = (name for name in data.targets if name.partition(" [")[0] == target)
    return next((found for name in named if (found := data.get(figure.workload, name, figure.own))), None)


def _why(data: Data, figure: Mapped, *targets: str) -> str:
    if not figure.own or NONE in targets:
        return figure.none
    taken = {name.partition(" [")[0] for name in data.targets}
    lacking = next((target for target in targets if target not in taken), None)
    if lacking:
        return f"no {lacking} in this session"
    return f"{METRICS[figure.own].name} of {short(figure.workload)} not measured in this session"
