"""Whether an instance's limits hold: each is proven by a bounded attempt to go beyond it."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

from isobench.errors import SampleError
from isobench.studies.attempts import Attempts, largest
from isobench.studies.study import Stage
from isobench.targets.base import Instance, Slot

_SPIN = 1.0
_TOLERANCE = 1.15
"""Times the cores: the account of a control group is read a little after its time was taken."""
_MORE = 64
"""Processes beyond the limit that are tried."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What was tried and whether it held: ``memory`` and, where there is such a limit, ``cpus`` and ``processes``."""

    held: dict[str, bool]
    alive: bool = True
    """Whether the instance has survived; some engines end the whole of it when its memory runs out."""

    @property
    def hold(self) -> bool:
        """Whether all of them held."""
        return all(self.held.values())


def prove(stage: Stage, instance: Instance, slot: Slot, attempts: Attempts) -> Limits:
    """Try to go beyond the limits of a running instance of the stage's target and workload.

    The attempts are bounded by themselves: some processes more than the limit, a second of computing on twice the
    cores, twice the memory. Memory comes last, for it may end the instance. An instance that has all of the host's
    cores has no limit of cores, and one whose target names none has no limit of processes: those are not tried.
    """
    held = {}
    if processes := stage.target.spec.options.get("pids_limit"):
        held["processes"] = _processes_hold(attempts, int(processes))
    cores = slot.placement.instance
    if len(cores) < (os.cpu_count() or 1):
        held["cpus"] = _cpus_hold(attempts, instance, cores)
    held["memory"], alive = _memory_holds(attempts, stage.prepared.workload.resources.memory)
    return Limits(held, alive)


def _processes_hold(attempts: Attempts, limit: int) -> bool:
    return 0 < largest(attempts.make("fork", 0.1, limit + _MORE), "most") <= limit


def _cpus_hold(attempts: Attempts, instance: Instance, cores: tuple[int, ...]) -> bool:
    """Compute in twice as many processes as there are cores, all of which ask for every core of the host.

    The host says where they may run then, and its account what they got.
    """
    began, before = time.monotonic(), instance.cgroup.cpu_seconds()
    run = attempts.begin("spin", _SPIN, 2 * len(cores))
    attempts.await_word(run, "spinning")
    allowed = _allowed(instance)
    attempts.await_end(run)
    took, used = time.monotonic() - began, instance.cgroup.cpu_seconds() - before
    return bool(allowed) and allowed <= set(cores) and 0 < used <= len(cores) * took * _TOLERANCE


def _allowed(instance: Instance) -> set[int]:
    """Return the cores on which some thread of the instance may run now."""
    found: set[int] = set()
    for pid in instance.cgroup.pids():
        try:
            for thread in Path(f"/proc/{pid}/task").iterdir():
                found |= os.sched_getaffinity(int(thread.name))
        except OSError:
            continue  # it has ended meanwhile
    return found


def _memory_holds(attempts: Attempts, limit: int) -> tuple[bool, bool]:
    """Take twice the memory; return whether that was not to be had, and whether the instance has survived."""
    run = attempts.begin("memory", 0, 2 * limit)
    refused, alive = True, True
    try:
        ended = attempts.await_end(run)
        refused = ended.signaled or ended.code != 0
    except SampleError as error:
        if error.outcome != "died":
            raise
        alive = False
    # Some of it has to be had: one that could take nothing has not come near its limit.
    return refused and 0 < largest(attempts.said(run), "taken") < limit, alive
