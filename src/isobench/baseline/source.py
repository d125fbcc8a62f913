"""Where a baseline is read from: a folder, a file, or a path at a commit of git."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from isobench.baseline.accept import Accepted, read_accepted
from isobench.baseline.store import SUFFIX
from isobench.errors import HarnessError, IsobenchError, UsageError
from isobench.history.index import record_of
from isobench.history.record import DamagedError, Record, read
from isobench.host.process import run
from isobench.plain import plain
from isobench.store.reader import META

GIT = "git:"


@dataclass(frozen=True, slots=True)
class Baseline:
    """The sessions of a baseline, and its known changes."""

    records: tuple[Record, ...]
    accepted: tuple[Accepted, ...] = ()


def load(source: str, index: Path | None = None) -> Baseline:
    """Return the baseline at ``DIR``, ``FILE`` or ``git:REF:PATH``.

    A folder may be a baseline's, a results folder, or a session. Sessions of ``isobench ab`` and those that confirm
    another are no part of a results folder's baseline. Raw sessions go through the index below ``index``.
    Raises UsageError where there is nothing of that name, OtherFormatError and DamagedError on what cannot be read.
    """
    if source.startswith(GIT):
        return _of_git(source)
    path = Path(source)
    session = path.parent if path.name == META else path
    # pathlib's own questions raise where the name is too long to be one.
    if os.path.isfile(session / META):  # noqa: PTH113
        return Baseline((record_of(session, index),))
    if os.path.isdir(path):  # noqa: PTH112
        return Baseline(tuple(one for one in _in_folder(path, index) if not one.aside), read_accepted(path))
    if os.path.isfile(path):  # noqa: PTH113
        return Baseline((read(path),), read_accepted(path.parent))
    raise UsageError("no such baseline", where=plain(source), mend="name a folder, a file or git:REF:PATH")


def _in_folder(folder: Path, index: Path | None, deeper: bool = True) -> list[Record]:
    if (folder / META).is_file():
        return [record_of(folder, index)]
    found: list[Record] = []
    for entry in sorted(folder.iterdir()):
        if entry.name.startswith("."):
            continue
        if entry.is_dir() and (deeper or (entry / META).is_file()):
            found += _in_folder(entry, index, deeper=False)
        elif entry.name.endswith(SUFFIX):
            found.append(read(entry))
    return found


def _of_git(source: str) -> Baseline:
    ref, _, path = source.removeprefix(GIT).partition(":")
    # Only what the commit holds: a path from the root, or upwards, would lead to the files as they are.
    if not ref or not path or ref.startswith("-") or path.startswith("/") or ".." in Path(path).parts:
        raise UsageError("is no git:REF:PATH", where=plain(source), mend="write git:main:baseline, from this folder on")
    try:
        data = run(["git", "archive", "--format=tar", ref, "--", path]).stdout
    except HarnessError as error:
        said = error.message.rpartition("fatal: ")[2]
        raise UsageError(plain(f"git cannot give it: {said}"), where=plain(source),
                         mend="name a commit and path that this clone has") from None  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="isobench-") as folder:
        try:
            # Python's own unpacking is safe only from 3.11.4 on.
            run(["tar", "--extract", "--file=-", "--no-same-owner", f"--directory={folder}"], stdin=data)
        except HarnessError as error:
            raise DamagedError(plain(f"holds what cannot be unpacked: {error}"), where=plain(source)) from None
        place = str(Path(folder) / path)
        try:
            return load(place)
        except IsobenchError as error:
            error.where = error.where.replace(place, source) if error.where else source
            raise
