"""Many instances of one workload at a time, each ready before the next is asked for or all asked for at once."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from isobench.host import memory
from isobench.runner.measure import queue, start
from isobench.runner.recording import Record
from isobench.studies.study import Stage
from isobench.targets.base import Instance

RESERVE = 256 << 20
"""Bytes that one more instance may take beside its memory limit: the VMM, the engine and the kernel's own."""


@dataclass(frozen=True, slots=True)
class Guard:
    """Keeps the host above its floor: an instance begins only where all that it may take is there above it.

    ``floor`` and ``limit`` in bytes; ``limit`` is an instance's memory limit, which bounds it from its first moment.
    """

    floor: int
    limit: int

    def admits(self, available: int, count: int = 1) -> bool:
        """Return whether so many more instances may begin."""
        return available - count * (self.limit + RESERVE) >= self.floor


class Crowd:
    """Instances that live until its end; a context manager that removes all of them, the youngest first.

    What they have computed is the record's, so that it is not taken for noise.
    """

    def __init__(self, record: Record, stage: Stage, guard: Guard) -> None:
        self._record, self._stage, self._guard = record, stage, guard
        self._stack = ExitStack()
        self._living: list[Instance] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._record.cpu = (self._record.cpu or 0.0) + sum(_cpu_seconds(instance) for instance in self._living)
        self._stack.close()

    def room(self, count: int = 1) -> bool:
        """Return whether the guard lets so many more begin now."""
        return self._guard.admits(memory.available(), count)

    def add(self) -> Record:
        """Start one more; return what was seen of it, once it is ready. Raises SampleError where it does not get so."""
        return self._begin(self._enter())

    def add_at_once(self, count: int) -> Sequence[Record]:
        """Ask for so many at once, from as many threads; return what was seen of each. Raises the first one's error."""
        instances = [self._enter() for _ in range(count)]
        seen: list[Record] = []
        errors: list[BaseException] = []
        together = threading.Barrier(count)

        def one(instance: Instance) -> None:
            try:
                together.wait()
                seen.append(self._begin(instance))
            except BaseException as error:  # raised below, in the thread that asked
                errors.append(error)

        threads = [
            threading.Thread(target=one, args=(instance,), name="isobench start", daemon=True) for instance in instances
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if errors:
            raise errors[0]
        return seen

    def _enter(self) -> Instance:
        prepared = self._stage.prepared
        instance = self._stack.enter_context(self._stage.target.instance(prepared, self._stage.slot(prepared.workload)))
        self._living.append(instance)
        return instance

    def _begin(self, instance: Instance) -> Record:
        seen = Record()
        queue(instance, self._stage.prepared)
        start(seen, instance, self._stage.prepared)
        return seen


def _cpu_seconds(instance: Instance) -> float:
    try:
        return instance.cgroup.cpu_seconds()
    except OSError:
        return 0.0
