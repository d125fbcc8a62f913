"""The embedded default: a private dockerd in the cache folder, stopped and tidied at the end."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO

from isobench.engines import firewall
from isobench.engines.runtimes import runtimes
from isobench.errors import HarnessError
from isobench.host.cgroup.home import entering
from isobench.host.paths import Paths
from isobench.host.process import command_lines, last_lines, run

_START = 60.0
_STOP = 20.0
_PING = 5
_SHARED = "/run/containerd/containerd.sock"
_NAMESPACE = "isobench"
"""Ours in containerd: dockerd takes a containerd that already runs on the host."""


class EmbeddedDocker:
    """A private dockerd with its own socket, data, exec root and pid file; a context manager giving its URL.

    ``bridge`` is the link of its network, whose firewall rules are removed with it.
    """

    def __init__(self, paths: Paths, bridge: str = "") -> None:
        self._paths = paths
        self._bridge = bridge
        self._log = paths.cache / "docker.log"
        self._socket = paths.run / "docker" / "docker.sock"
        self._process: subprocess.Popen[bytes] | None = None
        self._claim: IO[str] | None = None

    def __enter__(self) -> str:
        self._claim = _claim(self._paths)
        if self._claim is None:
            raise HarnessError("another isobench runs the private dockerd", mend="wait until it has ended")
        # Of this run alone, but also of a daemon that was started anew.
        self._log.unlink(missing_ok=True)
        try:
            self._start()
        except BaseException:
            self._stop()
            raise
        return f"unix://{self._socket}"

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def restart(self) -> None:
        """Start a daemon that died or froze anew; its containers are ended, its images stay.

        Raises HarnessError when it does not come up; it can be tried again, the claim is kept.
        """
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._start()

    def _start(self) -> None:
        _clean(self._paths)
        firewall.remember(self._paths.run / "firewall.json", self._bridge)
        run_folder = self._socket.parent
        run_folder.mkdir(parents=True, exist_ok=True)
        # A configuration of our own: the host's belongs to another daemon. Checkpoints are experimental to dockerd.
        config = run_folder / "daemon.json"
        config.write_text(
            json.dumps(
                {
                    "runtimes": runtimes(),
                    "experimental": True,
                    # Its containers lie in the group that systemd has delegated to us, not in units of their own.
                    "exec-opts": ["native.cgroupdriver=cgroupfs"],
                }
            )
        )
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [
                    *entering("dockerd"), "dockerd", "--data-root", str(self._paths.cache / "docker"),
                    "--exec-root", str(run_folder / "exec"),
                    "--host", f"unix://{self._socket}", "--pidfile", str(run_folder / "docker.pid"), "--bridge", "none",
                    "--config-file", str(config), "--group", "0", "--containerd-namespace", _NAMESPACE,
                    "--containerd-plugins-namespace", f"{_NAMESPACE}-plugins",
                ],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        self._await(self._socket)
        self.note_firewall()

    def note_firewall(self) -> None:
        """Write down what of the firewall and the sysctls the daemon has changed by now."""
        firewall.note(self._paths.run / "firewall.json")

    def _await(self, socket: Path) -> None:
        """Wait until the daemon answers; it has no other way to say that it is up."""
        import docker

        deadline = time.monotonic() + _START
        while time.monotonic() < deadline:
            if self._process is None or self._process.poll() is not None:
                break
            if socket.exists():
                try:
                    client = docker.APIClient(base_url=f"unix://{socket}", version="auto", timeout=_PING)
                    client.close()
                    socket.chmod(0o600)
                    return
                except docker.errors.DockerException:
                    pass
            time.sleep(0.01)
        said = last_lines(self._log.read_bytes(), 3)
        raise HarnessError(f"the private dockerd did not come up: {said}", where=str(self._log))

    def _stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            # One that is frozen hears it only when it is thawed.
            self._process.send_signal(signal.SIGCONT)
            self._await_end(self._process)
            self._process.kill()
            self._process.wait()
        _clean(self._paths)
        if self._claim is not None:
            self._claim.close()
            self._claim = None

    def _await_end(self, daemon: subprocess.Popen[bytes]) -> None:
        """Wait until the daemon has ended or has nothing left to do.

        Last of all it ends its containerd, and looks a whole second later whether that is gone.
        """
        try:
            containerd = Path("/proc", (self._socket.parent / "exec/containerd/containerd.pid").read_text().strip())
        except OSError:  # the host's own, which goes on
            containerd = Path("/proc")
        deadline = time.monotonic() + _STOP
        while daemon.poll() is None and containerd.exists() and time.monotonic() < deadline:
            time.sleep(0.01)


def clean(paths: Paths) -> list[str]:
    """End what is left of a private dockerd and put the firewall back; return a line for each thing removed.

    One that a living isobench runs stays: the kernel frees a claim when its holder dies.
    """
    claim = _claim(paths)
    if claim is None:
        return []
    with claim:
        return _clean(paths)


def _claim(paths: Paths) -> IO[str] | None:
    """Claim the private dockerd for this process until the file is closed; None when another has it."""
    paths.run.mkdir(parents=True, exist_ok=True)
    file = (paths.run / "docker.lock").open("a")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    return file


def _clean(paths: Paths) -> list[str]:
    run_folder = paths.run / "docker"
    removed = []
    for pid, command in _processes(str(run_folder), str(paths.cache / "docker")):
        try:
            os.kill(pid, signal.SIGCONT)
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
        removed.append(f"process {pid} ({command})")
    removed += _end_orphans(paths.cache / "docker" / "containers")
    for _ in range(200):
        if not _processes(str(run_folder), str(paths.cache / "docker")):
            break
        time.sleep(0.01)
    for point in _mounts(str(run_folder), str(paths.cache / "docker")):
        run(["umount", "--lazy", point], check=False)
        removed.append(f"mount {point}")
    if run_folder.exists():
        shutil.rmtree(run_folder, ignore_errors=True)
    # dockerd keeps no link for a container that it did not see end.
    firewall.put_back(paths.run / "firewall.json")
    return removed


def _end_orphans(containers: Path) -> list[str]:
    """Kill what runs in containers whose shim is gone: their control groups carry the containers' ids."""
    ids = [folder.name for folder in containers.iterdir()] if containers.is_dir() else []
    removed = []
    for entry in Path("/proc").iterdir() if ids else ():
        try:
            groups = (entry / "cgroup").read_text() if entry.name.isdigit() else ""
        except OSError:
            continue
        if any(name in groups for name in ids):
            with suppress(ProcessLookupError):
                os.kill(int(entry.name), signal.SIGKILL)
                removed.append(f"container process {entry.name}")
    return removed


def _processes(*folders: str) -> list[tuple[int, str]]:
    """Return dockerd, containerd and shims whose command line names one of our folders."""
    found = []
    for pid, words in command_lines():
        name = Path(words[0]).name
        shim = name.startswith("containerd-shim") and _NAMESPACE in words and _SHARED in words
        # A folder stands alone, behind unix://, or behind --option=.
        places = [place for word in words[1:] for place in (word.removeprefix("unix://"), word.partition("=")[2])]
        ours = shim or any(place.startswith(folders) for place in places)
        if ours and name.startswith(("dockerd", "containerd", "docker-proxy", "runc")):
            found.append((pid, name))
    return found


def _mounts(*folders: str) -> list[str]:
    points = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()]
    # dockerd mounts its data root on itself, so the folders themselves count.
    return sorted((point for point in points if f"{point}/".startswith(tuple(f"{f}/" for f in folders))), reverse=True)
