"""Known changes: a metric that is worse on purpose, with the reason and the last day on which that is accepted."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path

from isobench.errors import UsageError
from isobench.history.record import DamagedError
from isobench.host.paths import give_to_caller
from isobench.metrics import metric as registered
from isobench.model import Cell
from isobench.plain import plain

FILE = "accepted.json"


@dataclass(frozen=True, slots=True)
class Accepted:
    """A known change of ``metric`` in the cells that match ``cell`` (``workload@target``, * for any)."""

    metric: str
    cell: str
    reason: str
    until: str

    def over(self, today: date) -> bool:
        """Whether its last day has passed."""
        return today > date.fromisoformat(self.until)


def accept(
    folder: Path, metric: str, *, reason: str, until: str, cell: str = "*", today: date | None = None
) -> Accepted:
    """Record a known change in a baseline folder, in place of one for the same series.

    Raises UsageError for a metric that is not registered or that no gate judges, an empty reason, or a last day that
    is no date or has passed.
    """
    if not reason.strip():
        raise UsageError("a known change needs a reason", mend="say why with --reason")
    known = registered(metric)
    if known.direction == "neutral":
        raise UsageError(f"{known.name} has no direction: neither way is better, so no gate judges it",
                         mend="name a metric that has one (`isobench list metrics`)")  # fmt: skip
    fresh = Accepted(known.name, cell, plain(reason.strip()), _date(until, "--until"))
    if fresh.over(today or date.today()):
        raise UsageError(f"{fresh.until} has passed: nothing would be accepted", where="--until",
                         mend="name a day to come")  # fmt: skip
    others = [one for one in read_accepted(folder) if (one.metric, one.cell) != (fresh.metric, fresh.cell)]
    write_accepted(folder, [*others, fresh])
    return fresh


def accepted_for(cell: Cell, metric: str, known: Sequence[Accepted], today: date) -> Accepted | None:
    """Return the known change that covers a series today, or None."""
    for one in known:
        if one.metric == metric and fnmatchcase(str(cell), one.cell) and not one.over(today):
            return one
    return None


def read_accepted(folder: Path) -> tuple[Accepted, ...]:
    """Return the known changes of a baseline folder; raises DamagedError where the file is no list of them."""
    file = folder / FILE
    if not file.is_file():
        return ()
    from pydantic import TypeAdapter, ValidationError

    try:
        found = TypeAdapter(tuple[Accepted, ...]).validate_json(file.read_bytes())
        for one in found:
            date.fromisoformat(one.until)
    except (ValidationError, ValueError) as error:
        said = error.errors(include_url=False)[0]["msg"] if isinstance(error, ValidationError) else str(error)
        raise DamagedError(
            plain(f"is no list of known changes: {said}"), where=str(file), mend="restore the file"
        ) from None
    return found


def write_accepted(folder: Path, known: Sequence[Accepted]) -> None:
    """Write the known changes, whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    fresh = folder / f".{FILE}"
    fresh.write_text(json.dumps([asdict(one) for one in known], indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    fresh.rename(folder / FILE)
    give_to_caller(folder / FILE)


def _date(text: str, where: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise UsageError(f"{plain(text, 40)!r} is no date", where=where, mend="write it as 2026-12-31") from None
