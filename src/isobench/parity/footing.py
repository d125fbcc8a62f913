"""Equal footing within one session: same bits, same work, same limits, same cache state on every target."""

from __future__ import annotations

from dataclasses import dataclass

from isobench.model import Cell
from isobench.parity.difference import Line, pairs, same
from isobench.parity.fields import ParityRecord
from isobench.parity.reader import of_session
from isobench.store.reader import SessionRecord


@dataclass(frozen=True, slots=True)
class Footing:
    """Two targets of one workload: what is the same, what each declares as its own, and what should be the same.

    ``declared`` holds the system layers (kernel, initramfs, init) beside kind, options and tools; ``broken`` is
    empty on equal footing.
    """

    common: tuple[Line, ...]
    declared: tuple[Line, ...]
    broken: tuple[Line, ...]
    unknown: tuple[Line, ...]

    @property
    def equal(self) -> bool:
        """Whether nothing that should be the same differs."""
        return not self.broken


def footing(a: ParityRecord, b: ParityRecord) -> Footing:
    """Return how two targets of one session stand to each other; raises ValueError on two workloads."""
    if a.workload != b.workload:
        raise ValueError(f"{a.workload} and {b.workload} are two workloads: footing is between targets of one")
    found: dict[str, list[Line]] = {"common": [], "declared": [], "broken": [], "unknown": []}
    for field, line in pairs(a, b):
        own = field.metadata["within"] == "own"
        if same(line) and line.a is not None:
            found["common"].append(line)
        elif own:
            found["declared"].append(line)
        else:
            found["unknown" if None in (line.a, line.b) else "broken"].append(line)
    return Footing(*(tuple(found[name]) for name in ("common", "declared", "broken", "unknown")))


def footings(session: SessionRecord, reference: str = "docker") -> dict[tuple[Cell, Cell], Footing]:
    """Return each cell's footing against the same workload's on ``reference`` (its first target without that)."""
    records = of_session(session)
    found: dict[tuple[Cell, Cell], Footing] = {}
    for cell, record in records.items():
        others = [c for c in records if (c.workload, c.parameters) == (cell.workload, cell.parameters)]
        against = next((c for c in others if c.target == reference), others[0])
        if against != cell:
            found[against, cell] = footing(records[against], record)
    return found
