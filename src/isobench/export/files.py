"""Writing what a format made: to a file, or to a folder."""

from __future__ import annotations

import errno
from pathlib import Path

from isobench.errors import UsageError
from isobench.export.protocol import Document
from isobench.host.paths import give_to_caller

_THE_HOSTS = (errno.ENOSPC, errno.EDQUOT, errno.EIO)
"""Errors that are no fault of the path; the command line has a line for them."""


def write(document: Document, to: Path) -> list[Path]:
    """Write a document to the file or folder ``to``, made where it is not there; return the files.

    Raises UsageError where ``to`` cannot be written.
    """
    try:
        return _file(document, to) if isinstance(document, bytes) else _folder(dict(document), to)
    except OSError as error:
        if error.errno in _THE_HOSTS:
            raise
        raise UsageError(f"cannot be written: {error.strerror}", where=str(to), mend="name another with -o") from None


def _file(data: bytes, to: Path) -> list[Path]:
    to.parent.mkdir(parents=True, exist_ok=True)
    # In place, not by renaming: it may be a pipe or a device.
    to.write_bytes(data)
    give_to_caller(to)
    return [to]


def _folder(files: dict[str, bytes | None], to: Path) -> list[Path]:
    if to.is_file():
        raise UsageError("is a file, and this format is a folder of files", where=str(to), mend="name a folder with -o")
    fresh = not to.exists()
    to.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    for name, data in files.items():
        if data is None:
            (to / name).unlink(missing_ok=True)
        else:
            written += _file(data, to / name)
    if fresh:
        give_to_caller(to)
    return written
