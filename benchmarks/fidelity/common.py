"""What the fidelity scripts share: interleaved pairs, all runs kept, the median difference with its interval."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from pathlib import Path

from isobench.model import Cell, Parameters
from isobench.plan import Step

IDLE_DOCKER = Step(Cell("idle", "docker", Parameters()), 0, "warmup", "kill")


def pairs(
    count: int, ours: Callable[[int], float], theirs: Callable[[int], float], seed: int = 1
) -> list[tuple[float, float]]:
    """Run both ``count`` times, in an order drawn for each pair; return (ours, theirs) in seconds."""
    rng = random.Random(seed)  # noqa: S311 - an order, not a secret
    found = []
    for number in range(count + 1):
        if rng.random() < 0.5:
            mine, other = ours(2 * number), theirs(2 * number + 1)
        else:
            other, mine = theirs(2 * number), ours(2 * number + 1)
        if number:  # the first pair warms both up
            found.append((mine, other))
    return found


def keep(rows: Sequence[tuple[float, float]], file: Path) -> None:
    """Write every pair down."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"columns": ["isobench_s", "by_hand_s"], "pairs": rows}, indent=0) + "\n")
