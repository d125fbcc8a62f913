"""Fixed work timed again and again on one core: how steady this host computes."""

from __future__ import annotations

import hashlib
import os
import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

TARGET = 0.010
"""Seconds one repetition takes on a quiet core."""

_TRIAL = 2000


@dataclass(frozen=True, slots=True)
class Jitter:
    """What repeated fixed work took, in seconds; ``spread`` is the interquartile range over the median."""

    count: int
    median: float
    spread: float
    worst: float

    @classmethod
    def of(cls, times: Sequence[float]) -> Jitter:
        """Summarise at least two times."""
        lower, middle, upper = statistics.quantiles(times, n=4, method="inclusive")
        return cls(count=len(times), median=middle, spread=(upper - lower) / middle, worst=max(times))


class Probe:
    """A fixed number of hash rounds, about ``TARGET`` long: in cache, without a system call, without the GIL."""

    def __init__(self) -> None:
        # The quickest of a few trials, as only disturbance makes one longer.
        per_round = min(_timed(_TRIAL) for _ in range(5)) / _TRIAL
        self._rounds = max(round(TARGET / per_round), 1)

    def burst(self, count: int) -> list[float]:
        """Do the work ``count`` times back to back; return the seconds of each."""
        return [_timed(self._rounds) for _ in range(count)]


@contextmanager
def pinned(core: int) -> Iterator[None]:
    """Keep this thread on one core."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _timed(rounds: int) -> float:
    began = time.perf_counter()
    hashlib.pbkdf2_hmac("sha256", b"isobench", b"jitter", rounds)
    return time.perf_counter() - began
