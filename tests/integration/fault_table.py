"""The rows of the table in docs/reliability.md, as the tests of the faults print them."""

from __future__ import annotations

_LONGEST = 160


def row(fault: str, target: str, seen: str, kept: str) -> None:
    """Print a row: what went wrong, on which target, what the user saw, what was kept. The test saw nothing left."""
    cells = (fault, target, seen if len(seen) <= _LONGEST else f"{seen[:_LONGEST]}…", kept, "nothing")
    print("\n| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
