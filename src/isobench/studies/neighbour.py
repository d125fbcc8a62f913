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
from isobench.runner.figures import clock_off
from isobench.runner.measure import end, placeholders, queue, start
from isobench.runner.recording import Record
from isobench.studies.attempts import Attempts
from isobench.studies.limits import Limits, prove
from isobench.studies.study import Stage
from isobench.targets.base import Instance, Slot
from isobench.targets.kind import kinds

_LONGEST = 120.0
"""Seconds after which a hog ends by itself, whatever happens."""
_FILE = 64 << 20
_MOST_CHILDREN = 10_000
"""Processes that a fork bomb would have, were there no limit."""
_BEGUN = {"cpu": "spinning", "memory": "taken", "disk": "writing", "fork": "forked"}
"""The word with which each hog says that it is at it."""
ALONE = "alone"
_KEPT = 4096


@dataclass(frozen=True, slots=True)
class Measured:
    """An instance that is measured, and the job whose first figure is asked for."""

    bench: jobs.Bench
    job: Job
    length: str
    runs: count[int]

    def figure(self, record: Record, beside: str = ALONE) -> float:
        """Do the job once; return its first figure. The job is kept with the sample, under its name and what it is."""
        done, mark = jobs.carry_out(self.bench, self.job, next(self.runs), self.length)
        next(self.runs)  # a job that is repeated otherwise takes the next one
        record.jobs.append(replace(done, name=f"{done.name} {beside}"))
        if mark:
            record.marks.add(mark)
        # Beside a hog on its cores the host may be late to stamp a mark; a guest's clock that is off is so alone too.
        if beside == ALONE and (off := clock_off(done)) is not None:
            raise SampleError("clock", f"the guest's clock ran at {off:.4f} of the host's during {done.name} {beside}")
        return jobs.figures(self.job, done)[self.job.metrics[0].name]


class NeighbourStudy:
    """A workload's first job alone, then beside a hog: for each hog in turn, within one instance."""

    summary = "how much a workload is slowed down by a neighbour that computes, fills memory, writes or forks"
    workloads = ("cpu", "disk")
    companions = ()
    samples = 3
    lives = 15.0
    settings: Settings = ()
    in_full = True

    def unsuitable(self, spec: TargetSpec, workload: Workload) -> str | None:
        """Return why it can have no neighbour, or a workload has nothing that could be slowed down."""
        if not kinds()[spec.kind].traits.several:
            return "two of its instances cannot live at once"
        return None if workload.jobs and workload.jobs[0].metrics else "it has no job with a figure"

    def take(self, record: Record, step: Step, stage: Stage) -> None:
        """Fill the record of one sample. A hog begins only where the limits of the instance it is in have held."""
        prepared = stage.prepared
        slot = stage.slot(prepared.workload)
        if slot.placement.shared:
            record.marks.add("shared-core")
        # Tasks are to wait for a core beside a hog that has the same ones: that is no noise.
        record.intended.add("cpu_pressure")
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
                with neighbour(record, stage, slot) as beside:
                    measured = Measured(bench, prepared.workload.jobs[0], step.cell.parameters.length, count(2))
                    compare(record, measured, beside, prepared.workload)
                record.at("done")
                end(record, step, instance)
                # Nor is what the neighbours have computed.
                record.cpu = (record.cpu or 0.0) + beside.computed
            finally:
                record.output = instance.channel.said(_KEPT).decode("utf-8", "replace")


@dataclass(slots=True)
class Neighbour:
    """What an instance beside the measured one is told, and how the limits of its like have held.

    ``computed`` are the CPU seconds that both have taken, known once they are gone.
    """

    attempts: Attempts
    limits: Limits
    computed: float = 0.0


def compare(record: Record, measured: Measured, beside: Neighbour, workload: Workload) -> None:
    """Do the job beside each hog that is allowed, between two turns alone: ``neighbour_slowdown_*``.

    The first turn of all counts for nothing: it finds caches cold and files unwritten. Each hog's figure stands
    against the mean of those before and after it, so that a host that grows slower meanwhile favours none.
    """
    better = METRICS[measured.job.metrics[0].name].direction
    attempts = beside.attempts
    measured.figure(record, "first")
    before = measured.figure(record)
    for name in HOGS:
        figure = f"neighbour_slowdown_{name}"
        if reason := refusal(name, beside.limits):
            record.absent[figure] = reason
            continue
        run = attempts.begin(*words(name, workload))
        try:
            attempts.await_word(run, _BEGUN[name])
        except SampleError as error:
            if error.outcome != "failed":
                raise
            record.absent[figure] = f"there is no such hog here: {' '.join(attempts.raw(run).split())}"
            continue
        slowed = measured.figure(record, f"beside {name}")
        if not attempts.end(run, signal.SIGKILL).signaled:
            raise SampleError("failed", f"the neighbour's hog {name} ended before the job beside it")
        after = measured.figure(record)
        record.metrics[figure] = slowdown((before + after) / 2, slowed, better)
        before = after


def slowdown(alone: float, beside: float, better: str) -> float:
    """Return how many times as slow a figure is beside a hog; ``better`` is its direction, ``higher`` for a rate."""
    return alone / beside if better == "higher" else beside / alone


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
def neighbour(record: Record, stage: Stage, measured: Slot) -> Iterator[Neighbour]:
    """Have a neighbour whose limits were tried; the trial itself is made in one that is gone by then.

    It is on the cores that the measured instance is not on, where there are any: so what is found is what a host's
    instances share besides their cores. Where the measured one has all of them, they share those too. Facts
    ``neighbour_cpuset`` and ``neighbour_limits``.
    """
    with _beside(stage, measured) as (tried, slot):
        limits = prove(stage, tried, slot, Attempts(tried.channel))
        computed = tried.cgroup.cpu_seconds()
    with _beside(stage, measured) as (instance, slot):
        record.facts["neighbour_cpuset"] = cpu_list(slot.placement.instance)
        record.facts["neighbour_limits"] = ", ".join(name for name, held in limits.held.items() if held)
        found = Neighbour(Attempts(instance.channel), limits)
        yield found
        found.computed = computed + instance.cgroup.cpu_seconds()


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
