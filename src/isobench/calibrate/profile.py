"""A host's profile: what its calibration found, kept in ``<cache>/profile.json`` for each class of host.

``load(paths)`` gives this host's profile, ``Profile.resolution`` the resolution of one series' figures.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from isobench.calibrate.latency import Latency
from isobench.calibrate.overhead import Overhead
from isobench.calibrate.power import Power
from isobench.host.facts import environment
from isobench.host.paths import Paths, give_to_caller
from isobench.parity.difference import MEMORY_TOLERANCE

FORMAT = 1
"""The version of profile.json; one of another version is no profile."""
FILE = "profile.json"
RESOLUTION_LEVEL, RESOLUTION_SAMPLES = 0.80, 20
"""What ``resolution`` answers for."""


@dataclass(frozen=True, slots=True)
class HostClass:
    """What makes two hosts comparable; memory is within 5 % of each other's."""

    cpu_model: str
    cores: int
    memory_bytes: int

    @classmethod
    def of(cls, facts: Mapping[str, Any]) -> HostClass | None:
        """Return the class that a session's ``environment`` (or this host's) tells; None where it does not."""
        model, cores, memory = (facts.get(name) for name in ("cpu_model", "cores", "memory_bytes"))
        if isinstance(model, str) and isinstance(cores, int) and isinstance(memory, int):
            return cls(model, cores, memory)
        return None

    def same(self, other: HostClass) -> bool:
        """Return whether the other is of this class."""
        apart = abs(self.memory_bytes - other.memory_bytes)
        most = MEMORY_TOLERANCE * max(self.memory_bytes, other.memory_bytes)
        return (self.cpu_model, self.cores) == (other.cpu_model, other.cores) and apart <= most


@dataclass(frozen=True, slots=True)
class SeriesProfile:
    """One series: shares are of one. ``alarms`` and ``inconclusive`` count the verdicts of ``judged`` comparisons.

    ``samples`` is the median number of values in one of ``sessions`` sessions; ``powers`` is empty where neither way
    is better, or fewer than two sessions have values enough.
    """

    workload: str
    target: str
    metric: str
    emulated: bool
    sessions: int
    samples: float
    within: float | None
    between: float | None
    judged: int
    alarms: int
    inconclusive: int
    powers: tuple[Power, ...]

    def least(self, level: float, samples: int) -> Power | None:
        """Return the least effect found with that power at that many samples, or None where it is not known."""
        return next((power for power in self.powers if (power.level, power.samples) == (level, samples)), None)


@dataclass(frozen=True, slots=True)
class Trials:
    """How many comparisons of A/A sessions there were, and how many had any false alarm."""

    trials: int
    any_headline: int
    any_metric: int


@dataclass(frozen=True, slots=True)
class Profile:
    """What one calibration found. ``folder`` is the name of the folder with its sessions."""

    host: HostClass
    made_at: str
    isobench: str
    gate: str
    folder: str
    sessions: int
    trials: Trials
    series: tuple[SeriesProfile, ...]
    latency: dict[str, Latency]
    overhead: Overhead
    length: str = "quick"
    cache: str = "warm"

    def resolution(self, workload: str, target: str, metric: str) -> float | None:
        """Return the smallest relative effect (0.05 is 5 %) found with 80 % power at 20 samples a side, or None.

        None: the series was not calibrated, neither way is better, or the effect is larger than 50 %.
        """
        for one in self.series:
            if (one.workload, one.target, one.metric) == (workload, target, metric):
                found = one.least(RESOLUTION_LEVEL, RESOLUTION_SAMPLES)
                return found.effect if found else None
        return None


def load(paths: Paths, facts: Mapping[str, Any] | None = None) -> Profile | None:
    """Return the profile of this host, or of the host that a session's ``environment`` tells; None where none is kept.

    A file that cannot be read, or of another version, is no profile: the next calibration replaces it.
    """
    host = HostClass.of(environment(paths.cache) if facts is None else facts)
    return next((one for one in _kept(paths.cache / FILE) if host and one.host.same(host)), None)


def save(profile: Profile, paths: Paths) -> Path:
    """Keep a profile in place of the one of its host class; return the file. Raises OSError where it cannot."""
    file = paths.cache / FILE
    others = [one for one in _kept(file) if not one.host.same(profile.host)]
    write(file, [*others, profile])
    return file


def write(file: Path, profiles: list[Profile]) -> None:
    """Write profiles to a file, whole or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_name(f".{file.name}")
    with fresh.open("w", encoding="utf-8") as to:
        json.dump({"format": FORMAT, "profiles": [asdict(one) for one in profiles]}, to, indent=1, allow_nan=False)
        to.write("\n")
        to.flush()
        os.fsync(to.fileno())
    fresh.rename(file)
    give_to_caller(file)


def _kept(file: Path) -> list[Profile]:
    from pydantic import TypeAdapter, ValidationError

    try:
        document = json.loads(file.read_text(encoding="utf-8"))
        if not isinstance(document, dict) or document.get("format") != FORMAT:
            return []
        return TypeAdapter(list[Profile]).validate_python(document.get("profiles"))
    except (OSError, ValueError, RecursionError, ValidationError):
        return []
