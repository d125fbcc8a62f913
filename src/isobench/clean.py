"""Removing whatever a killed run left behind: found by isobench's own folders and names, never by a broad one."""

from __future__ import annotations

from isobench.engines import bridge, docker, dockerd, firewall, libvirt, podman
from isobench.host.cgroup import leftovers
from isobench.host.paths import Paths
from isobench.host.process import remove_tree
from isobench.images import cache


def clean(paths: Paths) -> list[str]:
    """Remove leftovers of every kind and return a line for each; the caller holds the measuring lock."""
    done: list[str] = []
    done += libvirt.clean(paths)
    done += docker.clean()
    done += leftovers.clean(paths.run)
    done += dockerd.clean(paths)
    done += podman.clean(paths)
    done += bridge.clean(paths.run)
    firewall.put_back(paths.run / "firewall.json")
    instances = paths.cache / "instances"
    for folder in sorted(instances.iterdir()) if instances.is_dir() else ():
        remove_tree(folder)
        done.append(f"instance files {folder.name}")
    with cache.building(paths.cache, wait=False) as ours:
        for scratch in sorted(paths.cache.glob("*/.building-*")) if ours else ():
            remove_tree(scratch)
            done.append(f"half-built {scratch.parent.name}")
    for folder in sorted(paths.run.iterdir()) if paths.run.is_dir() else ():
        if folder.is_dir():
            remove_tree(folder)
            done.append(f"run folder {folder.name}")
    return done
