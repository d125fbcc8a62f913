"""What a statistic answers with: a figure and, where the values carry one, its interval; or a refusal."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its interval; ``low`` and ``high`` are None where there were too few values for one."""

    value: float
    low: float | None = None
    high: float | None = None

    @property
    def has_interval(self) -> bool:
        """Whether there were values enough for an interval."""
        return self.low is not None


@dataclass(frozen=True, slots=True)
class Refused:
    """A figure that the values cannot support, and why: printed in its place."""

    reason: str
