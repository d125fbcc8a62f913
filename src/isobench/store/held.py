"""Who measures a session holds its folder, so that others can tell a run that goes on from one that was killed."""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from pathlib import Path


def hold(folder: Path) -> int:
    """Hold a session's folder, and return the descriptor whose closing lets go; so does the holder's death."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    # Shared: whoever only looks holds it for an instant, which is waited for. Where the file system knows no locks, a
    # session can be measured all the same.
    with suppress(OSError):
        fcntl.flock(descriptor, fcntl.LOCK_SH)
    return descriptor


def is_held(folder: Path) -> bool:
    """Return whether somebody measures that session; also where the file system cannot tell."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    else:
        return False
    finally:
        os.close(descriptor)
