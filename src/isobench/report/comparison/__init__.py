"""Pages over more than one session: two against each other, and a folder of them over time."""

from __future__ import annotations

from isobench.report.comparison.pair import write_comparison
from isobench.report.comparison.timeline import write_history

__all__ = ["write_comparison", "write_history"]
