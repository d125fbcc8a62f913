"""The index: each session's record kept in the cache, so that a gate reads no raw samples twice.

Derived and disposable: an entry's name holds the path, sizes and times of the session's files, and what this isobench
registers; where any of these differs the record is condensed anew. Nothing is written beside the sessions, which may
be a checkout or an artifact.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import fields
from functools import cache
from pathlib import Path

from isobench import __version__
from isobench.errors import UsageError
from isobench.history.record import (
    FORMAT,
    CellRecord,
    DamagedError,
    Record,
    condense,
    dump,
    parse,
    refuse_other_format,
)
from isobench.host.paths import give_to_caller
from isobench.metrics import METRICS
from isobench.model.sample import FORMAT as SESSION_FORMAT
from isobench.store.reader import META, SAMPLES, read_session

FOLDER = "index"


def record_of(folder: Path, index: Path | None = None) -> Record:
    """Return the record of the session in that folder, from the index below ``index`` (the cache) where it is there.

    Raises DamagedError or OtherFormatError where the session is not whole, or of another version.
    """
    entry = _entry(folder, index / FOLDER) if index else None
    if entry and entry.is_file():
        try:
            return parse(entry.read_bytes(), str(entry))
        except (DamagedError, OSError):
            pass  # an entry that another run is removing, or that was cut short: condensed anew below
    record = _condensed(folder)
    if entry:
        _keep(entry, record)
    return record


def _condensed(folder: Path) -> Record:
    try:
        session = read_session(folder)
        record = condense(session)
    except UsageError as error:
        refuse_other_format(_format(folder / META), SESSION_FORMAT, str(folder / META))
        raise DamagedError(error.message, where=error.where, mend=error.mend) from None
    if session.dropped_tail and session.meta.get("state") == "complete":
        raise DamagedError("was cut short: the session ended, its last sample does not", where=str(folder / SAMPLES),
                      mend="restore the file")  # fmt: skip
    return record


def _format(meta: Path) -> object:
    try:
        document = json.loads(meta.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    return document.get("format") if isinstance(document, dict) else None


def _entry(folder: Path, index: Path) -> Path:
    path = folder.resolve()
    stats = [(path / name).stat() if (path / name).exists() else None for name in (META, SAMPLES)]
    seen = repr([(one.st_size, one.st_mtime_ns) if one else None for one in stats]) + _registry()
    return index / f"{_digest(str(path))}-{_digest(seen)}.json"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:20]


@cache
def _registry() -> str:
    kept = [one.name for of in (Record, CellRecord) for one in fields(of)]
    return f"{FORMAT} {__version__} {kept} {[(m.name, m.unit, m.direction, m.version) for m in METRICS.values()]}"


def _keep(entry: Path, record: Record) -> None:
    """Write an entry in place of the session's former one; where the cache cannot be written there is none."""
    try:
        entry.parent.mkdir(parents=True, exist_ok=True)
        for former in entry.parent.glob(f"{entry.name.partition('-')[0]}-*"):
            former.unlink(missing_ok=True)
        fresh = entry.with_suffix(".part")
        fresh.write_bytes(dump(record))
        fresh.rename(entry)
        give_to_caller(entry)
    except OSError:
        return
