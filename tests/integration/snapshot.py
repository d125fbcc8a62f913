"""What a run may leave on a host: counted before and after."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from isobench.host.cgroup import home
from isobench.host.paths import Paths
from isobench.host.process import command_lines

_OURS = ("dockerd", "containerd", "containerd-shim-runc-v2", "docker-proxy", "runc", "qemu-system-x86_64", "enter",
         "native", "init")  # fmt: skip


def in_process(paths: Paths) -> Paths:
    """Return paths with another root for a libvirt in this process, which holds it until the process ends."""
    return replace(paths, cache=paths.cache / "in")


def temporary(paths: Paths) -> Path:
    """Return the folder that commands have instead of /tmp, where tests beside these put files of their own."""
    return paths.cache.parent / "tmp"


def snapshot(paths: Paths) -> dict[str, set[str]]:
    """Return, by kind, what is on this host now."""
    return {
        "processes": {f"{pid} {' '.join(words)[:160]}" for pid, words in command_lines()
                      if Path(words[0]).name in _OURS},
        "links": {line.split()[0] for line in _lines("ip", "-o", "-br", "link")},
        "mounts": {line.split()[1] for line in Path("/proc/self/mounts").read_text().splitlines()},
        "loops": set(_lines("losetup", "--noheadings", "--list", "--output", "NAME")),
        "groups": set(home.instances()),
        "rules": set(_lines("iptables-save", "-t", "nat")) | set(_lines("iptables-save", "-t", "filter")),
        "run": {str(path) for path in paths.run.iterdir() if path.suffix != ".lock"} if paths.run.is_dir() else set(),
        "instances": set(map(str, (paths.cache / "instances").glob("*"))),
        "half-built": set(map(str, paths.cache.glob("*/.building-*"))),
        "domains": set(map(str, (paths.cache / "libvirt").glob("*/*/qemu/*isobench-*"))),
        "temporary": {str(path) for path in temporary(paths).glob("isobench*")},
    }  # fmt: skip


def left(paths: Paths, before: dict[str, set[str]]) -> dict[str, set[str]]:
    """Return what is there now and was not before; waits a moment for the kernel's own tidying."""
    found: dict[str, set[str]] = {}
    for _ in range(50):
        found = {kind: more for kind, now in snapshot(paths).items() if (more := now - before[kind])}
        if not found:
            break
        time.sleep(0.1)
    return found


@contextmanager
def leaving_nothing(paths: Paths) -> Iterator[None]:
    """Fail when something is left that was not there before."""
    before = snapshot(paths)
    yield
    found = left(paths, before)
    assert found == {}, found


def _lines(*command: str) -> list[str]:
    text = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    # Packet counters are no leftover.
    return [line.partition(" [")[0] for line in text.splitlines() if line and not line.startswith("#")]
