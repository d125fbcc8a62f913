"""Which boot of the host this is: what was noted in another one says nothing of this one."""

from __future__ import annotations

from pathlib import Path


def boot_id() -> str:
    """Return the kernel's identifier of this boot."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
