"""Fifty ``kill -9`` at seeded random moments, each gone on with by ``--resume``: nothing lost, repeated or left.

And fifty SIGINT while a session's house opens.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
from pathlib import Path

import pytest
from tests.integration.fault_table import row
from tests.integration.test_sessions import interrupt_while_opening, kill_and_go_on
from tests.integration.user import User, job
from tests.soak.counts import count

from isobench.engines import docker, libvirt
from isobench.host import cgroup
from isobench.host.paths import Paths

pytestmark = [
    pytest.mark.soak,
    pytest.mark.docker,
    pytest.mark.vm,
    pytest.mark.timeout(7200),
    pytest.mark.skipif(os.geteuid() != 0, reason="engines need root"),
    pytest.mark.skipif(shutil.which("busybox") is None, reason="busybox is not installed"),
]
KILLS = count("kills", 50)
INTERRUPTS = count("interrupts", 50)
TARGETS = ("native", "docker", "vm-micro")
SEED = 3


def kills(user: User) -> int:
    return sum(process.poll() == -signal.SIGKILL for process in user.started)


def test_fifty_kills(paths: Paths, tmp_path: Path) -> None:
    if reason := cgroup.unavailable() or docker.unavailable(paths) or libvirt.unavailable():
        pytest.skip(reason)
    draw = random.Random(SEED)  # noqa: S311
    done = sessions = samples = 0
    while done < KILLS:
        home = tmp_path / f"{sessions}"
        home.mkdir()
        user = User(home, paths, {"ISOBENCH_CACHE": str(paths.cache), "ISOBENCH_RUN": str(paths.run)})
        user.workload("good", job("sleep 0.3; echo rate 12.5"))
        # What it asserts: kept samples stay as they are, each of the plan is there once, and nothing is left.
        kill_and_go_on(user, TARGETS, [draw.uniform(0, 10) for _ in range(min(8, KILLS - done))])
        done += kills(user)
        sessions += 1
        samples += len(user.session()[1])
    row(f"harness: {done} kill -9", ", ".join(TARGETS), "nothing; `--resume` goes on",
        f"{samples} samples of {sessions} session(s): 0 lost, 0 repeated")  # fmt: skip


def test_fifty_interrupts_while_the_house_opens(user: User) -> None:
    if reason := libvirt.unavailable():
        pytest.skip(reason)
    user.workload("good", job("echo rate 12.5"))
    draw = random.Random(SEED)  # noqa: S311
    early = interrupt_while_opening(user, TARGETS, [draw.uniform(0, 6) for _ in range(INTERRUPTS)])
    row(f"harness: {INTERRUPTS} SIGINT, {early} of them before a sample could begin", ", ".join(TARGETS),
        "`isobench: interrupted`, exit 130", "every finished sample")  # fmt: skip
