"""One host-wide lock for measuring: building and reading may run beside it, another measurement may not."""

from __future__ import annotations

import fcntl
import os
import shlex
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from isobench.errors import UsageError
from isobench.host.process import command_words

HOST = Path("/run/isobench")
"""Where root measures; whoever else wants the host to himself must ask there too."""

_NAME = "measuring.lock"
_LONGEST = 300


@contextmanager
def measuring(
    folder: Path,
    *,
    wait: bool,
    waiting: Callable[[str], None] = lambda _: None,
    mend: str = "wait for it, or add --wait to queue behind it",
) -> Iterator[None]:
    """Hold the lock; with ``wait`` wait for its holder, else raise UsageError naming it.

    The kernel frees it when its holder dies, so there is no stale lock to clear; the file is never removed, so all
    lock the same one.
    """
    file = folder / _NAME
    with ExitStack() as stack:
        descriptor, writable = _open(file)
        stack.callback(os.close, descriptor)
        _acquire(descriptor, file, wait, waiting, mend)
        if writable:
            stack.callback(os.ftruncate, descriptor, 0)
            os.ftruncate(descriptor, 0)
            # The name is a courtesy: a full /run is no reason not to measure.
            with suppress(OSError):
                os.pwrite(descriptor, _myself().encode(), 0)
        yield


def host_folder(own: Path) -> Path:
    """Return the folder whose lock excludes every measurement here: root's where there is one, else ``own``."""
    return HOST if own == HOST or ((HOST / _NAME).exists() and "ISOBENCH_RUN" not in os.environ) else own


def _open(file: Path) -> tuple[int, bool]:
    """Open the lock file; one of another user that can only be read can be locked, but its holder is not named."""
    flags = os.O_CLOEXEC | os.O_NOFOLLOW
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        try:
            return os.open(file, os.O_RDWR | os.O_CREAT | flags, 0o644), True
        except PermissionError:
            return os.open(file, os.O_RDONLY | flags), False
    except FileNotFoundError:
        raise _unusable(file, "its folder may not be written") from None
    except OSError as error:
        raise _unusable(file, error.strerror or "unknown error") from error


def _unusable(file: Path, why: str) -> UsageError:
    return UsageError(
        f"the measuring lock cannot be opened: {why}",
        where=str(file),
        mend="run with sudo, or make it a plain file that this user may read",
    )


def _acquire(descriptor: int, file: Path, wait: bool, waiting: Callable[[str], None], mend: str) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = _holder(descriptor)
        if not wait:
            raise UsageError(f"{holder} is measuring on this host", mend=mend) from None
        waiting(holder)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    except OSError as error:
        raise _unusable(file, error.strerror or "unknown error") from error


def _holder(descriptor: int) -> str:
    # Printed to a terminal, and perhaps written by someone else.
    words = os.pread(descriptor, _LONGEST, 0).decode("utf-8", "replace")
    return "".join(c if c.isprintable() else " " for c in words).strip() or "another process"


def _myself() -> str:
    since = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    return f"{shlex.join(command_words())[:200]} (process {os.getpid()}, since {since})"
