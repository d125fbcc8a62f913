"""Taking care of orphans: a VMM that detached itself is reaped at once, not when the host's PID 1 gets round to it.

Until a dead process is reaped its pid looks alive, and libvirt waits for the pid to go: with a slow PID 1, as small
containers have, a second or more would be charged to ``stop_time`` and ``kill_time``.
"""

from __future__ import annotations

import ctypes
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_PR_SET_CHILD_SUBREAPER = 36
_LOOK = 0.01


def adopt_orphans() -> None:
    """Become the parent of orphaned descendants of this process."""
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def reap(pid: int) -> None:
    """Reap a descendant as soon as it ends; one that is somebody else's child is left to them."""

    def wait() -> None:
        with suppress(ChildProcessError):
            os.waitpid(pid, 0)

    threading.Thread(target=wait, name=f"isobench reaper {pid}", daemon=True).start()


@contextmanager
def reaping_orphans(name: str) -> Iterator[None]:
    """Meanwhile reap every adopted orphan that ends and whose program's name begins so.

    For libvirt's probing of an emulator, which waits for daemons whose numbers only it knows. Its own children are
    left to it: they are in our session, a daemon is in one of its own.
    """
    over = threading.Event()

    def turn() -> None:
        while not over.wait(_LOOK):
            for pid in _ended_orphans(name):
                with suppress(ChildProcessError):
                    os.waitpid(pid, os.WNOHANG)

    thread = threading.Thread(target=turn, name="isobench reaper", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _ended_orphans(name: str) -> Iterator[int]:
    session = os.getsid(0)
    for children in Path("/proc/self/task").glob("*/children"):
        with suppress(OSError):
            for pid in map(int, children.read_text().split()):
                program, _, rest = Path(f"/proc/{pid}/stat").read_text().partition("(")[2].rpartition(")")
                state, _, _, of_session = rest.split()[:4]
                if state == "Z" and int(of_session) != session and program.startswith(name):
                    yield pid
