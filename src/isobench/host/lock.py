"""One host-wide lock for measuring: building and reading may run beside it, another measurement may not."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from isobench.errors import UsageError


@contextmanager
def measuring(folder: Path, *, wait: bool, waiting: Callable[[str], None] = lambda _: None) -> Iterator[None]:
    """Hold the lock; with ``wait`` wait for its holder, else raise UsageError naming it.

    The kernel frees it when its holder dies, so there is no stale lock to clear.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "measuring.lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read().strip() or "another process"
            if not wait:
                raise UsageError(
                    f"{holder} is measuring on this host",
                    mend="wait for it, or add --wait to queue behind it",
                ) from None
            waiting(holder)
            fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        file.truncate()
        file.write(f"isobench (process {os.getpid()})")
        file.flush()
        try:
            yield
        finally:
            file.truncate(0)
