"""A session: a plan carried out on one host, every sample written as it ends."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from isobench.errors import UsageError
from isobench.host import cpus, memory, quiet
from isobench.host.noise import Bounds
from isobench.host.paths import Paths
from isobench.house import House
from isobench.metrics import METRICS
from isobench.model import JOB, Sample, Workload
from isobench.plan import Headline, Plan, Step, next_step, stops
from isobench.runner import own_disk, record
from isobench.runner.measure import SETTLE, measure
from isobench.runner.premises import Say, premises
from isobench.runner.recording import recorded
from isobench.runner.request import Request, planned, unsuited
from isobench.runner.slots import Slots
from isobench.store.reader import SessionRecord
from isobench.store.writer import SessionWriter, refuse_unwritable
from isobench.studies import Stage, find
from isobench.targets.base import Prepared
from isobench.targets.own_vm_disk import OwnDisk
from isobench.workloads.loader import find as load

Progress = Callable[[Plan, Sequence[Sample], float], None]
"""Called after each sample with the plan, all samples so far, and the seconds that the session has run."""
Begun = Callable[[Path, Plan, Sequence[Sample]], None]
"""Called before the first sample with the session's folder, its plan, and the samples of a session gone on with."""

WIDTHS = {"startup": 0.05}
"""Half-widths that a filling plan aims at, relative to the median, by family; the others' is ``WIDTH``."""
WIDTH = 0.03


@dataclass(frozen=True, slots=True)
class Finished:
    """What came of it."""

    folder: Path
    samples: tuple[Sample, ...]
    unavailable: dict[str, str]
    interrupted: bool
    unsuitable: Mapping[str, str] = field(default_factory=dict)


def run_session(
    request: Request, paths: Paths, say: Say, progress: Progress, begun: Begun = lambda *_: None
) -> Finished:
    """Carry out a session; Ctrl-C ends it with every finished sample kept."""
    refuse_unwritable(paths.results)
    if request.jobs and not request.studies and not planned(request, request.targets):
        cell, reason = next(iter(unsuited(request, request.targets).items()))
        raise UsageError(reason, where=cell, mend="name other targets with -t")
    for workload in request.workloads:
        refuse_impossible(workload)
    with premises(paths, request.targets, request.workloads, say, wait=request.wait) as opened:
        prepared = {workload.name: opened.prepare(workload, say) for workload in _all_workloads(request, paths)}
        if request.wait_quiet is not None:
            _await_quiet(request.wait_quiet, say)
        return _Session(request, paths, opened, prepared).carry_out(progress, begun)


def _all_workloads(request: Request, paths: Paths) -> list[Workload]:
    named = {workload.name: workload for workload in request.workloads}
    beside = [name for study in request.studies for name in find(study).companions if name not in named]
    return [*named.values(), *(load(beside, paths.workloads) if beside else ())]


def _await_quiet(seconds: float, say: Say) -> None:
    found = quiet.wait(Bounds(), seconds, say)
    if not found.came:
        say(f"quiet did not come within {seconds:g} s ({'; '.join(found.reasons)}): going on, noisy samples are marked")


def refuse_impossible(workload: Workload) -> None:
    """Raise UsageError where this host can never give what the workload asks for."""
    wanted, there = workload.resources.memory, memory.total()
    if wanted > there:
        raise UsageError(
            f"asks for {wanted >> 20} MiB of memory, this host has {there >> 20} MiB", where=workload.name,
            mend="lower resources.memory",
        )  # fmt: skip
    cpus.place(workload.resources.vcpus, workload.service is not None, cpus.usable())


def headlines(workloads: Sequence[Workload]) -> tuple[Headline, ...]:
    """Return what each workload is judged by: ``time_to_ready``, and the first figure of its first job."""
    names = [(workload, ["time_to_ready", *_first_figure(workload)]) for workload in workloads]
    return tuple(
        Headline(workload.name, metric, WIDTHS.get(METRICS[metric].family, WIDTH))
        for workload, metrics in names
        for metric in metrics
    )


def _first_figure(workload: Workload) -> list[str]:
    return [source.name for job in workload.jobs[:1] for source in job.metrics[:1]]


class _Session:
    def __init__(self, request: Request, paths: Paths, opened: House, prepared: dict[str, Prepared]) -> None:
        self._paths, self._house, self._prepared = paths, opened, prepared
        self._samples: list[Sample] = []
        self._resumed, self._before = 0, 0.0
        self._slots = Slots(paths.run)
        if request.resume is None:
            cells = planned(request, (target.spec for target in opened.targets.values()))
            judged = headlines(request.workloads)
            self._plan = Plan(cells, request.seed, request.rule, judged, request.budget)
            self._writer = SessionWriter.create(paths.results, request.seed)
            self._meta = record.opening(self._writer.id, self._plan, paths, opened, prepared)
            self._meta["unsuitable"] = unsuited(request, [target.spec for target in opened.targets.values()])
        else:
            self._resume(request.resume, request.budget)
        self._began = time.monotonic()
        self._inside = self._settling = 0.0

    def _resume(self, session: SessionRecord, budget: float | None) -> None:
        plan = record.plan_of(session.meta, str(session.folder))
        self._samples = list(session.samples)
        self._resumed = len(self._samples)
        # A run that was killed has not said how long it ran: its samples are the least of it.
        self._before = session.meta.get("wall_seconds") or sum(sample.duration for sample in session.samples)
        self._plan = plan if budget is None else replace(plan, budget=self._before + budget)
        fresh = record.opening(session.id, self._plan, self._paths, self._house, self._prepared)
        record.refuse_changed(session.meta, fresh)
        self._writer = SessionWriter.reopen(session.folder)
        resumed = [*session.meta.get("resumed_at", ()), record.now()]
        self._meta = session.meta | {"state": "running", "resumed_at": resumed, "plan": record.plan_table(self._plan)}

    def carry_out(self, progress: Progress, begun: Begun) -> Finished:
        """Take sample after sample until the plan has none, or the user interrupts."""
        self._writer.write_meta(self._meta)
        interrupted = False
        try:
            begun(self._writer.folder, self._plan, self._samples)
            while step := next_step(self._plan, self._samples, self._elapsed()):
                if step.cell.parameters.cache == "cold":
                    _drop_caches()
                began = time.monotonic()
                sample = self._take(step)
                self._inside += time.monotonic() - began
                self._settling += SETTLE if "done" in sample.events else 0.0
                self._writer.append(sample)
                self._samples.append(sample)
                progress(self._plan, self._samples, self._elapsed())
        except KeyboardInterrupt:
            interrupted = True
        self._writer.write_meta(self._close(interrupted))
        return Finished(self._writer.folder, tuple(self._samples), self._house.unavailable, interrupted,
                        self._meta.get("unsuitable", {}))  # fmt: skip

    def _elapsed(self) -> float:
        return self._before + time.monotonic() - self._began

    def _take(self, step: Step) -> Sample:
        number, name = len(self._samples), step.cell.parameters.study
        target, prepared = self._house.targets[step.cell.target], self._prepared[step.cell.workload]
        if name == JOB:
            # A disk of the user's own has no init of isobench's in it.
            take = own_disk.measure if isinstance(prepared.workload, OwnDisk) else measure
            return take(self._writer.id, number, step, target, prepared, self._slots.give(prepared.workload))
        study = find(name)
        beside = {companion: self._prepared[companion] for companion in study.companions}
        stage = Stage(self._house, target, prepared, beside, self._slots.give)
        return recorded(self._writer.id, number, step, lambda record: study.take(record, step, stage))

    def _close(self, interrupted: bool) -> dict[str, Any]:
        plan, wall = self._plan, time.monotonic() - self._began
        lives = sum(sample.duration for sample in self._samples[self._resumed :])
        found = stops(plan.rule, plan.headlines, plan.cells, self._samples, "interrupted" if interrupted else "budget")
        unfinished = interrupted or any(stop.reason == "budget" for stop in found)
        return self._meta | {
            "state": "interrupted" if interrupted else "out of budget" if unfinished else "complete",
            "ended_at": record.now(),
            "wall_seconds": self._before + wall,
            "stopped": record.stopped_table(found),
            "shares": {
                "samples": lives / wall,
                "settling": self._settling / wall,
                "around_samples": (self._inside - lives) / wall,
                "between_samples": (wall - self._inside) / wall,
            },
        }


def _drop_caches() -> None:
    os.sync()
    Path("/proc/sys/vm/drop_caches").write_text("3")
