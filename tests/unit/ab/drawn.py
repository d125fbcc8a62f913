"""TEST DATA: pairs of series drawn from known levels and spreads, and a session of variants; never measured."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from tests import synthetic
from tests.unit.parity import made

from isobench.ab import Pairs, Variant
from isobench.gate import Limits
from isobench.model import Outcome, TargetSpec
from isobench.store.reader import SessionRecord, read_session

TIME = Limits("lower", 0.05, 0.0)
A, B = "docker", "docker,read_only=true"


def pairs(seed: int, ratio: float = 1.0, blocks: int = 40, spread: float = 0.02, limits: Limits = TIME) -> Pairs:
    """Draw a reference and a variant whose level is ``ratio`` times the reference's."""
    draw = np.random.default_rng(seed)
    one, other = np.exp(draw.normal(0, spread, (2, blocks)))
    at = range(1, blocks + 1)
    return Pairs(dict(zip(at, one, strict=True)), dict(zip(at, ratio * other, strict=True)), limits)


def variants(*labels: str) -> tuple[Variant, ...]:
    """Return variants of docker under these labels."""
    return tuple(Variant(TargetSpec(label, "docker", "", "", ""), "docker") for label in labels or (A, B))


def session(folder: Path, ratio: float = 1.0, meta: dict[str, Any] | None = None, blocks: int = 12,
            outcome: Outcome = "ok", **metrics: float) -> SessionRecord:  # fmt: skip
    """Write a session of two variants: B's time_to_ready is ``ratio`` times A's, its samples end in ``outcome``."""
    steps = np.exp(np.random.default_rng(1).normal(0, 0.01, (2, blocks)))
    first = made.taken(1.0, [("idle", A)], [float(s) for s in steps[0]], "ok", "quick", (), **metrics)
    second = made.taken(ratio, [("idle", B)], [float(s) for s in steps[1]], outcome, "quick", (), **metrics)
    taken = [replace(one, block=block, number=number * blocks + block)
             for number, of in enumerate((first, second)) for block, one in enumerate(of, start=1)]  # fmt: skip
    return read_session(synthetic.write(folder, meta or of_variants(folder.name), taken))


def of_variants(name: str, **of_b: Any) -> dict[str, Any]:
    """Return a session.json whose targets are the two variants; keywords override B's table."""
    whole = made.meta(name)
    whole["targets"] = {A: whole["targets"]["docker"], B: whole["targets"]["docker"] | of_b}
    return whole
