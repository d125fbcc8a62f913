"""A target: where a workload runs, as data."""

from __future__ import annotations

from dataclasses import dataclass, field

Option = str | int | float | bool


@dataclass(frozen=True, slots=True)
class TargetSpec:
    """A kind of engine and its options; a variant is another table in ``targets.toml``, never another class.

    ``default`` says whether a session that names no targets has it. ``full`` are the workloads and
    studies that ``run --full`` has on it; where it is None, all on a default one, none on another.
    """

    name: str
    kind: str
    title: str
    description: str
    isolates: str
    options: dict[str, Option] = field(default_factory=dict)
    default: bool = True
    full: tuple[str, ...] | None = None

    def in_full(self, name: str) -> bool:
        """Return whether a full session that names no targets has this workload or study on it."""
        return self.default if self.full is None else name in self.full
