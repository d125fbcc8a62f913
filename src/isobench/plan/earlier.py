"""What earlier sessions on the same host tell of the cells of a plan."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from isobench.model import Cell, Sample
from isobench.store.reader import SessionRecord

_HOST = ("cpu_model", "architecture", "cores", "memory_bytes")
"""What of ``environment`` makes two hosts one, to the end of telling time."""
_ENOUGH = 3
"""Measured samples with a cell's own parameters, beyond which older sessions are not asked."""
_AROUND = 1.05
"""Wall time over the time inside samples, where no session tells."""


@dataclass(frozen=True, slots=True)
class Earlier:
    """Samples of the plan's workloads on its targets, whatever their length and cache; ``around`` as in a session.

    ``acceleration`` is what the targets' last session here had.
    """

    samples: tuple[Sample, ...] = ()
    acceleration: Mapping[str, str] = field(default_factory=dict)
    around: float = _AROUND


def earlier(records: Iterable[SessionRecord], cells: Iterable[Cell], environment: Mapping[str, Any]) -> Earlier:
    """Return what sessions, newest first, tell; they are read only until every cell is known by its own samples."""
    missing = dict.fromkeys(cells, _ENOUGH)
    wanted = {(cell.workload, cell.target) for cell in missing}
    samples: list[Sample] = []
    acceleration: dict[str, str] = {}
    around: list[float] = []
    for record in records:
        if not _same_host(record.meta, environment):
            continue
        found = [sample for sample in record.samples if (sample.cell.workload, sample.cell.target) in wanted]
        samples += found
        around += _around(record)
        for sample in found:
            how = sample.facts.get("acceleration")
            acceleration.setdefault(sample.cell.target, str(how or "none"))
            if sample.role == "measured" and sample.cell in missing:
                missing[sample.cell] -= 1
        if all(left <= 0 for left in missing.values()):
            break
    return Earlier(tuple(samples), acceleration, median(around) if around else _AROUND)


def _same_host(meta: Mapping[str, Any], environment: Mapping[str, Any]) -> bool:
    told = meta.get("environment")
    return isinstance(told, dict) and all(told.get(key) == environment.get(key) for key in _HOST)


def _around(record: SessionRecord) -> list[float]:
    lasted, wall = sum(sample.duration for sample in record.samples), record.meta.get("wall_seconds")
    return [wall / lasted] if lasted and isinstance(wall, int | float) and wall >= lasted else []
