"""A claim, and what a session answers to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Answer = Literal["supported", "qualified", "contradicted", "not decidable"]
"""``qualified``: true with a reservation, which the evidence names."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What is said, by whom, and the figures and facts that decide it. ``id`` names its rule."""

    id: str
    said: str
    by: str
    decided_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """A rule's answer and its evidence: one line with figures, intervals and where they come from."""

    answer: Answer
    evidence: str


@dataclass(frozen=True, slots=True)
class Judged:
    """A claim with what one session answers to it."""

    claim: Claim
    answer: Answer
    evidence: str


def supported(evidence: str) -> Verdict:
    """Return that the claim holds in this session."""
    return Verdict("supported", evidence)


def qualified(evidence: str) -> Verdict:
    """Return that the claim holds with the reservation that the evidence names."""
    return Verdict("qualified", evidence)


def contradicted(evidence: str) -> Verdict:
    """Return that this session shows the contrary."""
    return Verdict("contradicted", evidence)


def undecidable(reason: str) -> Verdict:
    """Return that this session cannot decide it, and why."""
    return Verdict("not decidable", reason)
