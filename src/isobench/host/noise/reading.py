"""The host's noise counters: read before and after a sample, never during, in well under a millisecond."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from isobench.host.cgroup import files, hierarchy
from isobench.host.noise.blame import Account

_CPU = Path("/sys/devices/system/cpu")
_COUNTED = 8
"""The fields of a ``cpu`` line that add up to all time; ``guest`` and ``guest_nice`` are in ``user`` already."""
_BUSY = (0, 1, 2)
"""The fields that some process or kernel thread ran in; interrupts are nobody's."""
_COSTS = frozenset({
    "dockerd", "containerd", "podman", "libvirtd", "virtqemud", "virtlogd",
    "systemd", "systemd-udevd", "(udev-worker)", "systemd-network", "systemd-resolve", "systemd-journal",
    "systemd-machine", "systemd-logind", "NetworkManager", "dbus-daemon", "dbus-broker", "polkitd", "rsyslogd",
    "avahi-daemon",
})  # fmt: skip
"""Processes whose work is an instance's cost, where control groups do not tell (``blame`` has the groups)."""
_HELPERS = 0.25
"""CPU seconds an instance may cost besides: a runtime's short-lived processes are in nobody's account when they end."""


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
    ours_cpu: float
    account: Account | None = None

    @classmethod
    def now(cls) -> NoiseReading:
        """Read the counters."""
        ticks, running = _stat()
        times = os.times()
        account = Account.now()
        return cls(
            at=time.monotonic(),
            ticks=ticks,
            running=running,
            pressure_us=_pressure(),
            swapped=_swapped(),
            thermal=_thermal(),
            frequency=_frequency(),
            own_cpu=times.user + times.system,
            ours_cpu=times.children_user + times.children_system + (0.0 if account else _costs_cpu()),
            account=account,
        )

    def until(self, later: NoiseReading, *, instance_cpu: float | None = None) -> dict[str, float]:
        """Return the noise between two readings (docs/noise.md says what each figure is); an unknown one is absent.

        ``instance_cpu`` are the CPU seconds that the instance took meanwhile, 0.0 where there was none; None where
        they are not known, and neither then is ``other_cpu``.
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
        cores = os.cpu_count() or 1
        busy = sum(ticks[i] for i in _BUSY) / total
        if self.account and later.account:
            of_groups = self.account.total(later.account) / (elapsed * cores)
            figures["kernel_cpu"] = max(busy - of_groups, 0.0)
            if instance_cpu is not None:
                others = self.account.strangers(later.account, measured=instance_cpu > 0)
                figures["other_cpu"] = others / (elapsed * cores)
        elif instance_cpu is not None:
            ours = own * elapsed + later.ours_cpu - self.ours_cpu + instance_cpu + (_HELPERS if instance_cpu else 0.0)
            figures["other_cpu"] = max(busy - ours / (elapsed * cores), 0.0)
        return figures


def throttling(group: str) -> dict[str, float]:
    """Return how often and how long a CPU quota held back a control group, or a group below it, since it was made.

    ``group`` is relative to the hierarchy (``Cgroup.path``). The kernel counts at the group that bears the quota, so
    the counts of the whole tree are added. Empty where no CPU controller accounts for it.
    """
    top = (hierarchy.ROOT if hierarchy.version() == 2 else hierarchy.ROOT / "cpu") / group
    counts = [_counters(file) for file in (group / "cpu.stat" for group in hierarchy.below(top))]
    counts = [count for count in counts if "nr_throttled" in count]
    if not counts:
        return {}
    seconds = sum(c.get("throttled_usec", 0) / 1e6 + c.get("throttled_time", 0) / 1e9 for c in counts)
    return {"throttled_periods": float(sum(c["nr_throttled"] for c in counts)), "throttled_seconds": seconds}


def _counters(file: Path) -> dict[str, int]:
    try:
        return files.flat(file.read_text())
    except OSError:
        return {}


_seen: dict[str, bool] = {}
"""Each process's number, and whether its work is an instance's cost: so that a reading asks only the new ones."""


def _costs_cpu() -> float:
    """Return the CPU seconds of all processes whose work is an instance's cost: what they do, they do for it."""
    there = {entry.name for entry in Path("/proc").iterdir() if entry.name.isdigit()}
    for gone in _seen.keys() - there:
        del _seen[gone]
    ticks = 0
    for number in there:
        if _seen.get(number, True):
            name, used = _process(number)
            _seen[number] = name in _COSTS
            ticks += used if _seen[number] else 0
    return ticks / os.sysconf("SC_CLK_TCK")


def _process(number: str) -> tuple[str, int]:
    """Return a process's name, and its CPU time in ticks; of one that has ended, nothing."""
    try:
        name, _, rest = Path("/proc", number, "stat").read_text().partition("(")[2].rpartition(")")
    except OSError:
        return "", 0
    return name, sum(int(word) for word in rest.split()[11:13])


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
