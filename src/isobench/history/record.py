"""A session condensed to what a gate and a history need: the values that count, and what they rest on.

The same document is a baseline's file (``<session>.baseline.json``) and an entry of the index: plain JSON that can be
published, since it holds nothing that session.json does not.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from isobench.errors import IsobenchError
from isobench.metrics import METRICS
from isobench.model import Cell
from isobench.model.sample import Fact
from isobench.parity import of_session
from isobench.parity.fields import ParityRecord
from isobench.plain import plain
from isobench.store.reader import SessionRecord

if TYPE_CHECKING:
    from pydantic import TypeAdapter

FORMAT = 1
"""The version of the condensed format (docs/gate.md)."""


class OtherFormatError(IsobenchError):
    """A record or session of another format version: it cannot be compared with. Exit code 4."""

    exit_code = 4


class DamagedError(IsobenchError):
    """A record or session that is not whole: nothing can be said from it. Exit code 5."""

    exit_code = 5


@dataclass(frozen=True, slots=True)
class Series:
    """One metric's counted values in the order of measuring; ``direction`` is None where nobody registered one."""

    unit: str
    direction: str | None
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class CellRecord:
    """One cell: its parity record, its series by metric, why a metric is absent, and how its samples failed.

    ``noisy`` names the metrics that no sample has but those left out as noisy.
    """

    cell: Cell
    parity: ParityRecord
    series: dict[str, Series] = field(default_factory=dict)
    absent: dict[str, str] = field(default_factory=dict)
    failed: str | None = None
    noisy: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Record:
    """One session, condensed; ``aside`` says what it is where it is none to be kept or followed by itself."""

    session: str
    started_at: str
    state: str
    environment: dict[str, Fact]
    cells: tuple[CellRecord, ...]
    aside: str = ""
    format: int = FORMAT

    @property
    def order(self) -> tuple[str, str]:
        """What sorts sessions by time."""
        return self.started_at, self.session


def condense(session: SessionRecord) -> Record:
    """Return the session's record; raises UsageError on parity records that cannot be read."""
    values: dict[Cell, dict[str, list[float]]] = {}
    absent: dict[Cell, dict[str, str]] = {}
    failed: dict[Cell, str] = {}
    noisy: dict[Cell, set[str]] = {}
    for sample in session.samples:
        if sample.left_out == "failed":
            failed[sample.cell] = f"{sample.outcome}: {sample.error}"
        if sample.left_out == "noisy":
            noisy.setdefault(sample.cell, set()).update(sample.metrics)
        if sample.left_out:
            continue
        absent.setdefault(sample.cell, {}).update(sample.not_applicable)
        own = values.setdefault(sample.cell, {})
        for name, value in sample.metrics.items():
            if math.isfinite(value):
                own.setdefault(name, []).append(value)
    cells = tuple(
        CellRecord(
            cell, parity, {name: _series(name, found) for name, found in values.get(cell, {}).items()},
            absent.get(cell, {}), failed.get(cell), tuple(sorted(noisy.get(cell, set()) - values.get(cell, {}).keys())),
        )
        for cell, parity in of_session(session).items()
    )  # fmt: skip
    meta = session.meta
    started, state = str(meta.get("started_at", "")), str(meta.get("state", "complete"))
    return Record(session.id, started, state, _facts(meta), cells, session.aside)


def dump(record: Record) -> bytes:
    """Return the record as one JSON document."""
    return _adapter().dump_json(record) + b"\n"


def parse(data: bytes, where: str) -> Record:
    """Return the record in a document; raises OtherFormatError or DamagedError, in one line."""
    from pydantic import ValidationError

    try:
        record = _adapter().validate_json(data)
    except ValidationError as error:
        _refuse_other_format(data, where)
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise DamagedError(plain(f"is no whole record of a session: {place or 'document'}: {first['msg']}"),
                      where=where, mend="restore the file, or add the session anew") from None  # fmt: skip
    if record.format != FORMAT:
        raise _other(record.format, FORMAT, where)
    return record


def read(path: Path) -> Record:
    """Return the record in a file; raises OtherFormatError or DamagedError."""
    try:
        return parse(path.read_bytes(), str(path))
    except OSError as error:
        raise DamagedError(f"cannot be read: {error.strerror}", where=str(path)) from None


def _other(found: object, own: int, where: str) -> OtherFormatError:
    return OtherFormatError(f"incomparable: has format {plain(repr(found), 40)}, this isobench reads {own}",
                            where=where, mend="make the baseline anew with this isobench")  # fmt: skip


def refuse_other_format(found: object, own: int, where: str) -> None:
    """Raise OtherFormatError where a document tells another format version than one's own."""
    if found is not None and found != own:
        raise _other(found, own, where)


def _refuse_other_format(data: bytes, where: str) -> None:
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        return
    if isinstance(document, dict):
        refuse_other_format(document.get("format"), FORMAT, where)


def _series(name: str, values: list[float]) -> Series:
    known = METRICS.get(name)
    return Series(known.unit if known else "", known.direction if known else None, tuple(values))


def _facts(meta: dict[str, Any]) -> dict[str, Fact]:
    environment = meta.get("environment")
    facts = environment if isinstance(environment, dict) else {}
    return {str(key): value for key, value in facts.items() if value is None or isinstance(value, str | int | float)}


@cache
def _adapter() -> TypeAdapter[Record]:
    from pydantic import TypeAdapter

    return TypeAdapter(Record)
