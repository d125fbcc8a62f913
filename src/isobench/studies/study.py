"""The seam for a new study: one module with a ``Study`` in it, and one entry point that names it.

A study's sample may take several instances, of several workloads. Its cells stand in the plan beside all others, with
``study=NAME`` in their parameters, so they are interleaved, resumed, stored and loaded as those are. The group of entry
points is ``isobench.studies``; isobench's own studies are registered in the same way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Protocol

from isobench.errors import UsageError
from isobench.house import House
from isobench.model import Settings, TargetSpec, Workload
from isobench.names import nearest
from isobench.plan import Step
from isobench.plugins import plugins
from isobench.runner.recording import Record
from isobench.targets.base import Prepared, Slot, Target

GROUP = "isobench.studies"


@dataclass(frozen=True, slots=True)
class Stage:
    """What a study has to take one sample with: its cell's target and workload, and more of both.

    ``slot`` gives what one more instance of a workload needs, at an address and in a folder of its own; ``beside``
    holds the workloads of ``Study.companions``, by name.
    """

    house: House
    target: Target
    prepared: Prepared
    beside: Mapping[str, Prepared]
    slot: Callable[[Workload], Slot]


class Study(Protocol):
    """An experiment on the cells of some workloads and targets."""

    @property
    def summary(self) -> str:
        """One line for people: what it finds out."""

    @property
    def workloads(self) -> tuple[str, ...]:
        """The built-in workloads that it is carried out with, unless others are asked for."""

    @property
    def companions(self) -> tuple[str, ...]:
        """Built-in workloads that it needs besides (hogs, say): prepared for it, without cells of their own."""

    @property
    def samples(self) -> int:
        """How many samples its cells get, unless told otherwise."""

    @property
    def lives(self) -> float:
        """About how many instances' lives a sample takes, for the estimate before a session has ever had one."""

    @property
    def settings(self) -> Settings:
        """What it can be told, with what it is told unless asked otherwise; a cell's are in its parameters."""

    @property
    def in_full(self) -> bool:
        """Whether ``run --full`` has it without being asked."""

    def unsuitable(self, spec: TargetSpec, workload: Workload) -> str | None:
        """Return why it has no meaning there, in a few words, or None."""

    def take(self, record: Record, step: Step, stage: Stage) -> None:
        """Fill the record of one sample; every instance is gone afterwards, and ``removed`` is stamped.

        A figure that cannot be had goes to ``record.absent`` with the reason. Raises SampleError where it failed.
        """


@cache
def studies() -> Mapping[str, Study]:
    """Return every installed study by name. Raises HarnessError, naming the package, where one does not load."""
    return plugins(GROUP, "study")


def find(name: str) -> Study:
    """Return the study of that name; raises UsageError naming the nearest one."""
    try:
        return studies()[name]
    except KeyError:
        raise UsageError(f"no study is called {name!r}", mend=nearest(name, studies())) from None
