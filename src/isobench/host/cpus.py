"""Which cores an instance gets, and which are left to the client and the harness."""

from __future__ import annotations

import os
from dataclasses import dataclass

from isobench.errors import UsageError


@dataclass(frozen=True, slots=True)
class Placement:
    """The cpuset of an instance and the cores of client and harness; ``shared`` when they had to overlap."""

    instance: tuple[int, ...]
    harness: tuple[int, ...]
    shared: bool


def usable() -> tuple[int, ...]:
    """Return the cores that this process may use, in order."""
    return tuple(sorted(os.sched_getaffinity(0)))


def place(vcpus: int | None, serving: bool, cores: tuple[int, ...]) -> Placement:
    """Give the instance the last ``vcpus`` cores (None: all) and the harness the others.

    A serving workload whose client finds no core of its own is ``shared``. Raises UsageError when the host has
    fewer cores than asked for.
    """
    wanted = len(cores) if vcpus is None else vcpus
    if wanted > len(cores):
        raise UsageError(f"{wanted} vCPUs asked for, the host has {len(cores)}", mend="lower resources.vcpus")
    instance = cores[len(cores) - wanted :]
    others = tuple(core for core in cores if core not in instance)
    return Placement(instance=instance, harness=others or cores[:1], shared=serving and not others)


def cpu_list(cores: tuple[int, ...]) -> str:
    """Return cores in the kernel's list format."""
    return ",".join(str(core) for core in cores)


def parse_list(cores: str) -> tuple[int, ...]:
    """Return the cores of a list in the kernel's format, as in ``0-2,5``."""
    found: list[int] = []
    for part in cores.split(","):
        first, _, last = part.partition("-")
        found += range(int(first), int(last or first) + 1)
    return tuple(found)
