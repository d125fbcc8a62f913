"""What a user asked for, and the cells that come of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from isobench.model import Cell, Parameters, Settings, TargetSpec, Workload
from isobench.plan.stopping import QUICK, Rule
from isobench.store.reader import SessionRecord
from isobench.studies import find
from isobench.targets.application import unsuitable


@dataclass(frozen=True, slots=True)
class Request:
    """What a user asked for.

    ``wait_quiet`` is how long to wait for quiet, in seconds. With ``resume`` the plan is that session's, and
    ``budget`` is added to its own. ``studies`` are carried out on those of the workloads that suit them, told
    ``settings`` where they take them; without ``jobs`` nothing else is.
    """

    workloads: tuple[Workload, ...]
    targets: tuple[TargetSpec, ...]
    parameters: Parameters
    seed: int
    rule: Rule = QUICK
    budget: float | None = None
    wait: bool = False
    wait_quiet: float | None = None
    resume: SessionRecord | None = None
    studies: tuple[str, ...] = ()
    settings: Settings = ()
    jobs: bool = True
    as_declared: bool = False
    """Whether each target gets only the workloads and studies that it says a full session has on it."""


def planned(request: Request, targets: Iterable[TargetSpec]) -> tuple[Cell, ...]:
    """Return the cells of a request on the targets that there are."""
    specs = list(targets)
    cells = [
        Cell(workload.name, spec.name, request.parameters)
        for workload in request.workloads
        for spec in specs
        if request.jobs and wanted(request, spec, workload.name) and not unsuitable(spec, workload)
    ]
    for name in request.studies:
        study = find(name)
        told = tuple((key, dict(request.settings).get(key, value)) for key, value in study.settings)
        cells += [
            Cell(workload.name, spec.name, replace(request.parameters, study=name, settings=told))
            for workload in request.workloads
            for spec in specs
            if (not request.jobs or workload.name in study.workloads)
            and not workload.members
            and wanted(request, spec, name)
            and not study.unsuitable(spec, workload)
        ]
    return tuple(cells)


def wanted(request: Request, spec: TargetSpec, name: str) -> bool:
    """Return whether a request asks for a workload, or a study, on a target."""
    return not request.as_declared or spec.in_full(name)


def unsuited(request: Request, targets: Iterable[TargetSpec]) -> dict[str, str]:
    """Return the cells that a request asks for and no session has, as ``workload@target``, each with the reason."""
    found = {
        f"{workload.name}@{spec.name}": unsuitable(spec, workload)
        for workload in request.workloads
        for spec in targets
        if request.jobs and wanted(request, spec, workload.name)
    }
    return {cell: reason for cell, reason in found.items() if reason}
