"""When a cell has samples enough, and the reason in words.

A filling plan stops a cell on the width of its interval. Stopping on width makes the coverage of that interval a
little smaller than stated (Y. S. Chow and H. Robbins, *Annals of Mathematical Statistics* 36, 1965: it holds in the
limit), so such a stop is labelled as one wherever it is shown.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from isobench.model import JOB, Cell, Sample
from isobench.stats.median import Median, median

Reason = Literal["count", "width", "most", "failing", "budget", "interrupted"]

_IN_A_ROW = 3
"""Failures one after the other, after which a filling plan gives a cell up."""


@dataclass(frozen=True, slots=True)
class Headline:
    """A figure that a workload is judged by, and the half-width of its interval to aim at, relative to the median."""

    workload: str
    metric: str
    width: float


@dataclass(frozen=True, slots=True)
class Rule:
    """When a cell stops.

    ``fill`` False: after ``least`` samples, or ``cheap`` of them where a sample takes at most ``cheap_seconds``.
    ``fill`` True: when all headline intervals are narrow enough, from ``cheap`` samples on, or after ``most``.
    ``once``: every cell is measured once, whatever the budget. ``studies`` says how many samples each study's cells
    get: whole experiments, which are counted whether or not the plan fills.
    """

    least: int = 3
    cheap: int = 10
    cheap_seconds: float = 4.0
    fill: bool = False
    most: int = 50
    once: bool = False
    studies: tuple[tuple[str, int], ...] = ()

    def words(self) -> str:
        """Return the rule in words."""
        if self.fill:
            return (
                f"a cell stops when the 95 % intervals of its headline figures are within their widths, from "
                f"{self.cheap} samples on, after {self.most} samples, or after {_IN_A_ROW} failures in a row"
            )
        if self.least == self.cheap:
            return f"{self.least} samples of each cell"
        return f"{self.least} samples of each cell, {self.cheap} where the first took at most {self.cheap_seconds:g} s"


QUICK = Rule()
"""The quick session's rule: few samples where they are dear."""


@dataclass(frozen=True, slots=True)
class Stop:
    """Why a cell stopped, in a word and in words, and after how many measured samples."""

    cell: Cell
    reason: Reason
    words: str
    samples: int


def measured(cell: Cell, samples: Iterable[Sample]) -> list[Sample]:
    """Return a cell's measured samples, in order."""
    return [sample for sample in samples if sample.cell == cell and sample.role == "measured"]


def stop_of(rule: Rule, headlines: Sequence[Headline], cell: Cell, samples: Iterable[Sample]) -> Stop | None:
    """Return why a cell takes no part in the next block, or None; ``samples`` are those of whole blocks."""
    taken = measured(cell, samples)
    if cell.parameters.study != JOB:
        count = dict(rule.studies)[cell.parameters.study]
        return Stop(cell, "count", f"{count} as planned", len(taken)) if len(taken) >= count else None
    if not rule.fill:
        return _counted(rule, cell, taken)
    if len(taken) >= _IN_A_ROW and all(sample.left_out == "failed" for sample in taken[-_IN_A_ROW:]):
        return Stop(cell, "failing", f"{_IN_A_ROW} samples in a row failed", len(taken))
    if (found := _narrow(rule, headlines, taken)) is not None:
        return Stop(cell, "width", found, len(taken))
    if len(taken) >= rule.most:
        return Stop(cell, "most", f"{rule.most} samples, the most that a cell gets", len(taken))
    return None


def stops(
    rule: Rule, headlines: Sequence[Headline], cells: Iterable[Cell], samples: Sequence[Sample], otherwise: Reason
) -> list[Stop]:
    """Return why each cell stopped in a session that is over; ``otherwise`` is why one that had not stopped did."""
    said = {"budget": "the budget was spent", "interrupted": "the session was interrupted"}
    found = []
    for cell in cells:
        own = [headline for headline in headlines if headline.workload == cell.workload]
        stop = stop_of(rule, own, cell, samples)
        found.append(stop or Stop(cell, otherwise, said.get(otherwise, otherwise), len(measured(cell, samples))))
    return found


def half_width(taken: Iterable[Sample], metric: str) -> float | None:
    """Return the half-width of a figure's 95 % interval relative to its median; None where there is no interval."""
    values = [s.metrics[metric] for s in taken if s.left_out is None and metric in s.metrics]
    found: Median | None = median(values) if values else None
    if found is None or found.low is None or found.high is None or found.value == 0:
        return None
    return (found.high - found.low) / 2 / abs(found.value)


def wanted(rule: Rule, taken: Sequence[Sample]) -> int:
    """Return how many samples a plan that does not fill wants of a cell, by what its first one took."""
    cheap = bool(taken) and taken[0].outcome == "ok" and taken[0].duration <= rule.cheap_seconds
    return max(rule.cheap, rule.least) if cheap else rule.least


def needed(rule: Rule, headlines: Sequence[Headline], taken: Sequence[Sample]) -> int | None:
    """Return after how many measured samples a filling plan will let a cell go, judged by those ``taken``.

    None where they tell no interval of any headline figure.
    """
    known = [(width, headline) for headline in headlines if (width := half_width(taken, headline.metric)) is not None]
    if not known:
        return None
    # An interval narrows with the square root of the number of values.
    most = max(len(taken) * (width / headline.width) ** 2 for width, headline in known)
    return min(max(math.ceil(most), rule.cheap), rule.most)


def _counted(rule: Rule, cell: Cell, taken: Sequence[Sample]) -> Stop | None:
    if len(taken) < (count := wanted(rule, taken)):
        return None
    because = "" if rule.least == rule.cheap else f", a sample takes {taken[0].duration:.1f} s"
    return Stop(cell, "count", f"{count} samples as planned{because}", len(taken))


def _narrow(rule: Rule, headlines: Sequence[Headline], taken: Sequence[Sample]) -> str | None:
    if not headlines or sum(sample.left_out is None for sample in taken) < rule.cheap:
        return None
    found = [(headline, half_width(taken, headline.metric)) for headline in headlines]
    if any(width is None or width > headline.width for headline, width in found):
        return None
    return "; ".join(f"{h.metric} within ±{h.width:.0%} (±{width:.1%})" for h, width in found)
