"""What else the host did beside a sample: read before and after, never during."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class NoiseReading:
    """Counters of the host at one instant."""

    at: float
    ticks: tuple[int, ...]
    pressure_us: int
    swapped: int
    own_cpu: float

    @classmethod
    def now(cls) -> NoiseReading:
        """Read the counters."""
        times = os.times()
        return cls(
            at=time.monotonic(),
            ticks=tuple(int(x) for x in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]),
            pressure_us=_pressure(),
            swapped=_swapped(),
            own_cpu=times.user + times.system,
        )

    def until(self, later: NoiseReading) -> dict[str, float]:
        """Return the noise between two readings: shares of 1 except ``run_queue`` and ``swapped_pages``."""
        elapsed = max(later.at - self.at, 1e-9)
        ticks = [b - a for a, b in zip(self.ticks, later.ticks, strict=True)]
        total = max(sum(ticks[:8]), 1)
        figures = {
            "steal": ticks[7] / total,
            "cpu_pressure": (later.pressure_us - self.pressure_us) / 1e6 / elapsed,
            "harness_cpu": (later.own_cpu - self.own_cpu) / elapsed,
            "run_queue": os.getloadavg()[0],
            "swapped_pages": float(later.swapped - self.swapped),
        }
        if (frequency := _frequency()) is not None:
            figures["frequency_hz"] = frequency
        return figures


def _pressure() -> int:
    try:
        some = Path("/proc/pressure/cpu").read_text().splitlines()[0]
    except OSError:
        return 0
    return int(some.rpartition("total=")[2])


def _swapped() -> int:
    lines = Path("/proc/vmstat").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith(("pswpin ", "pswpout ")))


def _frequency() -> float | None:
    try:
        return float(Path("/sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq").read_text()) * 1000
    except OSError:
        return None
