"""As whom a process of the host runs, and what the kernel's security module allows it: read from /proc."""

from __future__ import annotations

import pwd
import re
from pathlib import Path

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def confinement(pid: int) -> str:
    """Return the user and the security label of a process, as in ``user root, unconfined``.

    A label that carries an instance's UUID is told without it. Raises OSError for a process that has ended.
    """
    uid = Path("/proc", str(pid)).stat().st_uid
    try:
        user = pwd.getpwuid(uid).pw_name
    except KeyError:
        user = str(uid)
    return f"user {user}, {_label(pid)}"


def _label(pid: int) -> str:
    try:
        label = Path("/proc", str(pid), "attr/current").read_text().strip("\0\n ")
    except OSError:
        return "no security module"
    return _UUID.sub("UUID", label) or "no security module"
