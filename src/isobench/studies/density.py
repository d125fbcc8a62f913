"""``density``: how many idle instances a host holds, what each further one costs it, and how many start at once."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from isobench.errors import SampleError, engine_words
from isobench.host import memory
from isobench.metrics.density import AT_ONCE
from isobench.model import Settings, TargetSpec, Workload
from isobench.plan import Step
from isobench.runner.measure import SETTLE
from isobench.runner.recording import Curve, Record
from isobench.studies.crowd import Crowd, Guard
from isobench.studies.study import Stage

MAX_INSTANCES, FLOOR = "max_instances", "floor"
_LEAST_POINTS = 3
"""Points that a slope with an interval needs."""
_DROP_CACHES = Path("/proc/sys/vm/drop_caches")
_KSM = Path("/sys/kernel/mm/ksm/run")


@dataclass(frozen=True, slots=True)
class Slope:
    """Bytes that the host has less for each further instance, with its 95 % interval."""

    drop: float
    low: float
    high: float


class DensityStudy:
    """Idle instances one after another up to a limit or the host's floor; before that, several at once."""

    summary = "idle instances up to a limit or the host's floor: memory of each further one; several started at once"
    workloads = ("idle",)
    companions = ()
    samples = 1
    lives = 40.0
    # In a full session beside all else ten tell the slope; --density asks for more.
    settings: Settings = ((MAX_INSTANCES, 10), (FLOOR, 2 << 30))
    in_full = True

    def unsuitable(self, spec: TargetSpec, workload: Workload) -> str | None:
        """Return None: every instance takes memory of the host."""
        return None

    def take(self, record: Record, step: Step, stage: Stage) -> None:
        """Fill the record of one sample; the guard keeps the host above its floor throughout."""
        told = dict(step.cell.parameters.settings)
        guard = Guard(told[FLOOR], stage.prepared.workload.resources.memory)
        # Instances that start together wait for one another's cores: that is no noise.
        record.intended |= {"cpu_pressure", "run_queue"}
        record.request()
        record.facts["rootfs_digest"] = stage.prepared.rootfs.digest
        record.facts["memory_limit"] = guard.limit
        record.facts["ksm"] = ksm()
        start_at_once(record, stage, guard, told[MAX_INSTANCES])
        with Crowd(record, stage, guard) as crowd:
            available, bound = fill(crowd, told[MAX_INSTANCES])
            record.at("done")
        record.at("removed")
        record.facts["density_bound"] = bound
        count(record, available, guard.floor, reached=bound == FLOOR)


def start_at_once(record: Record, stage: Stage, guard: Guard, most: int) -> None:
    """Start 1, 2, 5 and 10 at once, each time on an empty host: ``start_time_at_n``, ``starts_per_second``."""
    points = []
    for number in AT_ONCE:
        name = f"start_time_at_{number}"
        with Crowd(record, stage, guard) as crowd:
            if number > most:
                record.absent[name] = f"no more than {most} instances were asked for"
            elif not crowd.room(number):
                record.absent[name] = "the host's floor leaves no room for so many"
            else:
                seen = crowd.add_at_once(number)
                record.metrics[name] = median(one.events["ready"] / 1e9 for one in seen)
                points.append((float(number), record.metrics[name]))
                if number == AT_ONCE[-1]:
                    record.metrics["starts_per_second"] = rate(seen)
    record.curves["start_time_at_n"] = tuple(points)
    if "starts_per_second" not in record.metrics:
        record.absent["starts_per_second"] = record.absent[f"start_time_at_{AT_ONCE[-1]}"]


def rate(seen: Sequence[Record]) -> float:
    """Return starts a second of instances that were asked for at once: first request → last ready."""
    first = min(one.request_ns for one in seen)
    last = max(one.request_ns + one.events["ready"] for one in seen)
    return len(seen) / ((last - first) / 1e9)


def fill(crowd: Crowd, most: int) -> tuple[list[int], str]:
    """Add instance after instance; return the bytes available with 0, 1, 2 … of them, and what ended it.

    That is ``max_instances``, ``floor``, or in words how the next instance failed.
    """
    found = [_available()]
    while len(found) <= most:
        if not crowd.room():
            return found, FLOOR
        try:
            crowd.add()
        except SampleError as error:
            return found, error.line()
        except Exception as error:
            if (words := engine_words(error)) is None:
                raise
            return found, words
        time.sleep(SETTLE)
        found.append(_available())
    return found, MAX_INSTANCES


def count(record: Record, available: Sequence[int], floor: int, *, reached: bool) -> None:
    """Put the curve, ``host_available_drop`` and ``density`` into a record; raises SampleError on too few points."""
    record.curves["host_available_drop"] = curve(available)
    if len(available) < _LEAST_POINTS:
        why = record.facts["density_bound"]
        raise SampleError("failed", f"{len(available) - 1} instances tell no slope: {why}")
    slope = slope_of(available)
    record.metrics["host_available_drop"] = slope.drop
    record.facts["host_available_drop_low"], record.facts["host_available_drop_high"] = slope.low, slope.high
    if slope.low > 0:
        record.metrics["density"] = (available[0] - floor) / slope.drop
        record.facts["density_extrapolated"] = not reached
    else:
        record.absent["density"] = "an instance's share is lost in what else the host's memory does"


def curve(available: Iterable[int]) -> Curve:
    """Return the points (instances, bytes available)."""
    return tuple((float(number), float(there)) for number, there in enumerate(available))


def slope_of(available: Sequence[int]) -> Slope:
    """Return the robust slope of bytes available with 0, 1, 2 … instances, as a fall.

    Theil's and Sen's: the median of the slopes of all pairs of points, with Sen's interval (JASA 63, 1968), by SciPy.
    """
    from scipy.stats import theilslopes

    found = theilslopes(available, range(len(available)), 0.95)
    return Slope(-float(found.slope), -float(found.high_slope), -float(found.low_slope))


def ksm() -> str:
    """Return whether the kernel merges equal pages of processes now: ``on``, ``off`` or ``none``."""
    try:
        return "on" if _KSM.read_text().strip() == "1" else "off"
    except OSError:
        return "none"


def _available() -> int:
    os.sync()
    _DROP_CACHES.write_text("3")
    return memory.available()


STUDY = DensityStudy()
