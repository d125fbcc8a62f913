"""What is known of a host's spread between sessions before any baseline: its calibration's profile."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from isobench.gate.decide import Known
from isobench.metrics import METRICS
from isobench.model import Cell


class SeriesSpread(Protocol):
    """One series of a profile (``isobench.calibrate.profile.SeriesProfile``)."""

    @property
    def workload(self) -> str:
        """The workload's name."""

    @property
    def target(self) -> str:
        """The target's name."""

    @property
    def metric(self) -> str:
        """The metric's name."""

    @property
    def sessions(self) -> int:
        """How many A/A sessions told it."""

    @property
    def between(self) -> float | None:
        """Standard deviation of session levels, of one; None where they were too few."""


class HostProfile(Protocol):
    """A host's profile, as far as a gate reads it."""

    @property
    def series(self) -> Sequence[SeriesSpread]:
        """Its series."""


def known_spreads(profile: HostProfile | None) -> dict[tuple[str, str, str], Known]:
    """Return the known spread of each calibrated series, by workload, target and metric."""
    return {
        (one.workload, one.target, one.metric): Known(one.between, one.sessions)
        for one in (profile.series if profile else ())
        if one.between is not None
    }


def known_of(cell: Cell, metric: str, spreads: dict[tuple[str, str, str], Known]) -> Known | None:
    """Return what is known of a series; an image's sizes are counted, not measured: no spread at all."""
    if METRICS[metric].instant == "image":
        return Known(0.0, float("inf"))
    return spreads.get((cell.workload, cell.target, metric))
