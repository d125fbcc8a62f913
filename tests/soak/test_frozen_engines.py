"""An engine of the user's own that freezes and stays so: every wait for it ends, in one line."""

from __future__ import annotations

import os
import signal
import time

import pytest
from tests.integration.fault_table import row
from tests.integration.snapshot import leaving_nothing
from tests.integration.test_faults_engine import (
    NO_LIBVIRTD,
    await_container,
    awaited,
    docker_of_the_users_own,
    libvirt_uri,
    program,
    qemu,
    system_libvirt,
)
from tests.integration.user import ENGINES, User, job, run_words

from isobench.engines import libvirt

pytestmark = [pytest.mark.soak, pytest.mark.timeout(900), *ENGINES]


@pytest.mark.vm
@NO_LIBVIRTD
def test_a_libvirtd_that_stays_frozen_ends_no_session_and_holds_up_none(user: User) -> None:
    if reason := libvirt.unavailable():
        pytest.skip(reason)
    user.workload("good", job("sleep 1; echo rate 12.5"))
    root = user.paths.cache.parent / "lv"
    own = {"LIBVIRT_DEFAULT_URI": libvirt_uri(root)}
    words = run_words(user, "-w", "good", "-t", "native", "-t", "vm-micro", "--samples", "3")
    with leaving_nothing(user.paths), system_libvirt(root) as start:
        daemon = start()
        process = user.start(*words, **own)
        user.wait_for(process, "[  2/")
        awaited(lambda: qemu(user))
        daemon.send_signal(signal.SIGSTOP)
        began = time.monotonic()
        assert process.wait(300) == 4, user.said()
        first = time.monotonic() - began
        _, samples = user.session()
        found = {name: [s["outcome"] for s in samples if s["cell"]["target"] == name and s["role"] == "measured"]
                 for name in ("native", "vm-micro")}  # fmt: skip
        assert found == {"native": ["ok"] * 3, "vm-micro": ["error"] * 3}
        began = time.monotonic()
        code, said = user.isobench(*words, **own)
        assert code == 4, said
        (line,) = (line for line in said.splitlines() if line.startswith("vm-micro could not run"))
        assert "did not answer within" in line
        assert time.monotonic() - began < 90
        daemon.send_signal(signal.SIGCONT)
        assert user.isobench("clean", **own)[0] == 0
    assert "Traceback" not in user.said()
    row("the user's own libvirtd: SIGSTOP, for good", "native, vm-micro",
        f"each sample of the VM one line; exit 4, {first:.0f} s later; the next session: `{line}`",
        "all samples; native goes on")  # fmt: skip


def test_a_dockerd_of_the_users_own_that_stays_frozen_ends_no_session_and_holds_up_none(user: User) -> None:
    user.workload("good", job("sleep 1; echo rate 12.5"))
    words = run_words(user, "-w", "good", "-t", "native", "-t", "docker", "--samples", "3")
    with leaving_nothing(user.paths), docker_of_the_users_own(user.paths.cache.parent) as (_, url, run):
        process = user.start(*words, DOCKER_HOST=url)
        user.wait_for(process, "[  2/")
        await_container(run)
        daemon = awaited(lambda: program("dockerd", str(run)))
        os.kill(daemon, signal.SIGSTOP)
        try:
            began = time.monotonic()
            assert process.wait(600) == 4, user.said()
            took = time.monotonic() - began
        finally:
            os.kill(daemon, signal.SIGCONT)
        _, samples = user.session()
        found = {name: [s["outcome"] for s in samples if s["cell"]["target"] == name and s["role"] == "measured"]
                 for name in ("native", "docker")}  # fmt: skip
        assert found == {"native": ["ok"] * 3, "docker": ["error"] * 3}
        assert user.said().count("waiting up to 60 s for it") == 1
        assert user.isobench("clean", DOCKER_HOST=url)[0] == 0
    assert "Traceback" not in user.said()
    row("the user's own dockerd: SIGSTOP, for good", "native, docker",
        f"each sample of docker one line; it is waited for once; exit 4, {took:.0f} s later",
        "all samples; native goes on")  # fmt: skip
