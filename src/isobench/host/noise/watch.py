"""Watching the host for a while: its noise second by second, and a jitter probe meanwhile (``doctor --noise``)."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

from isobench.host.noise.bounds import Bounds, exceeded
from isobench.host.noise.probe import Jitter, Probe, pinned
from isobench.host.noise.reading import NoiseReading
from isobench.host.noise.resolve import SIZES, Resolution, resolution

_WINDOW = 1.5
_REPETITIONS = 10


@dataclass(frozen=True, slots=True)
class Figure:
    """A noise figure over the windows of a watch."""

    median: float
    worst: float


@dataclass(frozen=True, slots=True)
class Watch:
    """What was seen in ``seconds``; ``loud`` counts the windows over a bound, ``reasons`` are the worst."""

    seconds: float
    core: int
    figures: dict[str, Figure]
    windows: int
    loud: int
    reasons: tuple[str, ...]
    jitter: Jitter
    resolutions: tuple[Resolution, ...]


def watch(seconds: float, bounds: Bounds, tick: Callable[[float], None] = lambda _: None) -> Watch:
    """Watch for ``seconds``: a window each 1.5 s, with ten repetitions of 10 ms of work and idle else.

    ``tick`` is told the seconds that are left. The probe runs on the last core, where instances do.
    """
    core = max(os.sched_getaffinity(0))
    count = max(round(seconds / _WINDOW), 1)
    noise: list[dict[str, float]] = []
    times: list[float] = []
    began = time.monotonic()
    with pinned(core):
        probe = Probe()
        for number in range(1, count + 1):
            before = NoiseReading.now()
            times += probe.burst(_REPETITIONS)
            time.sleep(max(began + seconds * number / count - time.monotonic(), 0))
            noise.append(before.until(NoiseReading.now(), instance_cpu=0.0))
            tick(max(began + seconds - time.monotonic(), 0))
    jitter = Jitter.of(times)
    figures = {name: _figure(name, [window[name] for window in noise]) for name in noise[0]}
    return Watch(
        seconds=time.monotonic() - began,
        core=core,
        figures=figures,
        windows=count,
        loud=sum(bool(exceeded(window, bounds)) for window in noise),
        reasons=exceeded({name: figure.worst for name, figure in figures.items()}, bounds),
        jitter=jitter,
        resolutions=tuple(resolution(jitter.spread, samples) for samples in SIZES),
    )


def _figure(name: str, values: list[float]) -> Figure:
    worst = min if name == "frequency_hz" else max
    return Figure(statistics.median(values), worst(values))
