"""TEST DATA: sessions drawn from known levels and spreads; never measured."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from tests.unit.parity import made

from isobench.gate import Limits, Question
from isobench.stats.values import Values

Draw = np.random.Generator
RATE = Limits("higher", 0.03, 0.0)


def values(draw: Draw, count: int = 20, within: float = 0.01, between: float = 0.0, scale: float = 1.0) -> Values:
    """Draw one session's values: log-normal about a level that is itself drawn."""
    drawn: Values = scale * 100 * np.exp(draw.normal(draw.normal(0, between) if between else 0.0, within, count))
    return drawn


def question(draw: Draw, sessions: int = 9, judged: float = 1.0, limits: Limits = RATE, **spread: Any) -> Question:
    """Draw a baseline and a judged session whose level is ``judged`` times the baseline's."""
    return Question([values(draw, **spread) for _ in range(sessions)], values(draw, scale=judged, **spread), limits)


def session(folder: Path, seed: int, scale: float = 1.0, whole: dict[str, Any] | None = None, **more: Any) -> Path:
    """Write a session whose time_to_ready is 0.5 s × scale with 1 % of spread; named and dated by its seed."""
    draw = np.random.default_rng(seed)
    steps = tuple(float(step) for step in np.exp(draw.normal(0, 0.01, 10)))
    meta = (whole or made.meta(folder.name)) | {"started_at": f"2026-01-01T00:{seed % 60:02}:00+00:00"}
    return made.session(folder, made.taken(scale, steps=steps, **more), meta)


def baseline(results: Path, count: int = 6, **more: Any) -> Path:
    """Write unchanged sessions ``s01`` … into a results folder."""
    for number in range(1, count + 1):
        session(results / f"s{number:02}", number, **more)
    return results
