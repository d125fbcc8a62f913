"""What a comparison of variants came to: the findings, how it ended, and the exit code with all that ask for one."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from isobench.ab.blocks import Over
from isobench.gate.document import document as document_of
from isobench.gate.finding import PRECEDENCE, Check, Finding

Ended = Over | Literal["interrupted", "broken"]
ENDED: dict[Ended, str] = {
    "decided": "every headline series is decided",
    "most": "the most blocks that were allowed",
    "budget": "the budget was spent",
    "failing": "nothing is left to compare: what is not decided was given up",
    "interrupted": "interrupted",
    "broken": "the harness failed",
}


@dataclass(frozen=True, slots=True)
class Comparison:
    """Variants against the first of them. ``headlines`` are the series that decide when to stop; ``unavailable`` says
    why a variant cannot run here, ``given_up`` why a cell was; ``broken`` what ended the session before its time, in
    one line."""

    check: Check
    variants: tuple[str, ...]
    headlines: tuple[tuple[str, str], ...]
    ended: Ended
    blocks: int
    seconds: float
    folder: Path
    unavailable: dict[str, str] = field(default_factory=dict)
    given_up: dict[str, str] = field(default_factory=dict)
    broken: str = ""

    @property
    def codes(self) -> tuple[int, ...]:
        """Every exit code that something asks for, in their precedence."""
        failed = self.unavailable or self.given_up
        asked = {*self.check.codes, *((4,) if failed else ()), *((5,) if self.broken else ())}
        return tuple(code for code in PRECEDENCE if code in asked)

    @property
    def exit_code(self) -> int:
        """The one that comes first; 130 where the user interrupted."""
        if self.ended == "interrupted":
            return 130
        return self.codes[0] if self.codes else 0

    @property
    def headline(self) -> str:
        """The whole in one line: the exit code with all that ask for one."""
        said = ", ".join(f"{count} {word}" for word, count in self.check.counts.most_common()) or "no series judged"
        if not self.codes:
            return f"passed: {said}"
        also = f" (also {', '.join(map(str, self.codes[1:]))})" if len(self.codes) > 1 else ""
        return f"failed, exit code {self.codes[0]}{also}: {said}"

    def of_headlines(self) -> list[Finding]:
        """Return the findings of the headline series."""
        return [one for one in self.check.findings if (one.cell.workload, one.metric) in self.headlines]

    def document(self) -> dict[str, Any]:
        """Return the comparison as JSON can hold it: as that of ``isobench check``, with how it ended."""
        return document_of(self.check) | {
            "variants": list(self.variants),
            "headlines": [{"workload": workload, "metric": metric} for workload, metric in self.headlines],
            "ended": self.ended,
            "blocks": self.blocks,
            "seconds": self.seconds,
            "unavailable": self.unavailable,
            "given_up": self.given_up,
            "broken": self.broken,
            "exit_code": self.exit_code,
            "exit_codes": list(self.codes),
        }
