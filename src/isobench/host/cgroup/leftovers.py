"""Removing the groups that a killed run left."""

from __future__ import annotations

from pathlib import Path

from isobench.host.cgroup import hierarchy, home, systemd
from isobench.host.cgroup.group import Cgroup
from isobench.host.cgroup.slice import Slice


def clean(run: Path) -> list[str]:
    """Remove what a killed run of this run folder left; return a line for each thing that was there."""
    done = []
    for name in home.leftovers(run):
        Cgroup(name).remove()
        if systemd.manages():
            Slice(name).remove()
        done.append(f"control group {name}")
    scope = home.scope(run)
    if systemd.manages() and (hierarchy.ROOT / home.SLICE / scope).is_dir():
        systemd.stop(scope)
        done.append(f"scope {scope}")
    home.remove()
    home.restore(run)
    return done
