"""TEST DATA: made-up sessions whose cells, values and environment a test sets; never measured."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests import synthetic

from isobench.model import Cell, Outcome, Parameters, Sample

STEADY = tuple(1 + step / 1000 for step in (-4, -3, -2, -1, 0, 1, 2, 3, 4, 5))
CELLS = (("idle", "docker"), ("idle", "vm-micro"))


def meta(name: str, **environment: Any) -> dict[str, Any]:
    """Return a session.json with the kinds that real targets have; keywords override its environment."""
    whole = synthetic.session_meta(emulated=False, name=name)
    whole["environment"] |= environment
    for target, entry in whole["targets"].items():
        entry |= {"kind": "vm" if target.startswith("vm") else target, "options": {}}
    return whole


def taken(
    scale: float = 1.0, cells: Sequence[tuple[str, str]] = CELLS, steps: Sequence[float] = STEADY,
    outcome: Outcome = "ok", length: str = "quick", marks: tuple[str, ...] = (), **metrics: float,
) -> list[Sample]:  # fmt: skip
    """Return samples whose time_to_ready is 0.5 s × scale × step, with further metrics as given."""
    parameters = Parameters(length="full" if length == "full" else "quick")
    found: list[Sample] = []
    for workload, target in cells:
        for step in steps:
            one = synthetic.sample(len(found), workload, target, random.Random(1), outcome)  # noqa: S311
            values = {"time_to_ready": 0.5 * scale * step, **metrics} if outcome == "ok" else {}
            found.append(replace(one, cell=Cell(workload, target, parameters), metrics=values, marks=marks))
    return found


def session(folder: Path, samples: list[Sample], whole: dict[str, Any] | None = None) -> Path:
    """Write a session named as its folder."""
    return synthetic.write(folder, whole or meta(folder.name), samples)
