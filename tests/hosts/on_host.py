"""What cases need inside a host: isobench as a user runs it, its sessions, and the host as it was before."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parents[2]
OUT = Path("/srv/out")
"""What lies here is brought back to the machine that runs the lab."""

_LOG = Path("/tmp/begun.log")
_OF_DOCKER = re.compile(r"^/run/docker/netns/default$")
"""What a dockerd makes at its first container with the host's network, and keeps until it ends."""
_COUNTERS = re.compile(r"\[\d+:\d+\]|^#.*$", re.MULTILINE)
_LOADED = re.compile(r"^(\*\w+|COMMIT|:\w+ ACCEPT)$")
"""What ``iptables-save`` prints of a table that is loaded and changes nothing."""
_LOOKS = {
    "containers": ("docker", "ps", "--all", "--quiet", "--no-trunc"),
    "docker networks": ("docker", "network", "ls", "--format={{.Name}} {{.Driver}}"),
    "volumes": ("docker", "volume", "ls", "--quiet"),
    "domains": ("virsh", "--connect", "qemu:///system", "list", "--all", "--name"),
    "libvirt networks": ("virsh", "--connect", "qemu:///system", "net-list", "--all"),
    "rules": ("iptables-save",),
    "rules of IPv6": ("ip6tables-save",),
    "links": ("ip", "-o", "-br", "link"),
    "users": ("getent", "passwd"),
    "units": ("systemctl", "list-units", "--all", "--no-legend", "--plain", "isobench*"),
    "groups": ("find", "/sys/fs/cgroup", "-maxdepth", "2", "-name", "isobench*"),
    "open controllers": ("cat", "/sys/fs/cgroup/cgroup.subtree_control"),
    "mounts": ("findmnt", "--list", "--noheadings", "--output", "TARGET"),
    "forwarding": ("cat", "/proc/sys/net/ipv4/ip_forward", "/proc/sys/net/ipv6/conf/all/forwarding"),
    "run folder": ("find", "/run/isobench", "-mindepth", "1", "-not", "-name", "*.lock"),
    "instances": ("find", "/root/.cache/isobench/instances", "-mindepth", "1"),
    "images of VMs": ("find", "/var/lib/libvirt/images"),
}


@dataclass(frozen=True, slots=True)
class Run:
    """How a call of isobench ended, and all that it printed."""

    status: int
    text: str


@dataclass(frozen=True, slots=True)
class Session:
    """A session as it lies in its folder."""

    folder: Path
    meta: dict[str, Any]
    samples: list[dict[str, Any]]

    def measured(self, target: str) -> list[dict[str, Any]]:
        """Return a target's measured samples."""
        return [s for s in self.samples if s["cell"]["target"] == target and s["role"] == "measured"]


def isobench(*words: str, timeout: float = 1500, status: int | None = 0, **environment: str) -> Run:
    """Run ``./bench WORDS``; raises AssertionError where it ends otherwise than with ``status``."""
    began = time.monotonic()
    done = subprocess.run(
        [HERE / "bench", "--yes", *words], cwd=HERE, env={**os.environ, **environment}, timeout=timeout,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
    )  # fmt: skip
    text = done.stdout.decode("utf-8", "replace")
    print(f"$ isobench {' '.join(words)}  (status {done.returncode}, {time.monotonic() - began:.0f} s)")
    print(text, flush=True)
    assert status is None or done.returncode == status, f"status {done.returncode}, not {status}"
    assert "Traceback" not in text
    return Run(done.returncode, text)


@contextmanager
def begun(*words: str, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """Give a running ``isobench WORDS``: the process itself, which a signal reaches. It is ended afterwards."""
    with _LOG.open("wb") as said:
        process = subprocess.Popen(
            [HERE / ".venv/bin/isobench", *words], cwd=HERE, env={**os.environ, **environment},
            stdin=subprocess.DEVNULL, stdout=said, stderr=said,
        )  # fmt: skip
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(120)
        print(f"$ isobench {' '.join(words)}  (status {process.returncode})\n{_LOG.read_text()}", flush=True)


def await_printed(process: subprocess.Popen[bytes], words: str) -> None:
    """Wait until a process that was begun has printed some words; raises AssertionError where it ends without."""
    while words not in _LOG.read_text(encoding="utf-8", errors="replace"):
        assert process.poll() is None, f"it ended before it printed {words}"
        time.sleep(0.05)


@contextmanager
def bystander_image() -> Iterator[str]:
    """Give an image of somebody else's: busybox and nothing besides."""
    tar = subprocess.run(["tar", "--create", "--directory", "/usr/bin", "busybox"], capture_output=True, check=True)
    subprocess.run(["docker", "import", "-", "bystander"], input=tar.stdout, capture_output=True, check=True)
    try:
        yield "bystander"
    finally:
        subprocess.run(["docker", "rmi", "--force", "bystander"], capture_output=True, check=True)


@contextmanager
def bystanders() -> Iterator[None]:
    """Have somebody else's rule and service, and container where Docker runs; all must be there afterwards."""
    rule = ["FORWARD", "--source", "198.51.100.7", "--jump", "DROP"]
    with ExitStack() as stack:
        if shutil.which("docker"):
            stack.enter_context(_bystander_container())
        subprocess.run(["iptables", "--wait", "--append", *rule], check=True)
        stack.callback(subprocess.run, ["iptables", "--wait", "--delete", *rule], check=True)
        subprocess.run(["systemd-run", "--quiet", "--unit=bystander", "sleep", "1d"], check=True)
        stack.callback(subprocess.run, ["systemctl", "stop", "bystander"], check=True)
        yield
        subprocess.run(["systemctl", "is-active", "--quiet", "bystander"], check=True)


@contextmanager
def _bystander_container() -> Iterator[None]:
    with bystander_image() as image:
        words = ["docker", "run", "--detach", "--name=bystander", image, "/busybox", "sleep", "1d"]
        subprocess.run(words, capture_output=True, check=True)
        try:
            yield
            asked = ["docker", "inspect", "--format={{.State.Running}}", "bystander"]
            running = subprocess.run(asked, capture_output=True, text=True, check=True)
            assert running.stdout.strip() == "true", "somebody else's container has ended"
        finally:
            subprocess.run(["docker", "rm", "--force", "bystander"], capture_output=True, check=True)


def measure(*words: str, **more: Any) -> Session:
    """Run a session in a results folder of its own, and return it; its folder and its report are brought back."""
    before = set(sessions())
    isobench("run", *words, **more)
    (folder,) = set(sessions()) - before
    return read(folder)


def read(folder: Path) -> Session:
    """Return a session, and leave a copy of it and of its report to be brought back."""
    OUT.mkdir(parents=True, exist_ok=True)
    report = HERE / "reports" / f"{folder.name}.html"
    for path in (folder, report):
        if path.exists():
            subprocess.run(["cp", "--archive", path, OUT], check=True)
    samples = [json.loads(line) for line in (folder / "samples.jsonl").read_text().splitlines()]
    return Session(folder, json.loads((folder / "session.json").read_text()), samples)


def sessions() -> list[Path]:
    """Return the folders of all sessions."""
    return [path.parent for path in (HERE / "results").glob("*/session.json")]


def refuse_lost(session: Session, *, accelerated: bool = True) -> None:
    """Raise AssertionError, naming each, where a sample does not count, or a VM was emulated."""
    lost = [
        f"{s['cell']['workload']}@{s['cell']['target']} #{s['number']}: {s['outcome']} {s['marks']}"
        f" {s['facts'].get('noisy', '')} {s.get('error') or ''}"
        for s in session.samples
        if s["outcome"] != "ok" or "noisy" in s["marks"]
    ]
    assert not lost, "samples that do not count:\n" + "\n".join(lost)
    assert not session.meta["unavailable"], session.meta["unavailable"]
    machines = [s for s in session.samples if s["cell"]["target"].startswith(("vm", "nested"))]
    emulated = {s["cell"]["target"] for s in machines if s["facts"].get("acceleration") != "kvm"}
    assert not (accelerated and emulated), f"emulated: {', '.join(sorted(emulated))}"


def host_state() -> dict[str, set[str]]:
    """Return what the host has of all that isobench could leave or change."""
    return {name: _lines(*words) for name, words in _LOOKS.items()}


@contextmanager
def host_unchanged() -> Iterator[None]:
    """Raise AssertionError where the host is not afterwards as it was before."""
    before = host_state()
    yield
    changed = differences(before, host_state())
    assert not changed, f"the host was changed: {changed}"


def differences(before: dict[str, set[str]], after: dict[str, set[str]]) -> dict[str, list[str]]:
    """Return, by kind, what came (+) and what went (-)."""
    return {
        name: [*(f"+ {line}" for line in sorted(after[name] - before[name])),
               *(f"- {line}" for line in sorted(before[name] - after[name]))]
        for name in before
        if before[name] != after[name]
    }  # fmt: skip


def _lines(*words: str) -> set[str]:
    try:
        done = subprocess.run(words, capture_output=True, timeout=60, check=False)
    except FileNotFoundError:
        return set()
    text = _COUNTERS.sub("", done.stdout.decode("utf-8", "replace"))
    lines = {line.strip() for line in text.splitlines()} - {""}
    return {line for line in lines if not _OF_DOCKER.match(line) and not _LOADED.match(line)}


def main(case: Any) -> None:
    """Run a case as a program: what it prints is its record, and an assertion's words are the last of them."""
    try:
        case()
    except AssertionError as error:
        print(f"FAILED: {error}")
        sys.exit(1)
    print("PASSED")
