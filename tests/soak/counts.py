"""How often soak repeats: what docs/reliability.md prints, or less where ISOBENCH_SOAK_<NAME> says so."""

from __future__ import annotations

import os


def count(name: str, usual: int) -> int:
    """Return a count of soak's; ``ISOBENCH_SOAK_KILLS=3`` makes ``count("kills", 50)`` 3."""
    return int(os.environ.get(f"ISOBENCH_SOAK_{name.upper()}", usual))
