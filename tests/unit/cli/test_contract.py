"""The command line as a user meets it: real processes, their exit codes and their one line."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

import pytest


def isobench(*words: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "isobench", *words], capture_output=True, text=True, check=False, cwd=cwd, timeout=60
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("run", "-w", "rediss"), "did you mean 'redis'"),
        (("run", "-t", "dockr"), "did you mean 'docker'"),
        (("explain", "time_to_redy"), "did you mean 'time_to_ready'"),
        (("show", "no-such-session"), "no-such-session"),
        (("run", "--budget", "soon"), "is no duration"),
        (("frobnicate",), "No such command"),
    ],
)
def test_bad_input_gets_one_line_and_exit_2(words: tuple[str, ...], said: str, tmp_path: Path) -> None:
    done = isobench(*words, cwd=tmp_path)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_every_metric_and_target_can_be_explained() -> None:
    for name in ("time_to_ready", "host_pss_ready", "vm-micro", "native"):
        assert isobench("explain", name).returncode == 0


@pytest.mark.parametrize(("words", "limit"), [(("--help",), 0.150), (("list", "workloads"), 0.300)])
def test_it_starts_quickly(words: tuple[str, ...], limit: float) -> None:
    """By the CPU time it takes, which is the wall's on a quiet host, and hardly more on a busy one."""

    def once() -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert isobench(*words).returncode == 0
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    assert min(once() for _ in range(10)) <= limit
