"""TEST DATA: made-up sessions with what a format must get right: what does not count, few samples, hostile names."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tests import synthetic

from isobench.model import Cell, Parameters, Sample
from isobench.store.reader import SessionRecord, read_session

NOT_COUNTED = 123456789.0
"""A value that only samples have which do not count."""

HOSTILE = ("=cmd|' /C calc'!A0", 'q"uo\nte,\\n\\`|\x1b[2J\u202e{é😀} # EOF', "'apostrophe", "@name", "-1", "\t=1+1", "")


def usual(folder: Path, per_cell: int = 8) -> SessionRecord:
    """Return a session of five workloads on four targets, with a sample of each kind that does not count."""
    taken = synthetic.samples(per_cell)
    first = taken[0]
    loud = dict.fromkeys(first.metrics, NOT_COUNTED)
    out = [
        replace(first, number=len(taken), role="warmup", metrics=loud),
        replace(first, number=len(taken) + 1, outcome="clock", metrics=loud),
        replace(first, number=len(taken) + 2, outcome="failed", metrics=loud),
        replace(first, number=len(taken) + 3, marks=("noisy",), metrics=loud),
    ]
    return read_session(synthetic.write(folder, synthetic.session_meta(), [*taken, *out]))


def hostile(folder: Path) -> SessionRecord:
    """Return a session whose names are chosen to break formats; each is a workload once and a target once."""
    first = synthetic.samples(1)[0]
    cells = [Cell(name, HOSTILE[-1 - place]) for place, name in enumerate(HOSTILE)]
    taken = [replace(first, number=n, cell=cell, session=HOSTILE[1]) for n, cell in enumerate(cells)]
    meta = synthetic.session_meta(name=HOSTILE[1])
    meta["environment"] |= {"cpu_model": HOSTILE[1], 'a"}\nb': "no label", "nested": {"a": 1}, "on": True}
    meta["targets"] = {name: {"acceleration": HOSTILE[1]} for name in HOSTILE}
    return read_session(synthetic.write(folder, meta, taken))


def of(folder: Path, taken: list[Sample]) -> SessionRecord:
    """Return a session of these samples."""
    return read_session(synthetic.write(folder, synthetic.session_meta(), taken))


def cold(taken: list[Sample]) -> list[Sample]:
    """Return the samples as those of a cold and full session."""
    return [replace(one, cell=replace(one.cell, parameters=Parameters("cold", "full"))) for one in taken]
