"""A cell of the plan: one workload on one target with its parameters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Parameters:
    """What may differ between series of one workload and target; never mixed within a series."""

    cache: Literal["warm", "cold"] = "warm"
    length: Literal["quick", "full"] = "quick"

    def text(self) -> str:
        """Return the parameters as the one string that the frame's ``params`` column holds."""
        return f"cache={self.cache},length={self.length}"


@dataclass(frozen=True, slots=True)
class Cell:
    """One (workload, target, parameters) of the plan; it has many samples."""

    workload: str
    target: str
    parameters: Parameters = Parameters()

    def __str__(self) -> str:
        return f"{self.workload}@{self.target}"
