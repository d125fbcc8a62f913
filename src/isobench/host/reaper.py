"""Taking care of orphans: a VMM that detached itself is reaped at once, not when the host's PID 1 gets round to it.

Until a dead process is reaped its pid looks alive, and libvirt waits for the pid to go, also while it probes an
emulator: with a slow PID 1, as small containers have, a second to half a minute would be added to each.
"""

from __future__ import annotations

import ctypes
import os
import threading
import time
from contextlib import suppress
from pathlib import Path

_PR_SET_CHILD_SUBREAPER = 36
_SHORT, _LONG = 0.005, 0.05
_started = threading.Lock()


def adopt_orphans(program: str) -> None:
    """Become the parent of orphaned descendants, and reap those whose program's name begins so as soon as they end.

    What this process started itself is left to whoever started it: that is in its session, a daemon in one of its own.
    Once a process; the thread lives as long as it does.
    """
    if not _started.acquire(blocking=False):
        return
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    threading.Thread(target=_reap, args=(program,), name="isobench reaper", daemon=True).start()


def _reap(program: str) -> None:
    others: set[int] = set()
    pause = _SHORT
    while True:
        try:
            # Wakes at a child's end and leaves it to be waited for.
            os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT)
        except ChildProcessError:
            time.sleep(_LONG)
            continue
        orphans = _ended_orphans(program, others)
        for pid in orphans:
            with suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)
        # Somebody else's child: give them time to take it.
        pause = _SHORT if orphans else min(2 * pause, _LONG)
        if not orphans:
            time.sleep(pause)


def _ended_orphans(program: str, others: set[int]) -> list[int]:
    """Return the ended orphans; ``others`` are ended children of somebody else, looked at once and kept up here.

    A process that lives long may keep hundreds of those, and is not to spend its time on looking at them.
    """
    session = os.getsid(0)
    children = {pid for file in Path("/proc/self/task").glob("*/children") for pid in _numbers(file)}
    others &= children
    orphans = []
    for pid in children - others:
        with suppress(OSError):
            name, _, rest = Path(f"/proc/{pid}/stat").read_text().partition("(")[2].rpartition(")")
            state, _, _, of_session = rest.split()[:4]
            if state != "Z":
                continue
            if int(of_session) != session and name.startswith(program):
                orphans.append(pid)
            else:
                others.add(pid)
    return orphans


def _numbers(file: Path) -> list[int]:
    try:
        return [int(word) for word in file.read_text().split()]
    except OSError:  # the thread has ended
        return []
