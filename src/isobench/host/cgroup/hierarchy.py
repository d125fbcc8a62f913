"""The hierarchies of control groups on this host: cgroup v2, or v1 (hybrid included)."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path("/sys/fs/cgroup")
V1_CONTROLLERS = ("cpuset", "memory", "cpuacct", "blkio", "pids", "freezer")
V2_CONTROLLERS = ("cpuset", "memory", "cpu", "io", "pids")


def version() -> int:
    """Return 2 on a unified hierarchy, else 1 (hybrid hosts have their controllers on v1)."""
    return 2 if (ROOT / "cgroup.controllers").exists() else 1


def unavailable() -> str | None:
    """Return why control groups cannot be made here, or None."""
    if os.geteuid() != 0:
        return "making control groups needs root"
    if version() == 2:
        missing = set(V2_CONTROLLERS) - set((ROOT / "cgroup.controllers").read_text().split())
        return f"the unified hierarchy lacks {', '.join(sorted(missing))}" if missing else None
    needed = [name for name in ("cpuset", "memory", "cpuacct", "blkio") if not (ROOT / name).is_dir()]
    return f"no cgroup v1 hierarchy for {', '.join(needed)}" if needed else None


def controlling() -> tuple[Path, ...]:
    """Return the roots of the hierarchies whose controllers isobench uses."""
    if version() == 2:
        return (ROOT,)
    return tuple(ROOT / name for name in V1_CONTROLLERS if (ROOT / name).is_dir())


def mounted() -> tuple[Path, ...]:
    """Return the roots of all hierarchies: an engine makes an instance's group in every one, not just in ours."""
    if version() == 2:
        return (ROOT,)
    return tuple(path for path in sorted(ROOT.iterdir()) if path.is_dir() and not path.is_symlink())


def below(top: Path) -> tuple[Path, ...]:
    """Return the groups below one and itself, the deepest first; none where it is not there.

    Groups go away meanwhile: an engine removes its own, and what is gone is no error here.
    """
    return tuple(Path(folder) for folder, _, _ in os.walk(top, topdown=False))


def own_group(pid: int | str = "self") -> str | None:
    """Return the v2 group of a process relative to the root, without a leading slash; None where it has none.

    An empty string is the root group.
    """
    try:
        lines = Path("/proc", str(pid), "cgroup").read_text().splitlines()
    except OSError:
        return None
    return next((line.removeprefix("0::/") for line in lines if line.startswith("0::/")), None)
