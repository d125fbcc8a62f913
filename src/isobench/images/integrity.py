"""Whether an entry of the cache is still what was put there.

Every write through the file system changes a file's size or times, so a fingerprint of these is enough to trust an
entry; where it differs, the contents decide by their digest.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path

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
    for path, state in _walk(folder, str(folder)):
        found.update(path)
        found.update(f"{state.st_mode} {state.st_size} {state.st_mtime_ns} {state.st_ctime_ns}\n".encode())
    return found.hexdigest()


def _contents(folder: Path) -> str:
    found = hashlib.sha256()
    for path, state in _walk(folder, str(folder)):
        found.update(path + f" {state.st_mode} {state.st_size}\n".encode())
        whole = os.path.join(os.fsencode(folder), path)  # noqa: PTH118 - names need not be text
        if os.path.islink(whole):  # noqa: PTH114
            found.update(os.readlink(whole))  # noqa: PTH115
        elif os.path.isfile(whole):  # noqa: PTH113
            with open(whole, "rb") as file:  # noqa: PTH123
                found.update(hashlib.file_digest(file, "sha256").digest())
    return found.hexdigest()


def _walk(top: Path, folder: str) -> Iterator[tuple[bytes, os.stat_result]]:
    """Return all but the folders, whose times change with the seal's own writing, in a fixed order."""
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda found: found.name):
            if entry.is_dir(follow_symlinks=False):
                yield from _walk(top, entry.path)
            elif entry.name != _SEAL:
                yield os.fsencode(entry.path[len(str(top)) + 1 :]), entry.stat(follow_symlinks=False)
