"""Whose CPU it was, by the kernel's accounts of control groups (v2): the instance's cost, or a stranger's.

What an engine, systemd, udev and the journal do when an instance starts is the instance's cost, and differs from target
to target: left out as noise, it would take away the samples of targets that start slowly and keep those of fast ones.
So a written list of groups is the instance's cost (``COSTS``), with everything in isobench's own groups; every other
group is a stranger's, and so is each process in the harness's own session that is not of its tree.

Sums are read at groups that outlive an instance, since a group takes its account along when it goes.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from isobench.host.cgroup import files, hierarchy, home

UNITS = (
    # what starts and watches units, makes devices and links known, and writes all that down
    "systemd-udevd", "systemd-networkd", "systemd-resolved", "systemd-journald", "systemd-machined", "systemd-logind",
    "NetworkManager", "dbus", "dbus-broker", "polkit", "rsyslog", "avahi-daemon",
    # the engines
    "docker", "containerd", "podman", "libvirtd", "virtqemud", "virtlogd", "snap.docker.dockerd",
)  # fmt: skip
"""Services of ``system.slice`` whose work is an instance's cost."""
COSTS = ("init.scope", *(f"system.slice/{unit}.service" for unit in UNITS))

_TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Account:
    """CPU seconds so far: of the groups below the root, of the costs among them, and of strangers beside the harness.

    ``whole`` is the sum of all groups, ``own`` that of the harness; ``beside`` are the processes in the latter that are
    not of the harness's tree.
    """

    whole: float
    tops: Mapping[str, float]
    costs: Mapping[str, float]
    own: float
    beside: Mapping[int, float]

    @classmethod
    def now(cls) -> Account | None:
        """Read the accounts; None where groups cannot tell whose CPU it was: cgroup v1, or a harness in the root."""
        if not attributes():
            return None
        own = hierarchy.own_group() or ""
        tops = {path.name: _used(path) for path in hierarchy.ROOT.iterdir() if path.is_dir()}
        whole = sum(tops.values())
        # libvirt's daemon makes a group for each VM, ours too, which goes with it: each living VM counts by itself.
        for parent in _MACHINES & tops.keys():
            del tops[parent]
            groups = (path for path in (hierarchy.ROOT / parent).iterdir() if path.is_dir())
            tops |= {f"{parent}/{path.name}": _used(path) for path in groups if "isobench" not in path.name}
        costs = {name: _used(hierarchy.ROOT / name) for name in COSTS}
        return cls(whole, tops, costs, _used(hierarchy.ROOT / own), dict(_beside(own)))

    def strangers(self, later: Account, *, measured: bool) -> float:
        """Return the CPU seconds that strangers used between two accounts.

        Where nothing was ``measured`` there was no instance whose cost the written list could be.
        """
        groups = sum(_grown(self.tops, later.tops, name) for name in later.tops if name not in _OURS)
        costs = sum(_grown(self.costs, later.costs, name) for name in COSTS) if measured else 0.0
        own = max(later.own - self.own, 0.0)
        beside = sum(max(used - self.beside.get(pid, 0.0), 0.0) for pid, used in later.beside.items())
        return max(groups - costs - own, 0.0) + beside

    def total(self, later: Account) -> float:
        """Return the CPU seconds that all groups used: what the host used besides is the kernel's own threads'."""
        return max(later.whole - self.whole, 0.0)


_MACHINES = {"machine.slice", "machine"}
_OURS = (home.SLICE, home.PLAIN)


def attributes() -> bool:
    """Return whether this host's control groups tell whose CPU it was."""
    return hierarchy.version() == 2 and bool(hierarchy.own_group())


def _used(group: Path) -> float:
    try:
        return files.flat((group / "cpu.stat").read_text()).get("usage_usec", 0) / 1e6
    except OSError:
        return 0.0


def _grown(before: Mapping[str, float], after: Mapping[str, float], name: str) -> float:
    """Return by how much an account grew; one that is less than it was is a new group's of the same name."""
    now, then = after[name], before.get(name, 0.0)
    return now - then if now >= then else now


def _beside(own: str) -> Iterator[tuple[int, float]]:
    """Yield each process of the harness's group that is not of its tree, with its CPU seconds."""
    there = {pid: told for pid in _members(hierarchy.ROOT / own) if (told := _process(pid)) is not None}
    harness = os.getpid()
    for pid, (_, used) in there.items():
        above = pid
        while above in there and above != harness:
            above = there[above][0]
        if above != harness:
            yield pid, used


def _members(group: Path) -> Iterator[int]:
    for one in hierarchy.below(group):
        try:
            yield from (int(word) for word in (one / "cgroup.procs").read_text().split())
        except OSError:
            continue


def _process(pid: int) -> tuple[int, float] | None:
    """Return a process's parent, and the CPU seconds that it and its dead children used; None of one that ended."""
    try:
        words = Path("/proc", str(pid), "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return int(words[1]), sum(map(int, words[11:15])) / _TICK
