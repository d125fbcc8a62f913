"""The regression gate: a session against its baseline's sessions (docs/gate.md)."""

from isobench.gate.check import Rules, check
from isobench.gate.decide import Answer, Known, Question, decide
from isobench.gate.finding import Check, Finding
from isobench.gate.limits import Limits, Override, limits_of, read_overrides

__all__ = [
    "Answer", "Check", "Finding", "Known", "Limits", "Override", "Question", "Rules", "check", "decide", "limits_of",
    "read_overrides",
]  # fmt: skip
