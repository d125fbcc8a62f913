"""Proportional set sizes of processes, from /proc."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_HEADER = re.compile(r"^([0-9a-f]+)-([0-9a-f]+) \S{4} ")


@dataclass(frozen=True, slots=True)
class Mapping:
    """One mapping of a process: its size and its proportional share, in bytes."""

    size: int
    pss: int


def pss(pids: Iterable[int]) -> int:
    """Return the sum of Pss, in bytes, over processes; one that has ended counts nothing."""
    total = 0
    for pid in pids:
        try:
            text = Path(f"/proc/{pid}/smaps_rollup").read_text()
        except OSError:
            continue
        total += _kibibytes(text, "Pss")
    return total


def mappings(pid: int) -> list[Mapping]:
    """Return the mappings of a process with their sizes, from /proc/PID/smaps."""
    found: list[Mapping] = []
    size = 0
    for line in Path(f"/proc/{pid}/smaps").read_text().splitlines():
        if header := _HEADER.match(line):
            size = int(header[2], 16) - int(header[1], 16)
        elif line.startswith("Pss:"):
            found.append(Mapping(size=size, pss=int(line.split()[1]) * 1024))
    return found


def _kibibytes(text: str, field: str) -> int:
    for line in text.splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) * 1024
    return 0


def total() -> int:
    """Return the host's memory in bytes."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def available() -> int:
    """Return the bytes of the host's memory that new work can have without swapping, by the kernel's estimate."""
    return _kibibytes(Path("/proc/meminfo").read_text(), "MemAvailable")


def short(wanted: int) -> str | None:
    """Return why an instance of ``wanted`` bytes does not fit on this host now, or None."""
    if wanted <= (free := available()):
        return None
    return f"asks for {wanted >> 20} MiB of memory, of this host's {total() >> 20} MiB only {free >> 20} MiB are free"
