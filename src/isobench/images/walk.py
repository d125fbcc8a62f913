"""A folder's paths in a fixed order, whatever an image has put there, in memory for their bare names at most."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator, Set
from pathlib import Path


def walk(top: Path, apart: Set[bytes] = frozenset(), *, living: bool = False) -> Iterator[tuple[bytes, os.stat_result]]:
    """Yield each path below ``top`` and its status: a folder before what it holds, names in order of their bytes.

    Links are never followed; what is ``apart`` is left out with all below it. Of a ``living`` tree, what vanishes
    meanwhile, or has a name too long to be reached, is left out; of any other that is an OSError.
    """
    root = os.fsencode(top) + b"/"
    # A folder's names without the path to it, which may be long: memory is that of the names still to come.
    levels = [(b"", _names(root, living))]
    while levels:
        prefix, names = levels[-1]
        if not names:
            levels.pop()
            continue
        path = prefix + names.pop()
        if path in apart:
            continue
        try:
            status = os.lstat(root + path)
        except OSError:
            if living:
                continue
            raise
        yield path, status
        if stat.S_ISDIR(status.st_mode):
            levels.append((path + b"/", _names(root + path, living)))


def _names(folder: bytes, living: bool) -> list[bytes]:
    """Return what a folder holds, the last by name first."""
    try:
        return sorted(os.listdir(folder), reverse=True)  # noqa: PTH208 - names need not be text
    except OSError:
        if living:
            return []
        raise


def content(file: bytes) -> bytes:
    """Return the SHA-256 of a regular file."""
    with open(file, "rb", buffering=0) as opened:  # noqa: PTH123 - names need not be text
        return hashlib.file_digest(opened, "sha256").digest()
