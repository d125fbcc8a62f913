"""From what was said on the command line to what a session is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from isobench.errors import UsageError
from isobench.host.paths import Paths
from isobench.model import Parameters, Workload

if TYPE_CHECKING:
    from isobench.runner.request import Request

FULL_BUDGET = 3600.0
"""Seconds that ``--full`` fills unless told otherwise."""


def new_request(
    workloads: tuple[str, ...], targets: tuple[str, ...], parameters: Parameters, samples: int | None,
    budget: float | None, seed: int, wait: bool, paths: Paths, brought: tuple[Workload, ...],
    studies: Mapping[str, int],
) -> Request:  # fmt: skip
    """Return the request for a new session; raises UsageError where what is named does not go together."""
    from isobench.cli.studies import study_workloads
    from isobench.plan.stopping import Rule
    from isobench.runner.request import Request
    from isobench.targets import catalog
    from isobench.workloads.loader import find

    full = parameters.length == "full"
    jobs = full or not studies
    workloads = workloads or (() if jobs else study_workloads(studies))
    named = () if brought and not workloads else tuple(find(workloads, paths.workloads, every=full))
    for workload in brought:
        if workload.name in {other.name for other in named}:
            said = f"what is brought would be called {workload.name}, as a workload of this session is"
            raise UsageError(said, mend="run them one after the other")
    declared = full and not targets
    names = [*(workload.name for workload in (*named, *brought)), *studies]
    specs = [
        spec
        for spec in catalog.find(targets, paths.targets, full=full)
        if not declared or any(spec.in_full(name) for name in names)
    ]
    # A budget that nobody asked for is no reason to leave a cell without a sample.
    rule = Rule(fill=full, once=full and budget is None) if samples is None else Rule(least=samples, cheap=samples)
    return Request(
        workloads=(*named, *brought),
        targets=tuple(specs),
        as_declared=declared,
        parameters=parameters,
        seed=seed,
        rule=replace(rule, studies=tuple((name, samples or count) for name, count in studies.items())),
        budget=FULL_BUDGET if budget is None and full else budget,
        wait=wait,
        studies=tuple(studies),
        jobs=jobs,
    )


def resumed_request(
    name: str, paths: Paths, budget: float | None, wait: bool, brought: tuple[Workload, ...]
) -> Request:
    """Return the request that goes on with a session; raises UsageError where nothing is left of its plan.

    A session with an image that was brought needs it brought again.
    """
    from isobench.model import JOB
    from isobench.plan import next_step
    from isobench.runner.record import plan_of
    from isobench.runner.request import Request
    from isobench.store.reader import find_session, read_session
    from isobench.targets import catalog
    from isobench.workloads.loader import find

    session = read_session(find_session(name, paths.results))
    plan = plan_of(session.meta, str(session.folder))
    if next_step(plan, session.samples) is None:
        raise UsageError("is complete: there is nothing to go on with", where=session.id, mend="start a new session")
    own = {workload.name: workload for workload in brought}
    names = dict.fromkeys(cell.workload for cell in plan.cells)
    if left := [name for name in own if name not in names]:
        raise UsageError(f"{left[0]} is no workload of this session", where=session.id, mend="leave out --image")
    return Request(
        workloads=tuple(own.get(name) or find([name], paths.workloads)[0] for name in names),
        targets=tuple(catalog.find(list(dict.fromkeys(cell.target for cell in plan.cells)), paths.targets)),
        parameters=replace(plan.cells[0].parameters, study=JOB, settings=()),
        seed=plan.seed,
        rule=plan.rule,
        budget=budget,
        wait=wait,
        resume=session,
        studies=tuple(dict.fromkeys(cell.parameters.study for cell in plan.cells if cell.parameters.study != JOB)),
        jobs=any(cell.parameters.study == JOB for cell in plan.cells),
    )
