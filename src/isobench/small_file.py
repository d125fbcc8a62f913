"""A file that a user wrote, read whole within bounds."""

from __future__ import annotations

from pathlib import Path

from isobench.errors import UsageError


def read_small(file: Path, most: int) -> bytes:
    """Return the file's bytes; raises UsageError, one line, where it cannot be read or has more than ``most``."""
    try:
        with file.open("rb") as opened:
            data = opened.read(most + 1)
    except OSError as error:
        raise UsageError(f"cannot be read: {error.strerror}", where=str(file)) from error
    if len(data) > most:
        bound = f"{most >> 20} MiB" if most >> 20 else f"{most >> 10} KiB"
        raise UsageError(f"is longer than {bound}", where=str(file), mend="name another file")
    return data
