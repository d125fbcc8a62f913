"""Whether an instance's limits hold: each is proven by a bounded attempt to go beyond it."""

from __future__ import annotations

import time
from dataclasses import dataclass

from isobench.errors import SampleError
from isobench.studies.attempts import Attempts, largest
from isobench.targets.base import Instance, Slot

_SPIN = 1.0
_TOLERANCE = 1.15
"""Times the cores: the account of a control group is read a little after its time was taken."""
_MORE = 64
"""Processes beyond the limit that are tried."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What was tried and whether it held, by limit: ``cpus``, ``memory`` and, where there is one, ``processes``."""

    held: dict[str, bool]
    alive: bool = True
    """Whether the instance has survived; some engines end the whole of it when its memory runs out."""

    @property
    def hold(self) -> bool:
        """Whether all of them held."""
        return all(self.held.values())


def prove(attempts: Attempts, instance: Instance, slot: Slot, memory: int, processes: int | None) -> Limits:
    """Try to go beyond the limits of a running instance: ``memory`` in bytes, ``processes`` or None for no such limit.

    The attempts are bounded by themselves: some processes more than the limit, a second of computing on twice the
    cores, twice the memory. Memory comes last, for it may end the instance.
    """
    held = {}
    if processes is not None:
        held["processes"] = _processes_hold(attempts, processes)
    held["cpus"] = _cpus_hold(attempts, instance, len(slot.placement.instance))
    held["memory"], alive = _memory_holds(attempts, memory)
    return Limits(held, alive)


def _processes_hold(attempts: Attempts, limit: int) -> bool:
    return 0 < largest(attempts.make("fork", 0.1, limit + _MORE), "most") <= limit


def _cpus_hold(attempts: Attempts, instance: Instance, cores: int) -> bool:
    """Compute on twice as many threads as there are cores: the host's account tells what they got."""
    began, before = time.monotonic(), instance.cgroup.cpu_seconds()
    attempts.make("spin", _SPIN, 2 * cores)
    took, used = time.monotonic() - began, instance.cgroup.cpu_seconds() - before
    return 0 < used <= cores * took * _TOLERANCE


def _memory_holds(attempts: Attempts, limit: int) -> tuple[bool, bool]:
    run = attempts.begin("memory", 0, 2 * limit)
    try:
        ended = attempts.await_end(run)
    except SampleError as error:
        if error.outcome != "died":
            raise
        return largest(attempts.said(run), "taken") < limit, False
    return (ended.signaled or ended.code != 0) and largest(attempts.said(run), "taken") < limit, True
