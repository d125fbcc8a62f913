"""What a check found: a verdict a series, and the exit code that follows."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from isobench.gate.decide import Answer
from isobench.model import Cell
from isobench.parity import Line
from isobench.verdict import Verdict

FAILS: dict[Verdict, int] = {"regression": 1, "missing": 4, "incomparable": 4, "error": 4}
"""The exit code that a verdict asks for; ``inconclusive`` asks for 3 where the check is strict."""
PRECEDENCE = (5, 1, 4, 3)


@dataclass(frozen=True, slots=True)
class Again:
    """A suspected regression measured once more: in which session, and its verdict there."""

    session: str
    verdict: Verdict

    @property
    def confirmed(self) -> bool:
        """Whether the second session shows the regression as well."""
        return self.verdict == "regression"


@dataclass(frozen=True, slots=True)
class Finding:
    """One series' verdict. ``accepted`` is the reason of a known change that keeps it from failing; ``refused`` are
    the parity lines that forbid the comparison; ``emulated`` marks a figure on which no claim may rest; ``again`` is
    what came of measuring a suspect once more."""

    cell: Cell
    metric: str
    verdict: Verdict
    reason: str = ""
    answer: Answer | None = None
    refused: tuple[Line, ...] = ()
    accepted: str = ""
    emulated: bool = False
    again: Again | None = None

    @property
    def name(self) -> str:
        """The series as ``workload@target metric``."""
        return f"{self.cell} {self.metric}"


@dataclass(frozen=True, slots=True)
class Check:
    """A session against its baseline: a finding a series, what changed on its footing, and what has to be said."""

    session: str
    baseline: tuple[str, ...]
    findings: tuple[Finding, ...]
    subject: tuple[tuple[Line, tuple[str, ...]], ...] = ()
    notes: tuple[str, ...] = ()
    strict: bool = False

    @property
    def codes(self) -> tuple[int, ...]:
        """Every exit code that some verdict asks for, in their precedence."""
        asked = {FAILS.get(one.verdict, 0) for one in self.findings if not one.accepted}
        if self.strict and any(one.verdict == "inconclusive" for one in self.findings):
            asked.add(3)
        return tuple(code for code in PRECEDENCE if code in asked)

    @property
    def exit_code(self) -> int:
        """The one that comes first; 0 where there is none."""
        return self.codes[0] if self.codes else 0

    @property
    def counts(self) -> Counter[str]:
        """How many series had each verdict; an accepted one stands apart."""
        return Counter(f"{one.verdict}, accepted" if one.accepted else one.verdict for one in self.findings)

    @property
    def headline(self) -> str:
        """The whole in one line: the exit code with all that ask for one."""
        said = ", ".join(f"{count} {word}" for word, count in self.counts.most_common()) or "no series"
        if not self.codes:
            return f"passed: {said}"
        also = f" (also {', '.join(map(str, self.codes[1:]))})" if len(self.codes) > 1 else ""
        return f"failed, exit code {self.codes[0]}{also}: {said}"

    @property
    def confirming(self) -> str:
        """The session that measured suspects once more; empty where there was none."""
        return next((one.again.session for one in self.findings if one.again), "")

    def of(self, *verdicts: Verdict) -> list[Finding]:
        """Return the findings with one of these verdicts."""
        return [one for one in self.findings if one.verdict in verdicts]
