"""What the harness itself took while it measured: CPU, and time around and between samples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from isobench.store.reader import SessionRecord


@dataclass(frozen=True, slots=True)
class Overhead:
    """Cores are CPU seconds of the harness's process a second of sample (median and worst over measured samples).

    ``around`` and ``between`` are shares of a session's time (median over sessions), None where not recorded.
    """

    cores: float | None
    worst_cores: float | None
    around: float | None
    between: float | None


def overhead(sessions: Sequence[SessionRecord]) -> Overhead:
    """Return the harness's overhead over all sessions."""
    cores = [
        sample.noise["harness_cpu"]
        for session in sessions
        for sample in session.samples
        if sample.role == "measured" and "harness_cpu" in sample.noise
    ]
    shares = [session.meta.get("shares", {}) for session in sessions]
    around = [share["around_samples"] for share in shares if "around_samples" in share]
    between = [share["between_samples"] for share in shares if "between_samples" in share]
    return Overhead(
        cores=median(cores) if cores else None,
        worst_cores=max(cores, default=None),
        around=median(around) if around else None,
        between=median(between) if between else None,
    )
