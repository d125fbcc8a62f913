"""A cell of the plan: one workload on one target with its parameters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

JOB = "job"
"""What a sample is of unless another study is asked for: one instance that does its workload's jobs."""


@dataclass(frozen=True, slots=True)
class Parameters:
    """What may differ between series of one workload and target; never mixed within a series."""

    cache: Literal["warm", "cold"] = "warm"
    length: Literal["quick", "full"] = "quick"
    study: str = JOB

    def text(self) -> str:
        """Return the parameters as the one string that the frame's ``params`` column holds."""
        said = f"cache={self.cache},length={self.length}"
        return said if self.study == JOB else f"{said},study={self.study}"


@dataclass(frozen=True, slots=True)
class Cell:
    """One (workload, target, parameters) of the plan; it has many samples."""

    workload: str
    target: str
    parameters: Parameters = Parameters()

    def __str__(self) -> str:
        name = f"{self.workload}@{self.target}"
        return name if self.parameters.study == JOB else f"{name}/{self.parameters.study}"
