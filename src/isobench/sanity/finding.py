"""What a rule found."""

from __future__ import annotations

from dataclasses import dataclass

_SHOWN = 8


@dataclass(frozen=True, slots=True)
class Finding:
    """Nonsense in one cell: the rule's name, what was seen and what it likely means, and the samples concerned.

    ``samples`` is empty where the finding is about medians.
    """

    rule: str
    workload: str
    target: str
    words: str
    samples: tuple[int, ...] = ()

    def line(self) -> str:
        """Return the whole finding as one line."""
        numbers = ", ".join(map(str, self.samples[:_SHOWN])) + (" …" if len(self.samples) > _SHOWN else "")
        which = f" (sample {numbers})" if self.samples else ""
        return f"{self.workload} on {self.target}: {self.words}{which}"
