"""A baseline's folder: one folder a class of host, one file a session.

baseline/
  accepted.json
  made-up-cpu-2c-8g/
    20260101T000000-0007.baseline.json
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from isobench.baseline.accept import read_accepted, write_accepted
from isobench.errors import UsageError
from isobench.history.record import Record, dump, read
from isobench.host.paths import give_to_caller

if TYPE_CHECKING:
    from isobench.calibrate.profile import HostClass

SUFFIX = ".baseline.json"


@dataclass(frozen=True, slots=True)
class Kept:
    """One session of a baseline: its file, its record."""

    file: Path
    record: Record

    @property
    def host(self) -> str:
        """The folder of its class of host."""
        return self.file.parent.name


def add(folder: Path, record: Record) -> Path:
    """Keep a session in a baseline folder, among those of its class of host; return its file.

    Raises UsageError where no sample of it counts, it does not tell its host, or it stands aside (``isobench ab``,
    ``check --confirm``).
    """
    from isobench.calibrate.profile import HostClass

    if record.aside:
        raise UsageError(f"is {record.aside}, no session to go by", where=record.session,
                         mend="name a session of `isobench run`")  # fmt: skip
    host = HostClass.of(record.environment)
    if host is None:
        raise UsageError("does not tell its host (CPU model, cores, memory)", where=record.session,
                         mend="measure a session with this isobench")  # fmt: skip
    if not any(one.series for one in record.cells):
        raise UsageError("has no sample that counts", where=record.session, mend="name another session")
    place = _class_folder(folder, host)
    place.mkdir(parents=True, exist_ok=True)
    file = place / f"{record.session}{SUFFIX}"
    fresh = file.with_name(f".{file.name}")
    fresh.write_bytes(dump(record))
    fresh.rename(file)
    give_to_caller(folder)
    return file


def kept(folder: Path) -> list[Kept]:
    """Return all sessions of a baseline folder, by class of host, oldest first; raises as ``read``."""
    found = [Kept(file, read(file)) for file in sorted(folder.glob(f"*/*{SUFFIX}"))]
    return sorted(found, key=lambda one: (one.host, one.record.order))


def prune(folder: Path, keep: int, today: date) -> list[str]:
    """Remove all but the latest ``keep`` sessions of each class of host, and known changes that are over.

    Returns what was removed, in words.
    """
    removed: list[str] = []
    # All is read before anything is removed: damage anywhere leaves the baseline as it is.
    sessions, known = kept(folder), read_accepted(folder)
    for host in sorted({one.host for one in sessions}):
        for one in [one for one in sessions if one.host == host][:-keep]:
            one.file.unlink()
            removed.append(f"{host}/{one.record.session}")
    if over := [one for one in known if one.over(today)]:
        write_accepted(folder, [one for one in known if one not in over])
        removed += [f"accepted {one.cell} {one.metric}, over since {one.until}" for one in over]
    return removed


def _class_folder(folder: Path, host: HostClass) -> Path:
    """Return the folder that holds sessions of the same class, else a new one named after it."""
    from isobench.calibrate.profile import HostClass

    for place in sorted(path for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else ():
        file = next(iter(sorted(place.glob(f"*{SUFFIX}"))), None)
        known = HostClass.of(read(file).environment) if file else None
        if known and known.same(host):
            return place
    model = re.sub(r"[^a-z0-9]+", "-", host.cpu_model.lower()).strip("-")[:40] or "host"
    name = f"{model}-{host.cores}c-{round(host.memory_bytes / (1 << 30))}g"
    taken, number = folder / name, 2
    while taken.exists():
        taken, number = folder / f"{name}-{number}", number + 1
    return taken
