"""The gate under trial, and how often it cries wolf: on A/A sessions every alarm is a false one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Protocol

from isobench.calibrate.values import SeriesKey, SessionValues
from isobench.metrics import METRICS
from isobench.verdict import HEADLINE, Verdict, judge

ALARMS: tuple[Verdict, ...] = ("regression", "improvement")


class Gate(Protocol):
    """Judges a session against its baseline. Whatever it corrects over a session's family, it does in ``verdicts``."""

    @property
    def name(self) -> str:
        """What the profile calls it."""

    @property
    def baseline(self) -> int:
        """How many baseline sessions it wants; where fewer were calibrated, it is given all but the judged one."""

    def verdicts(self, baseline: Sequence[SessionValues], session: SessionValues) -> Mapping[SeriesKey, Verdict]:
        """Return the verdict of each series that it can judge; must be the same whenever its input is."""


@dataclass(frozen=True, slots=True)
class CompareGate:
    """The verdicts of ``isobench compare``: each series alone, against one session."""

    name: str = "compare"
    baseline: int = 1

    def verdicts(self, baseline: Sequence[SessionValues], session: SessionValues) -> dict[SeriesKey, Verdict]:
        """Judge every series that both have by ``isobench.verdict.judge``."""
        before = baseline[-1]
        return {
            key: judge(METRICS[key.metric], before[key], values).verdict
            for key, values in session.items()
            if key in before
        }


@dataclass(frozen=True, slots=True)
class Alarms:
    """What a gate said in ``trials`` comparisons of A/A sessions: how many had any alarm, and each series' verdicts."""

    trials: int
    any_headline: int
    any_metric: int
    verdicts: Mapping[SeriesKey, Counter[Verdict]] = field(default_factory=dict)


def trials(sessions: int, baseline: int) -> list[tuple[tuple[int, ...], int]]:
    """Return every choice of a baseline and a judged session, as indices: with one baseline, every ordered pair."""
    numbers = range(sessions)
    return [
        (before, judged)
        for judged in numbers
        for before in combinations([n for n in numbers if n != judged], min(baseline, sessions - 1))
    ]


def false_alarms(gate: Gate, sessions: Sequence[SessionValues]) -> Alarms:
    """Let the gate judge A/A sessions against one another in every way."""
    every = trials(len(sessions), gate.baseline)
    counted: dict[SeriesKey, Counter[Verdict]] = {}
    headline = any_metric = 0
    for before, judged in every:
        found = gate.verdicts([sessions[n] for n in before], sessions[judged])
        for key, verdict in found.items():
            counted.setdefault(key, Counter())[verdict] += 1
        rung = {key.metric for key, verdict in found.items() if verdict in ALARMS}
        any_metric += bool(rung)
        headline += not rung.isdisjoint(HEADLINE)
    return Alarms(len(every), headline, any_metric, counted)
