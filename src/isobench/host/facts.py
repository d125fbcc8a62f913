"""What host this is, without naming it: publishable facts only."""

from __future__ import annotations

import os
import platform
from pathlib import Path

from isobench.host import cgroup, memory
from isobench.model.sample import Fact


def environment(store: Path) -> dict[str, Fact]:
    """Return the host's class and state: CPU, cores, memory, kernel, distribution, and the cache's storage."""
    device, filesystem = backing(store)
    return {
        "cpu_model": cpu_model(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_bytes": memory.total(),
        "last_level_cache_bytes": last_level_cache(),
        "kernel": platform.release(),
        "distribution": _distribution(),
        "architecture": platform.machine(),
        "cgroup_version": cgroup.version(),
        "governor": _read("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
        "smt": _read("/sys/devices/system/cpu/smt/active"),
        "transparent_hugepage": _read("/sys/kernel/mm/transparent_hugepage/enabled"),
        "ksm": _read("/sys/kernel/mm/ksm/run"),
        "virtualised": " hypervisor " in f" {_cpuinfo('flags')} ",
        "storage_device": device,
        "storage_filesystem": filesystem,
        "python": platform.python_version(),
    }


def cpu_model() -> str:
    """Return the CPU's name as the kernel gives it."""
    return _cpuinfo("model name") or platform.machine()


def last_level_cache() -> int:
    """Return the size of the largest CPU cache in bytes, 0 where the kernel does not tell."""
    units = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}
    sizes = [0]
    for path in Path("/sys/devices/system/cpu/cpu0/cache").glob("index*/size"):
        text = path.read_text().strip()
        sizes.append(int(text[:-1]) * units[text[-1]] if text[-1:] in units else int(text or 0))
    return max(sizes)


def backing(folder: Path) -> tuple[str, str]:
    """Return the device and the file system behind a folder."""
    best = ("", "unknown", "unknown")
    target = str(folder.absolute())
    for line in Path("/proc/mounts").read_text().splitlines():
        device, point, filesystem, *_ = line.split()
        inside = target == point or target.startswith(point.rstrip("/") + "/")
        if inside and len(point) >= len(best[0]):
            best = (point, device, filesystem)
    return best[1], best[2]


def _distribution() -> str:
    try:
        return platform.freedesktop_os_release().get("PRETTY_NAME", "unknown")
    except OSError:
        return "unknown"


def _cpuinfo(field: str) -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        key, _, value = line.partition(":")
        if key.strip() == field:
            return value.strip()
    return ""


def _read(path: str) -> str | None:
    try:
        return Path(path).read_text().strip()
    except OSError:
        return None
