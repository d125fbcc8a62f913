"""A user of the command line in a folder of their own, with small workloads made of busybox."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from isobench.host.paths import Paths

ENGINES = [
    pytest.mark.docker,
    pytest.mark.skipif(os.geteuid() != 0, reason="engines need root"),
    pytest.mark.skipif(shutil.which("busybox") is None, reason="busybox is not installed"),
]
"""Marks of a module whose tests use ``user``."""

JOB = '[[job]]\nname = "work"\ncommand = {command}\n{more}[[job.metric]]\nname = "cpu_events"\nfrom = "{source}"\n'
_PATIENCE = 200.0
_APPLETS = ("sh", "sleep", "cat", "echo", "dd", "yes", "true", "head", "tail", "date", "kill", "mkdir", "ls", "seq")


@dataclass(frozen=True, slots=True)
class User:
    """Runs ``isobench`` in ``home``; ``environment`` chooses cache and run folder."""

    home: Path
    paths: Paths
    environment: dict[str, str] = field(default_factory=dict)
    started: list[subprocess.Popen[str]] = field(default_factory=list)

    def start(self, *words: str, **more: str) -> subprocess.Popen[str]:
        """Start ``isobench WORDS``; both of its streams go to ``home/said``."""
        with (self.home / "said").open("w") as said:
            process = subprocess.Popen(
                [sys.executable, "-m", "isobench", *words], cwd=self.home, stdin=subprocess.DEVNULL, stdout=said,
                stderr=subprocess.STDOUT, text=True, env={**os.environ, **self.environment, **more},
            )  # fmt: skip
        self.started.append(process)
        return process

    def leave(self) -> None:
        """End what a failed test left running, as a user would: the command tidies up after itself."""
        for process in self.started:
            if process.poll() is None:
                process.terminate()
                process.wait(90)

    def isobench(self, *words: str, **more: str) -> tuple[int, str]:
        """Run ``isobench WORDS``; return its exit code and all it said. There is never a traceback."""
        process = self.start(*words, **more)
        try:
            process.wait(_PATIENCE)
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                process.wait(60)
        said = self.said()
        assert "Traceback" not in said, said
        assert "this run had left" not in said, said
        return process.returncode, said

    def said(self) -> str:
        """Return what the command started last has said so far."""
        return (self.home / "said").read_text(errors="replace")

    def wait_for(self, process: subprocess.Popen[str], words: str, timeout: float = 120) -> None:
        """Wait until the command has said some words; fail when it ends before."""
        deadline = time.monotonic() + timeout
        while words not in self.said():
            assert process.poll() is None, self.said()
            assert time.monotonic() < deadline, self.said()
            time.sleep(0.02)

    def session(self) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """Return the latest session: session.json and its samples."""
        folder = max(self.results.iterdir())
        lines = (folder / "samples.jsonl").read_text().splitlines() if (folder / "samples.jsonl").exists() else []
        return json.loads((folder / "session.json").read_text()), [json.loads(line) for line in lines]

    @property
    def results(self) -> Path:
        """The folder of the user's sessions: to be named with --results."""
        return self.home / "results"

    def workload(
        self, name: str, table: str = "", command: str = "sleep 600", dockerfile: str = "", ready: str = 'on = "start"'
    ) -> None:
        """Write a workload of busybox: a shell command, and what else its file is to say."""
        folder = self.home / "workloads" / name
        (folder / "bin").mkdir(parents=True)
        shutil.copy(str(shutil.which("busybox")), folder / "bin" / "busybox")
        for applet in _APPLETS:
            (folder / "bin" / applet).symlink_to("busybox")
        (folder / "Dockerfile").write_text(dockerfile or "FROM scratch\nCOPY bin /bin\nENV PATH=/bin\n")
        words = json.dumps(["sh", "-c", command])
        head = f'title = "{name}"\ndescription = "{name}"\ncommand = {words}\n'
        timeout = "" if "timeout" in table.partition("[")[0] else "timeout = 30\n"
        before, bracket, after = table.partition("[")
        (folder / "workload.toml").write_text(
            f'{head}{timeout}{before}\n[ready]\n{ready}\n[resources]\nvcpus = 1\nmemory = "96 MiB"\ndisk = "24 MiB"\n'
            f"{bracket}{after}"
        )


def job(script: str, source: str = 'regex"\npattern = "rate ([0-9.]+)', more: str = "") -> str:
    return JOB.format(command=json.dumps(["sh", "-c", script]), source=source, more=more)


def run_words(user: User, *more: str) -> list[str]:
    return ["run", "--results", str(user.results), "--no-report", "--seed", "1", "--trust-native", *more]
