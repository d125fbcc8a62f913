"""How much of the false discovery rate a series gets: a figure that people decide by, more than a diagnostic one.

A session has some thirty series a cell, most of which explain the others (phases, accounts of the kernel). Tested all
alike, they take the rate from the few that are looked at first. The weights are fixed beforehand, so the rate over
all holds as before (``isobench.stats.family``).
"""

from __future__ import annotations

from isobench.verdict import HEADLINE

HEADLINE_WEIGHT = 5.0


def weight_of(metric: str) -> float:
    """Return the weight of a metric's series, relative to a diagnostic one."""
    return HEADLINE_WEIGHT if metric in HEADLINE else 1.0
