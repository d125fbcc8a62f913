"""Proportional set sizes of processes, from /proc."""

from __future__ import annotations

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
