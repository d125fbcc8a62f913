"""What the fidelity scripts share: interleaved pairs, all runs kept, the median difference with its interval."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from isobench.host import cpus
from isobench.house import House
from isobench.model import Sample
from isobench.plan import Step
from isobench.runner.measure import measure
from isobench.targets.base import Prepared, Slot

Found = TypeVar("Found")


def paired_samples(
    count: int, ours: Callable[[int], Found], theirs: Callable[[int], Found], seed: int = 1
) -> list[tuple[Found, Found]]:
    """Run both ``count`` times, in an order drawn for each pair; return (ours, theirs)."""
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


def slot_of(opened: House, prepared: Prepared, number: int) -> Slot:
    """Return a slot as a session gives one."""
    folder = opened.paths.run / f"fidelity-{number}"
    folder.mkdir(parents=True)
    placement = cpus.place(prepared.workload.resources.vcpus, serving=False, cores=cpus.usable())
    return Slot(folder.name, folder, placement, number)


def sample_of(opened: House, prepared: Prepared, step: Step, number: int) -> Sample:
    """Take one sample as a session does; a failed one ends the script, with its reason."""
    slot = slot_of(opened, prepared, number)
    sample = measure("fidelity", number, step, opened.targets[step.cell.target], prepared, slot)
    if sample.outcome != "ok":
        raise SystemExit(f"sample {number}: {sample.error}")
    return sample


def keep(rows: Sequence[tuple[object, object]], file: Path) -> None:
    """Write every pair down."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"columns": ["isobench_s", "by_hand_s"], "pairs": rows}, indent=0) + "\n")
