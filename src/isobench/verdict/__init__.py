"""Verdicts: from the values of two series, and of whole sessions, to one of eight words."""

from isobench.verdict.judge import Judgement, Verdict, judge
from isobench.verdict.sessions import HEADLINE, Row, SessionComparison, compare_sessions

__all__ = ["HEADLINE", "Judgement", "Row", "SessionComparison", "Verdict", "compare_sessions", "judge"]
