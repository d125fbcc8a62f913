"""``neighbour``: how much a workload is slowed down by a neighbour of the same kind that does all it may."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import count

from isobench.errors import HarnessError, SampleError
from isobench.host import cpus
from isobench.host.cpus import cpu_list
from isobench.metrics import METRICS
from isobench.metrics.isolation import HOGS
from isobench.model import Job, Settings, TargetSpec, Workload
from isobench.plan import Step
from isobench.runner import jobs
from isobench.runner.measure import end, placeholders, queue, start
from isobench.runner.recording import Record
from isobench.studies.attempts import Attempts
from isobench.studies.limits import Limits, prove
from isobench.studies.study import Stage
from isobench.targets.base import Instance, Slot

_LONGEST = 120.0
"""Seconds after which a hog ends by itself, whatever happens."""
_FILE = 64 << 20
_MOST_CHILDREN = 10_000
"""Processes that a fork bomb would have, were there no limit."""
_BEGUN = {"cpu": "spinning", "memory": "taken", "disk": "writing", "fork": "forked"}
"""The word with which each hog says that it is at it."""
_KEPT = 4096


@dataclass(frozen=True, slots=True)
class Measured:
    """An instance that is measured, and the job whose first figure is asked for."""

    bench: jobs.Bench
    job: Job
    length: str
    runs: count[int]

    def figure(self, record: Record) -> float:
        """Do the job once; return its first figure. The job is kept with the sample."""
        done, mark = jobs.carry_out(self.bench, self.job, next(self.runs), self.length)
        next(self.runs)
        record.jobs.append(done)
        if mark:
            record.marks.add(mark)
        return jobs.figures(self.job, done)[self.job.metrics[0].name]


class NeighbourStudy:
    """A workload's first job alone, then beside a hog: for each hog in turn, within one instance."""

    summary = "how much a workload is slowed down by a neighbour that computes, fills memory, writes or forks"
    workloads = ("cpu", "disk")
    companions = ()
    samples = 3
    settings: Settings = ()
    in_full = True

    def unsuitable(self, spec: TargetSpec, workload: Workload) -> str | None:
        """Return why a workload has nothing that could be slowed down."""
        return None if workload.jobs and workload.jobs[0].metrics else "it has no job with a figure"

    def take(self, record: Record, step: Step, stage: Stage) -> None:
        """Fill the record of one sample. A hog begins only where the limits of the instance it is in have held."""
        prepared = stage.prepared
        slot = stage.slot(prepared.workload)
        with stage.target.instance(prepared, slot) as instance:
            try:
                user = queue(instance, prepared)
                start(record, instance, prepared)
                record.facts["rootfs_digest"] = prepared.rootfs.digest
                record.facts["cpuset"] = cpu_list(slot.placement.instance)
                record.facts["memory_limit"] = prepared.workload.resources.memory
                record.facts |= instance.facts()
                given = placeholders(instance, prepared, slot, record)
                bench = jobs.Bench(instance, prepared, slot, user, given, record.request_ns)
                with neighbour(record, stage, slot) as (hog, limits):
                    measured = Measured(bench, prepared.workload.jobs[0], step.cell.parameters.length, count(2))
                    compare(record, measured, hog, prepared.workload, limits)
                    computed = hog.cgroup.cpu_seconds()
                record.at("done")
                end(record, step, instance)
                # What the hog did is no noise: it is what was asked for.
                record.cpu = (record.cpu or 0.0) + computed
            finally:
                record.output = instance.channel.said(_KEPT).decode("utf-8", "replace")


def compare(record: Record, measured: Measured, hog: Instance, workload: Workload, limits: Limits) -> None:
    """Do the job alone and beside each hog that is allowed: ``neighbour_slowdown_*``."""
    better = METRICS[measured.job.metrics[0].name].direction
    attempts = Attempts(hog.channel)
    for name in HOGS:
        figure = f"neighbour_slowdown_{name}"
        if reason := refusal(name, limits):
            record.absent[figure] = reason
            continue
        alone = measured.figure(record)
        run = attempts.begin(*words(name, workload))
        try:
            attempts.await_word(run, _BEGUN[name])
        except SampleError as error:
            if error.outcome != "failed":
                raise
            record.absent[figure] = f"there is no such hog here: {' '.join(attempts.raw(run).split())}"
            continue
        beside = measured.figure(record)
        if not attempts.end(run, signal.SIGKILL).signaled:
            raise SampleError("failed", f"the neighbour's hog {name} ended before the job beside it")
        record.metrics[figure] = alone / beside if better == "higher" else beside / alone


def words(hog: str, workload: Workload) -> tuple[str | float, ...]:
    """Return the attempt that makes a hog of a neighbour that has this workload's limits and volume."""
    match hog:
        case "cpu":
            return ("spin", _LONGEST, workload.resources.vcpus or os.cpu_count() or 1)
        case "memory":
            return ("memory", _LONGEST, workload.resources.memory // 2)
        case "disk":
            volume = workload.volume
            size = volume.size if volume else workload.resources.disk
            return ("disk", _LONGEST, f"{volume.path if volume else ''}/hog", min(_FILE, size // 8))
        case "fork":
            return ("fork", _LONGEST, _MOST_CHILDREN)
        case _:
            raise HarnessError(f"there is no hog {hog} in {workload.name}")


def refusal(hog: str, limits: Limits) -> str | None:
    """Return why a hog may not begin, or None: its instance's limits have held, a fork bomb's also of processes."""
    if broken := [name for name, held in limits.held.items() if not held]:
        return f"a neighbour's limits do not hold here: {', '.join(broken)}"
    if hog == "fork" and "processes" not in limits.held:
        return "no limit of processes holds a fork bomb here"
    return None


@contextmanager
def neighbour(record: Record, stage: Stage, measured: Slot) -> Iterator[tuple[Instance, Limits]]:
    """Have a neighbour whose limits were tried; the trial itself is made in one that is gone by then.

    It is on the cores that the measured instance is not on, where there are any: so what is found is what a host's
    instances share besides their cores. Fact ``neighbour_cpuset``.
    """
    limit = stage.target.spec.options.get("pids_limit")
    with _beside(stage, measured) as (tried, slot):
        limits = prove(
            Attempts(tried.channel),
            tried,
            slot,
            stage.prepared.workload.resources.memory,
            int(limit) if limit else None,
        )
    with _beside(stage, measured) as (hog, slot):
        record.facts["neighbour_cpuset"] = cpu_list(slot.placement.instance)
        record.facts["neighbour_limits"] = ", ".join(name for name, held in limits.held.items() if held)
        yield hog, limits


@contextmanager
def _beside(stage: Stage, measured: Slot) -> Iterator[tuple[Instance, Slot]]:
    prepared = stage.prepared
    slot = stage.slot(prepared.workload)
    others = tuple(core for core in cpus.usable() if core not in measured.placement.instance)
    own = (others or measured.placement.instance)[: prepared.workload.resources.vcpus]
    slot = replace(slot, placement=replace(slot.placement, instance=own))
    with stage.target.instance(prepared, slot) as instance:
        queue(instance, prepared)
        start(Record(), instance, prepared)
        yield instance, slot


STUDY = NeighbourStudy()
