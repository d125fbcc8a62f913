"""Reading parity records from a session: those it kept, else what its session.json and samples tell."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from isobench.errors import UsageError
from isobench.model import Cell, Parameters, Sample, cell_of
from isobench.parity.fields import ParityRecord
from isobench.parity.record import from_tables, table
from isobench.plain import plain
from isobench.store.reader import META, SessionRecord

if TYPE_CHECKING:
    from pydantic import TypeAdapter

_TAKEN_OTHERWISE = ("shared-core", "in-cache")
"""Marks of a sample that was taken under other conditions; a job repeated otherwise adds its own."""


def of_session(session: SessionRecord) -> dict[Cell, ParityRecord]:
    """Return the record of every cell that the session planned or measured.

    A session written before records were kept is reconstructed; raises UsageError on a record that cannot be read.
    """
    taken: dict[Cell, list[Sample]] = {cell: [] for cell in _planned(session)}
    for sample in session.samples:
        taken.setdefault(sample.cell, []).append(sample)
    return {cell: _observed(_told(session, cell), session, samples) for cell, samples in taken.items()}


def _planned(session: SessionRecord) -> list[Cell]:
    plan = table(session.meta, "plan")
    cells = plan.get("cells")
    parameters = Parameters(
        cache="cold" if plan.get("cache") == "cold" else "warm",
        length="full" if plan.get("length") == "full" else "quick",
    )
    planned = []
    for cell in cells if isinstance(cells, list) else ():
        # A foreign file may hold anything: what tells of no cell is none.
        with suppress(KeyError, TypeError, ValueError):
            planned.append(cell_of(cell, parameters))
    return planned


def _told(session: SessionRecord, cell: Cell) -> ParityRecord:
    kept = table(session.meta, "parity").get(str(cell))
    if kept is not None:
        record = _parsed(kept, f"{session.folder / META}: parity.{cell}")
        if (record.cache, record.length) == (cell.parameters.cache, cell.parameters.length):
            return record
    return _reconstructed(session, cell)


def _parsed(kept: Any, where: str) -> ParityRecord:
    from pydantic import TypeAdapter, ValidationError

    adapter: TypeAdapter[ParityRecord] = TypeAdapter(ParityRecord)
    try:
        return adapter.validate_python(kept)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join([where, *(str(part) for part in first["loc"])])
        raise UsageError(plain(first["msg"]), where=plain(place), mend="restore the file") from None


def _reconstructed(session: SessionRecord, cell: Cell) -> ParityRecord:
    meta = session.meta
    target = table(table(meta, "targets"), cell.target)
    describe = table(target, "describe").get(cell.workload)
    own = {"isobench": meta["isobench"]} if "isobench" in meta else {}
    try:
        return from_tables(
            cell,
            workload=table(table(meta, "workloads"), cell.workload),
            image=table(table(meta, "images"), cell.workload),
            target=target,
            environment=table(meta, "environment"),
            versions={**own, **table(meta, "versions")},
            describe=str(describe) if describe is not None else None,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise UsageError(
            plain(f"does not tell what {cell} ran ({type(error).__name__}: {error})"), where=str(session.folder / META),
            mend="restore the file",
        ) from None  # fmt: skip


def _observed(record: ParityRecord, session: SessionRecord, samples: Sequence[Sample]) -> ParityRecord:
    """Add what only samples tell: where their data lay, what ran them, and whether they were taken otherwise."""
    good = [sample for sample in samples if sample.left_out in (None, "noisy")]
    if not good:
        return record
    otherwise = {*_TAKEN_OTHERWISE, *_marks_of_jobs(session, record.workload)}
    marks = {mark for sample in good for mark in sample.marks if mark in otherwise}
    return replace(
        record,
        storage=record.storage or _several(good, "storage"),
        durability=record.durability or _several(good, "durability"),
        runtime=record.runtime or _several(good, "runtime"),
        confinement=record.confinement or _several(good, "confinement"),
        acceleration=record.acceleration or _several(good, "acceleration"),
        marks=", ".join(sorted(marks)) or "none",
    )


def _marks_of_jobs(session: SessionRecord, workload: str) -> list[str]:
    jobs = table(table(session.meta, "workloads"), workload).get("jobs")
    return [
        str(job["mark_repeated"])
        for job in (jobs if isinstance(jobs, list) else ())
        if isinstance(job, dict) and job.get("mark_repeated")
    ]


def _several(samples: Sequence[Sample], fact: str) -> str | None:
    """Return what the samples agree on, or all that they say; None where none tells."""
    told = {str(sample.facts[fact]) for sample in samples if sample.facts.get(fact) is not None}
    return " / ".join(sorted(told)) or None
