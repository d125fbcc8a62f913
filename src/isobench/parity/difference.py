"""Two parity records line by line: what is common, what changed, and what forbids a comparison (principle 2)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import Field, dataclass, fields
from typing import Any

from isobench.model.sample import Fact
from isobench.parity.fields import ParityRecord

MEMORY_TOLERANCE = 0.05
"""A kernel keeps some memory for itself, another one more: hosts within 5 % are of one class."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of two records: its name (``versions.docker``) and what A and B say; None is unknown."""

    field: str
    a: Fact
    b: Fact


@dataclass(frozen=True, slots=True)
class Comparison:
    """What two cells have in common, what may be the subject of a change, what forbids to compare them, and what
    only one of them tells."""

    common: tuple[Line, ...]
    subject: tuple[Line, ...]
    incomparable: tuple[Line, ...]
    unknown: tuple[Line, ...]

    def refusals(self, metric: str | None = None) -> tuple[Line, ...]:
        """Return the lines that forbid to compare the cells, or this metric of theirs (another definition)."""
        return tuple(
            line for line in self.incomparable if not _of_definition(line) or line.field == f"metrics.{metric}"
        )

    @property
    def forbidden(self) -> bool:
        """Whether no one may allow it: a time under emulation is never compared with one under KVM."""
        return any(line.field == "acceleration" for line in self.incomparable)


def compare(a: ParityRecord, b: ParityRecord) -> Comparison:
    """Return how two cells stand to each other across sessions or variants; their names play no part."""
    found: dict[str, list[Line]] = {"common": [], "subject": [], "class": [], "unknown": []}
    for field, line in pairs(a, b):
        found[_place(field, line)].append(line)
    return Comparison(*(tuple(found[name]) for name in ("common", "subject", "class", "unknown")))


def pairs(a: ParityRecord, b: ParityRecord) -> Iterator[tuple[Field[Any], Line]]:
    """Yield every line that at least one of the records tells, tables entry by entry."""
    for field in fields(ParityRecord):
        if not field.metadata:
            continue
        left, right = getattr(a, field.name), getattr(b, field.name)
        if isinstance(left, dict) and isinstance(right, dict):
            absent = "none" if field.metadata["whole"] else None
            for name in sorted({*left, *right}):
                line = Line(f"{field.name}.{name}", left.get(name, absent), right.get(name, absent))
                if (line.a, line.b) != (None, None):
                    yield field, line
        elif isinstance(left, dict) or isinstance(right, dict):
            yield field, Line(field.name, _kept(left), _kept(right))
        elif left is not None or right is not None or field.name == "acceleration":
            yield field, Line(field.name, left, right)


def same(line: Line) -> bool:
    """Return whether both say the same."""
    if line.field == "host_memory" and isinstance(line.a, int) and isinstance(line.b, int):
        return abs(line.a - line.b) <= MEMORY_TOLERANCE * max(line.a, line.b)
    return line.a == line.b


def _place(field: Field[Any], line: Line) -> str:
    if line.a is None or line.b is None:
        # Without knowing it, nobody can say that emulation is not compared with virtualisation.
        return "class" if line.field == "acceleration" else "unknown"
    return "common" if same(line) else str(field.metadata["between"])


def _of_definition(line: Line) -> bool:
    return line.field.startswith("metrics.")


def _kept(value: object) -> Fact:
    return None if value is None else "recorded"
