"""Sessions as a user meets them: whole, with workloads that go wrong, interrupted, killed and gone on with."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.integration.snapshot import leaving_nothing, left, snapshot
from tests.integration.user import ENGINES, User, job, run_words

from isobench.host.process import command_lines

pytestmark = [*ENGINES, pytest.mark.beside]


def test_workloads_that_go_wrong_are_failed_samples_with_their_output_and_the_others_go_on(user: User) -> None:
    user.workload("good", job("echo rate 12.5"))
    user.workload("fails", job("echo last words; exit 3"))
    user.workload("hangs", job("echo going; sleep 600", more="timeout = 2\n"))
    user.workload("rubbish", job("printf '\\000\\377{'", 'json"\npath = "$.rate'))
    user.workload("unready", "timeout = 3\n", command="echo not yet; sleep 600", ready='on = "output"\noutput = "done"')
    with leaving_nothing(user.paths):
        code, said = user.isobench(
            *run_words(user, "-t", "native", "-t", "docker", "--samples", "1"),
            *(word for name in ("good", "fails", "hangs", "rubbish", "unready") for word in ("-w", name)),
        )
    assert code == 4, said
    meta, samples = user.session()
    assert meta["state"] == "complete"
    found = {(s["cell"]["workload"], s["outcome"]) for s in samples if s["role"] == "measured"}
    assert found == {("good", "ok"), ("fails", "failed"), ("hangs", "timeout"), ("rubbish", "rubbish"),
                     ("unready", "timeout")}  # fmt: skip
    by_name = {s["cell"]["workload"]: s for s in samples if s["role"] == "measured"}
    assert by_name["good"]["metrics"]["cpu_events"] == 12.5
    assert "last words" in by_name["fails"]["error"]
    assert "not yet" in by_name["unready"]["output"]
    assert "fails@docker" in said
    assert "ended with status 3" in said


def test_a_session_that_is_whole_exits_0_and_the_second_builds_nothing(user: User) -> None:
    user.workload("good", job("echo rate 12.5"))
    words = run_words(user, "-w", "good", "-t", "native", "-t", "docker", "--samples", "2")
    assert user.isobench(*words)[0] == 0
    with leaving_nothing(user.paths):
        code, said = user.isobench(*words)
    assert code == 0, said
    assert "building" not in said
    meta, _ = user.session()
    assert [stop["reason"] for stop in meta["stopped"]] == ["count", "count"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_keeps_finished_samples_and_the_session_can_be_gone_on_with(user: User, number: int) -> None:
    user.workload("good", job("sleep 0.3; echo rate 12.5"))
    words = run_words(user, "-w", "good", "-t", "native", "-t", "docker", "--samples", "2")
    with leaving_nothing(user.paths):
        process = user.start(*words)
        user.wait_for(process, "[  3/")
        process.send_signal(number)
        process.send_signal(number)  # in a hurry
        assert process.wait(60) == 130, user.said()
    meta, samples = user.session()
    assert meta["state"] == "interrupted"
    assert len(samples) >= 3
    assert {stop["reason"] for stop in meta["stopped"]} <= {"interrupted", "count"}
    code, said = user.isobench("run", "--results", str(user.results), "--no-report", "--trust-native",
                               "--resume", meta["id"])  # fmt: skip
    assert code == 0, said
    meta, after = user.session()
    assert meta["state"] == "complete"
    assert after[: len(samples)] == samples
    assert [s["number"] for s in after] == list(range(6))


def test_a_terminal_that_closes_ends_the_session_with_its_samples_kept(user: User) -> None:
    user.workload("good", job("sleep 0.3; echo rate 12.5"))
    words = run_words(user, "-w", "good", "-t", "native", "--samples", "3")
    with leaving_nothing(user.paths):
        master, slave = os.openpty()
        process = subprocess.Popen(
            [sys.executable, "-m", "isobench", *words], cwd=user.home, stdin=slave, stdout=slave, stderr=slave,
            start_new_session=True, env={**os.environ, **user.environment, "TERM": "xterm"},
            preexec_fn=lambda: __import__("fcntl").ioctl(0, 0x540E, 0),  # TIOCSCTTY: its terminal  # noqa: PLW1509
        )  # fmt: skip
        os.close(slave)
        said = b""
        while b"1/3" not in said:  # of the table: a sample that was measured
            said += os.read(master, 4096)
        os.close(master)
        assert process.wait(60) == 130
    meta, samples = user.session()
    assert meta["state"] == "interrupted"
    assert len(samples) >= 2


def listens(process: subprocess.Popen[str], number: int) -> bool:
    """Return whether a process has a handler for a signal: before it has, Python's own rules hold."""
    try:
        text = Path(f"/proc/{process.pid}/status").read_text()
    except OSError:
        return False
    (caught,) = (int(line.split()[1], 16) for line in text.splitlines() if line.startswith("SigCgt:"))
    return bool(caught >> (number - 1) & 1)


def interrupt_while_opening(user: User, targets: tuple[str, ...], moments: list[float]) -> int:
    """SIGINT a session at each of the moments (seconds after it listens); return how many came before a sample could.

    Each ends with exit 130, one line, and nothing left.
    """
    before = snapshot(user.paths)
    words = run_words(user, "-w", "good", *(word for name in targets for word in ("-t", name)), "--samples", "1")
    early = 0
    for moment in moments:
        known = set(user.results.glob("*"))
        process = user.start(*words)
        while not listens(process, signal.SIGTERM):
            assert process.poll() is None, user.said()
            time.sleep(0.002)
        time.sleep(moment)
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130, (moment, user.said())
        said = user.said()
        assert "Traceback" not in said, (moment, said)
        found = left(user.paths, before)
        assert found == {}, (moment, found, said)
        if not set(user.results.glob("*")) - known:
            assert [line for line in said.splitlines() if line and line[0] != "·"] == ["isobench: interrupted"]
            early += 1
    return early


def test_an_interrupt_at_any_moment_while_the_house_opens_leaves_nothing(user: User) -> None:
    user.workload("good", job("echo rate 12.5"))
    draw = random.Random(7)  # noqa: S311
    assert interrupt_while_opening(user, ("native", "docker"), [draw.uniform(0, 3) for _ in range(6)]) >= 1


def test_another_isobench_that_cleans_up_takes_nothing_from_a_session(user: User) -> None:
    user.workload("good", job("sleep 0.5; echo rate 12.5"))
    other = User(user.home / "other", user.paths)
    places = {"ISOBENCH_CACHE": str(other.home / "cache"), "ISOBENCH_RUN": str(other.home / "run")}
    with leaving_nothing(user.paths):
        process = user.start(*run_words(user, "-w", "good", "-t", "native", "-t", "docker", "--samples", "1"))
        other.home.mkdir()
        while process.poll() is None:
            assert other.isobench("clean", **places) == (0, "nothing was left behind\n")
            time.sleep(0.3)
        assert process.returncode == 0, user.said()
    assert [sample["outcome"] for sample in user.session()[1]] == ["ok"] * 4


def kill_and_go_on(user: User, targets: tuple[str, ...], moments: list[float]) -> None:
    """SIGKILL a session at each of the moments (seconds after its first sample could begin), then go on with it."""
    before = snapshot(user.paths)
    chosen = [word for name in targets for word in ("-t", name)]
    words = run_words(user, "-w", "good", *chosen, "--samples", "2")
    kept: list[object] = []
    for moment in moments:
        process = user.start(*words)
        user.wait_for(process, "opening libvirt" if "vm-micro" in targets else "starting Docker")
        time.sleep(moment)
        process.kill()
        process.wait()
        found = list(user.results.glob("*/session.json")) if user.results.is_dir() else []
        if found:
            meta, samples = user.session()
            assert samples[: len(kept)] == kept
            kept = list(samples)
            if len(samples) == 3 * len(targets):
                break
            words = ["run", "--results", str(user.results), "--no-report", "--trust-native", "--resume", meta["id"]]
    if len(kept) < 3 * len(targets):
        _, said = user.isobench(*words)
    else:
        said = user.isobench("clean")[1]
    meta, samples = user.session()
    assert meta["state"] == "complete" or len(kept) == len(samples), said
    # An emulated guest's clock runs late on a busy host, whatever was killed.
    assert {sample["outcome"] for sample in samples} <= {"ok", "clock"}, said
    assert samples[: len(kept)] == kept
    assert [s["number"] for s in samples] == list(range(3 * len(targets)))
    assert len({(s["cell"]["target"], s["block"]) for s in samples}) == 3 * len(targets)
    assert left(user.paths, before) == {}


def test_killed_at_random_moments_and_gone_on_with_nothing_is_lost_or_repeated(user: User) -> None:
    user.workload("good", job("sleep 0.3; echo rate 12.5"))
    draw = random.Random(20)  # noqa: S311
    kill_and_go_on(user, ("native", "docker"), [draw.uniform(1.5, 8) for _ in range(4)])


def vms() -> list[int]:
    return [pid for pid, words in command_lines() if any(word.startswith("guest=isobench-") for word in words)]


@pytest.mark.vm
def test_killed_with_a_vm_alive_clean_removes_the_rest(user: User) -> None:
    user.workload("good", job("echo rate 12.5"))
    with leaving_nothing(user.paths):
        process = user.start(*run_words(user, "-w", "good", "-t", "vm-micro", "-t", "docker", "--samples", "1"))
        user.wait_for(process, "[  2/")
        deadline = time.monotonic() + 60
        while not vms():
            assert time.monotonic() < deadline
            time.sleep(0.02)
        # Let QEMU come up: until then it ends with the process that started it.
        time.sleep(1)
        process.kill()
        process.wait()
        assert vms()
        code, said = user.isobench("clean")
        assert code == 0
        assert "VM process" in said
        assert "process" in said
        assert user.isobench("clean") == (0, "nothing was left behind\n")
