"""Whether an entry of the cache is still what was put there.

Every write through the file system changes a file's size or times, so a fingerprint of these is enough to trust an
entry; where it differs, the contents decide by their digest.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from isobench.images.walk import content, walk

_SEAL = ".sealed"


def seal(folder: Path) -> None:
    """Write down what an entry holds, once it is whole."""
    _write(folder, _contents(folder))


def intact(folder: Path) -> bool:
    """Return whether an entry holds what it was sealed with; its contents are read only where they may differ."""
    try:
        known = json.loads((folder / _SEAL).read_text())
        if known["fingerprint"] == _fingerprint(folder):
            return True
        if known["contents"] != _contents(folder):
            return False
    except (OSError, ValueError, KeyError):
        return False
    _write(folder, known["contents"])
    return True


def _write(folder: Path, contents: str) -> None:
    document = {"fingerprint": _fingerprint(folder), "contents": contents}
    (folder / _SEAL).write_text(json.dumps(document), encoding="ascii")


def _fingerprint(folder: Path) -> str:
    found = hashlib.sha256()
    for path, state in _sealed(folder):
        found.update(path)
        found.update(f"{state.st_mode} {state.st_size} {state.st_mtime_ns} {state.st_ctime_ns}\n".encode())
    return found.hexdigest()


def _contents(folder: Path) -> str:
    found = hashlib.sha256()
    top = os.fsencode(folder) + b"/"
    for path, state in _sealed(folder):
        found.update(path + f" {state.st_mode} {state.st_size}\n".encode())
        if stat.S_ISLNK(state.st_mode):
            found.update(os.readlink(top + path))  # noqa: PTH115 - names need not be text
        elif stat.S_ISREG(state.st_mode):
            found.update(content(top + path))
    return found.hexdigest()


def _sealed(folder: Path) -> Iterator[tuple[bytes, os.stat_result]]:
    """Return all but the folders, whose times change with the seal's own writing, in a fixed order."""
    for path, state in walk(folder, {os.fsencode(_SEAL)}):
        if not stat.S_ISDIR(state.st_mode):
            yield path, state
