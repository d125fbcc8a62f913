"""The host's noise counters: read before and after a sample, never during, in well under a millisecond."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from isobench.host import cgroup

_CPU = Path("/sys/devices/system/cpu")
_COUNTED = 8
"""The fields of a ``cpu`` line that add up to all time; ``guest`` and ``guest_nice`` are in ``user`` already."""


@dataclass(frozen=True, slots=True)
class NoiseReading:
    """Counters of the host at one instant; None where the host does not keep one."""

    at: float
    ticks: tuple[int, ...]
    running: int | None
    pressure_us: int | None
    swapped: int | None
    thermal: int | None
    frequency: float | None
    own_cpu: float

    @classmethod
    def now(cls) -> NoiseReading:
        """Read the counters."""
        ticks, running = _stat()
        times = os.times()
        return cls(
            at=time.monotonic(),
            ticks=ticks,
            running=running,
            pressure_us=_pressure(),
            swapped=_swapped(),
            thermal=_thermal(),
            frequency=_frequency(),
            own_cpu=times.user + times.system,
        )

    def until(self, later: NoiseReading, *, instance: bool = True) -> dict[str, float]:
        """Return the noise between two readings (docs/noise.md says what each figure is); an unknown one is absent.

        With ``instance=False`` nothing of ours ran but this process, so ``other_cpu`` can be told as well.
        """
        elapsed = max(later.at - self.at, 1e-9)
        ticks = [max(b - a, 0) for a, b in zip(self.ticks, later.ticks, strict=True)]
        total = max(sum(ticks[:_COUNTED]), 1)
        own = (later.own_cpu - self.own_cpu) / elapsed
        figures = {"harness_cpu": own}
        if len(ticks) >= _COUNTED:
            figures["steal"] = ticks[7] / total
        if self.pressure_us is not None and later.pressure_us is not None:
            figures["cpu_pressure"] = (later.pressure_us - self.pressure_us) / 1e6 / elapsed
        if self.running is not None and later.running is not None:
            # Each reading sees its own reader run.
            figures["run_queue"] = max((self.running + later.running) / 2 - 1, 0.0) / (os.cpu_count() or 1)
        if self.swapped is not None and later.swapped is not None:
            figures["swapped_pages"] = float(later.swapped - self.swapped)
        if self.thermal is not None and later.thermal is not None:
            figures["thermal_throttles"] = float(later.thermal - self.thermal)
        if self.frequency is not None and later.frequency is not None:
            figures["frequency_hz"] = (self.frequency + later.frequency) / 2
        if not instance:
            busy = sum(ticks[i] for i in (0, 1, 2, 5, 6)) / total
            figures["other_cpu"] = max(busy - own / (os.cpu_count() or 1), 0.0)
        return figures


def throttling(group: str) -> dict[str, float]:
    """Return how often and how long a CPU quota held back a control group, or a group below it, since it was made.

    ``group`` is relative to the hierarchy (``Cgroup.path``). The kernel counts at the group that bears the quota, so
    the counts of the whole tree are added. Empty where no CPU controller accounts for it.
    """
    top = (cgroup.ROOT if cgroup.version() == 2 else cgroup.ROOT / "cpu") / group
    counts = [dict(_counters(file)) for file in top.rglob("cpu.stat")]
    counts = [count for count in counts if "nr_throttled" in count]
    if not counts:
        return {}
    seconds = sum(c.get("throttled_usec", 0) / 1e6 + c.get("throttled_time", 0) / 1e9 for c in counts)
    return {"throttled_periods": float(sum(c["nr_throttled"] for c in counts)), "throttled_seconds": seconds}


def _counters(file: Path) -> Iterator[tuple[str, int]]:
    try:
        lines = file.read_text().splitlines()
    except OSError:
        return
    for line in lines:
        key, _, value = line.partition(" ")
        yield key, int(value)


def _stat() -> tuple[tuple[int, ...], int | None]:
    lines = Path("/proc/stat").read_text().splitlines()
    running = next((int(line.split()[1]) for line in reversed(lines) if line.startswith("procs_running ")), None)
    return tuple(int(x) for x in lines[0].split()[1:]), running


def _pressure() -> int | None:
    try:
        some = Path("/proc/pressure/cpu").read_text().split("\n", 1)[0]
    except OSError:
        return None
    return int(some.rpartition("total=")[2])


def _swapped() -> int | None:
    counts = [
        int(line.split()[1])
        for line in Path("/proc/vmstat").read_text().splitlines()
        if line.startswith(("pswpin ", "pswpout "))
    ]
    return sum(counts) if counts else None


@cache
def _throttle_files() -> tuple[Path, ...]:
    return tuple(sorted(_CPU.glob("cpu[0-9]*/thermal_throttle/*_throttle_count")))


def _thermal() -> int | None:
    files = _throttle_files()
    return sum(int(file.read_text()) for file in files) if files else None


def _frequency() -> float | None:
    # The last core is an instance's (host/cpus.py). /proc/cpuinfo is no source: in a VM it repeats the nominal clock.
    last = max(os.sched_getaffinity(0))
    try:
        return float((_CPU / f"cpu{last}/cpufreq/scaling_cur_freq").read_text()) * 1000
    except (OSError, ValueError):
        return None
