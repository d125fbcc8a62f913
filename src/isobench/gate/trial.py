"""The gate under trial: ``check``'s method as ``isobench calibrate`` puts a gate to the test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from isobench.gate.decide import Question, decide
from isobench.gate.limits import Limits
from isobench.gate.weight import weight_of
from isobench.metrics import METRICS
from isobench.verdict import Verdict

if TYPE_CHECKING:
    from isobench.calibrate.values import SeriesKey, SessionValues


@dataclass(frozen=True, slots=True)
class CheckGate:
    """Judges a session by all the baseline sessions it is given; an ``isobench.calibrate.gate.Gate``."""

    name: str = "check"
    baseline: int = 9

    def verdicts(self, baseline: Sequence[SessionValues], session: SessionValues) -> Mapping[SeriesKey, Verdict]:
        """Return the verdict of each series that some baseline session has."""
        asked = {
            key: Question([one[key] for one in baseline if key in one], values, Limits.of(METRICS[key.metric]),
                          family=METRICS[key.metric].family, weight=weight_of(key.metric))
            for key, values in session.items()
            if METRICS[key.metric].direction != "neutral" and any(key in one for one in baseline)
        }  # fmt: skip
        return {key: answer.verdict for key, answer in decide(asked).items()}
