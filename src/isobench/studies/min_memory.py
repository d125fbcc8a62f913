"""``min-memory``: the smallest memory limit at which a workload still gets ready."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from isobench.errors import IsobenchError, SampleError, engine_words
from isobench.model import Settings, TargetSpec, Workload
from isobench.plan import Step
from isobench.runner.measure import queue, start
from isobench.runner.recording import Record
from isobench.studies.study import Stage

STEP = 8 << 20
"""Bytes to which the bisection goes down."""


class MinMemoryStudy:
    """Starts an instance with less and less memory, and with more again, until the limit is known to 8 MiB."""

    summary = "the smallest memory limit at which the workload still gets ready, by bisection to 8 MiB"
    workloads = ("idle", "redis")
    companions = ()
    samples = 1
    lives = 7.0
    settings: Settings = ()
    in_full = False

    def unsuitable(self, spec: TargetSpec, workload: Workload) -> str | None:
        """Return None: each target holds a memory limit."""
        return None

    def take(self, record: Record, step: Step, stage: Stage) -> None:
        """Fill the record of one sample; SampleError where it does not get ready with the limit that it declares."""
        record.request()
        record.facts["rootfs_digest"] = stage.prepared.rootfs.digest
        declared = stage.prepared.workload.resources.memory
        tried: list[tuple[float, float]] = []

        def ready(limit: int) -> bool:
            reason = refused(stage, limit)
            tried.append((float(limit), float(reason is None)))
            if reason is not None:
                record.facts["min_memory_below"] = reason
            return reason is None

        if not ready(declared // STEP * STEP):
            raise SampleError("failed", f"not ready with what it declares: {record.facts['min_memory_below']}")
        record.metrics["min_memory"] = float(least(declared // STEP, lambda steps: ready(steps * STEP)) * STEP)
        record.curves["min_memory"] = tuple(tried)
        record.at("done")
        record.at("removed")


def least(enough: int, holds: Callable[[int], bool]) -> int:
    """Return the smallest number from 1 to ``enough`` that holds, by bisection; ``enough`` is known to hold."""
    none = 0
    while enough - none > 1:
        middle = (none + enough) // 2
        if holds(middle):
            enough = middle
        else:
            none = middle
    return enough


def refused(stage: Stage, limit: int) -> str | None:
    """Return why the workload does not get ready within so many bytes of memory, or None. It is gone afterwards."""
    workload = stage.prepared.workload
    prepared = replace(stage.prepared, workload=replace(workload, resources=replace(workload.resources, memory=limit)))
    try:
        with stage.target.instance(prepared, stage.slot(prepared.workload)) as instance:
            queue(instance, prepared)
            start(Record(), instance, prepared)
    except IsobenchError as error:
        return error.line()
    except Exception as error:
        if (words := engine_words(error)) is None:
            raise
        return words
    return None


STUDY = MinMemoryStudy()
