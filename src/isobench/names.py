"""Helping a user who mistyped a name."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

_MOST = 40
"""Names that a line may hold."""


def nearest(name: str, known: Iterable[str]) -> str:
    """Return the hint for an unknown name: the nearest known one, else all of them, where they fit a line."""
    names = sorted(known)
    if close := difflib.get_close_matches(name, names, n=1, cutoff=0.5):
        return f"did you mean {close[0]!r}?"
    if len(names) > _MOST:
        return f"there are {len(names)}: see `isobench list metrics`, workloads, targets, studies"
    return f"known: {', '.join(names) or 'none'}"
