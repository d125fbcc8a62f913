"""What every measuring run stands in: the host's lock, a clean host, open engines, and a clean host again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from isobench.clean import clean
from isobench.errors import HarnessError, IsobenchError, UsageError, engine_words
from isobench.host import lock, memory
from isobench.host.paths import Paths
from isobench.house import House, house
from isobench.model import TargetSpec, Workload

Say = Callable[[str], None]


@contextmanager
def premises(
    paths: Paths, targets: Sequence[TargetSpec], workloads: Sequence[Workload], say: Say, *, wait: bool
) -> Iterator[House]:
    """Hold the measuring lock and an open house; with ``wait`` queue behind another run.

    Raises UsageError where another run measures or memory is short, HarnessError (one line) for an engine's own error.
    """
    with lock.measuring(paths.run, wait=wait, waiting=lambda holder: say(f"waiting for {holder}")):
        # The lock is ours, so whoever left these is dead.
        for leftover in clean(paths):
            say(f"a killed run had left {leftover}: removed")
        for workload in workloads:
            if reason := memory.short(workload.resources.memory):
                raise UsageError(reason, where=workload.name, mend="end other programs, or lower resources.memory")
        try:
            with house(paths, targets, say) as opened:
                yield opened
        except Exception as error:
            if isinstance(error, IsobenchError) or (words := engine_words(error)) is None:
                raise
            raise HarnessError(words, mend="see `isobench doctor`") from error
        finally:
            # A signal is raised between any two steps: also between making a thing and noting that it was made.
            for leftover in clean(paths):
                say(f"this run had left {leftover}: removed")
