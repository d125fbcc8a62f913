"""A cell of the plan: one workload on one target with its parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

JOB = "job"
"""What a sample is of unless another study is asked for: one instance that does its workload's jobs."""


Settings = tuple[tuple[str, int], ...]
"""What a study is told: numbers by name, in the order in which the study names them."""


@dataclass(frozen=True, slots=True)
class Parameters:
    """What may differ between series of one workload and target; never mixed within a series."""

    cache: Literal["warm", "cold"] = "warm"
    length: Literal["quick", "full"] = "quick"
    study: str = JOB
    settings: Settings = ()

    def text(self) -> str:
        """Return the parameters as the one string that the frame's ``params`` column holds."""
        said = f"cache={self.cache},length={self.length}"
        if self.study == JOB:
            return said
        return ",".join([said, f"study={self.study}", *(f"{name}={value}" for name, value in self.settings)])


@dataclass(frozen=True, slots=True)
class Cell:
    """One (workload, target, parameters) of the plan; it has many samples."""

    workload: str
    target: str
    parameters: Parameters = Parameters()

    def __str__(self) -> str:
        name = f"{self.workload}@{self.target}"
        return name if self.parameters.study == JOB else f"{name}/{self.parameters.study}"

    def table(self) -> dict[str, Any]:
        """Return what session.json says of it beside the parameters that a session's cells have in common."""
        said: dict[str, Any] = {"workload": self.workload, "target": self.target}
        if self.parameters.study != JOB:
            said["study"] = self.parameters.study
        if self.parameters.settings:
            said["settings"] = dict(self.parameters.settings)
        return said


def cell_of(table: object, parameters: Parameters) -> Cell:
    """Return the cell that session.json tells of; ``parameters`` are those that a session's cells have in common.

    Raises KeyError, TypeError or ValueError where it tells of none.
    """
    if not isinstance(table, Mapping):
        raise TypeError(f"{type(table).__name__} is no cell")
    settings = tuple((str(name), int(value)) for name, value in dict(table.get("settings", {})).items())
    own = replace(parameters, study=str(table.get("study", JOB)), settings=settings)
    return Cell(str(table["workload"]), str(table["target"]), own)
