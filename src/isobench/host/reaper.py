"""Taking care of orphans: a VMM that detached itself is reaped at once, not when the host's PID 1 gets round to it.

Until a dead process is reaped its pid looks alive, and libvirt waits for the pid to go: with a slow PID 1, as small
containers have, a second or more would be charged to ``stop_time`` and ``kill_time``.
"""

from __future__ import annotations

import ctypes
import os
import threading
from contextlib import suppress

_PR_SET_CHILD_SUBREAPER = 36


def adopt_orphans() -> None:
    """Become the parent of orphaned descendants of this process."""
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def reap(pid: int) -> None:
    """Reap a descendant as soon as it ends; one that is somebody else's child is left to them."""

    def wait() -> None:
        with suppress(ChildProcessError):
            os.waitpid(pid, 0)

    threading.Thread(target=wait, name=f"isobench reaper {pid}", daemon=True).start()
