"""The real init, as an ordinary child process: everything but what only a first process may do."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from isobench.errors import SampleError
from isobench.guest import commands
from isobench.guest.build import GuestBinaries
from isobench.guest.channel import Channel
from isobench.guest.frames import Bye, Exit, Fail, Frame, Init, Memory, Pong, Running, Start


@dataclass
class Guest:
    channel: Channel
    process: subprocess.Popen[bytes]


@pytest.fixture
def guest(binaries: GuestBinaries, tmp_path: Path) -> Iterator[Guest]:
    with Channel(tmp_path / "channel") as channel:
        process = subprocess.Popen([binaries.init, channel.path])
        try:
            channel.wait_connected(5)
            yield Guest(channel, process)
        finally:
            channel.close()
            process.wait(10)


ENV = {"PATH": "/usr/bin:/bin"}


def run(guest: Guest, run_id: int, script: str) -> None:
    guest.channel.send(commands.run(run_id, ["sh", "-c", script], env=ENV))


def ended(guest: Guest, run_id: int) -> Exit:
    return guest.channel.wait(Exit, 10, run_id=run_id)[1]


def test_a_run_from_start_to_exit(guest: Guest) -> None:
    run(guest, 5, "echo out; echo err >&2; exit 3")
    exit_frame = ended(guest, 5)
    assert (exit_frame.signaled, exit_frame.code) == (False, 3)
    output = guest.channel.output(5)
    assert (output.data(1), output.data(2)) == (b"out\n", b"err\n")
    kinds: list[type[Frame]] = [type(frame) for _, frame in guest.channel.frames()]
    assert kinds == [Init, Start, Running, Exit]
    start = guest.channel.wait(Start, 1, run_id=5)[1]
    assert 0 < start.guest_ns < exit_frame.guest_ns


def test_the_start_mark_comes_before_the_program_runs(guest: Guest) -> None:
    run(guest, 1, "echo $$; cut -d' ' -f1 /proc/uptime")
    ended(guest, 1)
    start = guest.channel.wait(Start, 1)[1]
    pid, uptime_s = guest.channel.output(1).data().split()
    assert int(pid) == start.pid
    assert start.guest_ns / 1e9 < float(uptime_s) + 0.02


def test_the_environment_is_exactly_what_was_asked(guest: Guest) -> None:
    guest.channel.send(commands.run(1, ["env"], env={**ENV, "A": "b=ü"}))
    ended(guest, 1)
    told = guest.channel.output(1).data().decode().splitlines()
    assert sorted(told) == ["A=b=ü", "PATH=/usr/bin:/bin"]


def test_without_a_path_the_usual_one_is_searched_but_not_given(guest: Guest) -> None:
    guest.channel.send(commands.run(1, ["env"]))
    ended(guest, 1)
    assert guest.channel.output(1).data() == b""


def test_the_folder_session_input_and_signals_are_clean(guest: Guest, tmp_path: Path) -> None:
    script = "pwd; cat; cut -d' ' -f1,6 /proc/$$/stat; grep -E 'Sig(Blk|Ign)' /proc/self/status; ls /proc/self/fd"
    guest.channel.send(commands.run(1, ["sh", "-c", script], env=ENV, cwd=str(tmp_path)))
    ended(guest, 1)
    lines = guest.channel.output(1).data().decode().split("\n")
    pid, sid = lines[1].split()
    assert (lines[0], pid) == (str(tmp_path), sid)
    assert [line.split()[1] for line in lines[2:4]] == ["0" * 16, "0" * 16]
    assert lines[4:8] == ["0", "1", "2", "3"]  # 3 is the folder that ls reads


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_another_user_has_no_groups_left(guest: Guest) -> None:
    guest.channel.send(commands.run(1, ["id"], env=ENV, uid=1234, gid=2345))
    ended(guest, 1)
    assert guest.channel.output(1).data() == b"uid=1234 gid=2345 groups=2345\n"


def test_what_cannot_run_fails_with_its_name(guest: Guest) -> None:
    guest.channel.send(commands.run(1, ["no-such-program"], env=ENV))
    guest.channel.send(commands.run(2, ["true"], env=ENV, cwd="/no/such"))
    for run_id, text in ((1, "no-such-program: exec"), (2, "true: cwd")):
        with pytest.raises(SampleError, match=text + ": No such file or directory"):
            guest.channel.wait(Running, 5, run_id=run_id)
    run(guest, 3, "true")
    assert ended(guest, 3).code == 0


def test_binary_output_is_whole(guest: Guest) -> None:
    run(guest, 1, r"for i in 1 2 3 4; do printf '\000\n\377exit 1 exited 0 0 0 0\n'; done")
    ended(guest, 1)
    assert guest.channel.output(1).data() == b"\0\n\xffexit 1 exited 0 0 0 0\n" * 4


def test_much_output_arrives_before_the_exit(guest: Guest) -> None:
    run(guest, 1, "head -c 5000000 /dev/zero")
    ended(guest, 1)
    assert guest.channel.output(1).total == 5_000_000


def test_endless_output_neither_blocks_nor_grows(guest: Guest) -> None:
    guest.channel.send(commands.run(1, ["yes"], env=ENV))
    guest.channel.wait_output(1, re.compile(b"y\n"), 5)
    time.sleep(0.2)
    guest.channel.send(commands.ping("through"))
    guest.channel.wait(Pong, 5)
    guest.channel.send(commands.signal(1, signal.SIGKILL))
    exit_frame = ended(guest, 1)
    assert (exit_frame.signaled, exit_frame.code) == (True, 9)
    output = guest.channel.output(1)
    assert output.total > 1_500_000
    assert len(output.data()) <= 1_200_000


def test_many_runs_at_once_and_no_more_than_that(guest: Guest) -> None:
    for run_id in range(1, 34):
        run(guest, run_id, "sleep 60")
    assert guest.channel.wait(Fail, 10)[1] == Fail(33, "already alive, or too many runs")
    guest.channel.send(commands.stop(5))
    guest.channel.wait(Bye, 10)
    ends = [frame for _, frame in guest.channel.frames() if isinstance(frame, Exit)]
    assert {frame.run_id for frame in ends} == set(range(1, 33))
    assert {frame.code for frame in ends} == {signal.SIGTERM}


def test_a_daemon_holding_the_pipe_delays_nothing_and_is_heard(guest: Guest) -> None:
    run(guest, 1, "(sleep 0.4; echo late; sleep 60) & echo early")
    assert ended(guest, 1).code == 0
    assert guest.channel.output(1).data() == b"early\n"
    guest.channel.wait_output(1, re.compile(b"late\n"), 5)
    os.killpg(guest.channel.wait(Start, 1)[1].pid, signal.SIGKILL)


def test_memory_ping_and_an_unknown_command(guest: Guest) -> None:
    guest.channel.send(b"dance\n" + commands.memory() + commands.ping("p"))
    memory = guest.channel.wait(Memory, 5)[1]
    assert 0 < memory.available < memory.total
    assert guest.channel.wait(Pong, 5)[1].token == "p"
    assert guest.channel.wait(Fail, 5)[1] == Fail(0, "unknown command")


def test_a_bad_address_or_device_is_refused(guest: Guest) -> None:
    guest.channel.send(commands.net("eth0", "not-an-address", 24))
    assert guest.channel.wait(Fail, 5)[1].text == "net: address: Invalid argument"


def test_stop_waits_for_a_run_that_ends_in_time(guest: Guest) -> None:
    run(guest, 1, "trap 'echo bye; exit 0' TERM; echo up; while :; do sleep 0.05; done")
    guest.channel.wait_output(1, re.compile(b"up"), 5)
    guest.channel.send(commands.stop(5))
    guest.channel.wait(Bye, 5)
    assert ended(guest, 1).code == 0
    # The signal goes to the whole group: the shell may say on standard error that its sleep was ended.
    assert guest.channel.output(1).data(1) == b"up\nbye\n"
    assert guest.process.wait(5) == 0


def test_stop_kills_a_run_that_ignores_it(guest: Guest) -> None:
    run(guest, 1, "trap '' TERM; echo up; while :; do sleep 0.05; done")
    guest.channel.wait_output(1, re.compile(b"up"), 5)
    began = time.monotonic()
    guest.channel.send(commands.stop(0.3))
    guest.channel.wait(Bye, 5)
    assert 0.3 <= time.monotonic() - began < 5
    assert ended(guest, 1).code == signal.SIGKILL
    assert guest.process.wait(5) == 0


def test_sigterm_stops_as_the_command_does(guest: Guest) -> None:
    run(guest, 1, "echo up; sleep 60")
    guest.channel.wait_output(1, re.compile(b"up"), 5)
    guest.process.send_signal(signal.SIGTERM)
    guest.channel.wait(Bye, 5)
    assert ended(guest, 1).signaled


def test_a_host_that_hangs_up_takes_the_runs_with_it(guest: Guest) -> None:
    run(guest, 1, "echo up; exec sleep 60")
    guest.channel.wait_output(1, re.compile(b"up"), 5)
    pid = guest.channel.wait(Start, 5)[1].pid
    guest.channel.close()
    assert guest.process.wait(5) == 0
    assert not Path(f"/proc/{pid}").exists()


def test_a_payload_too_long_ends_it(guest: Guest) -> None:
    guest.channel.send(b"run 1 99999999\n")
    assert guest.channel.wait(Fail, 5)[1].text == "payload too long"
    assert guest.process.wait(5) == 0


def test_without_a_channel_it_says_so(binaries: GuestBinaries, tmp_path: Path) -> None:
    done = subprocess.run([binaries.init, tmp_path / "none"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "init: channel: No such file or directory\n")


def test_ping_is_answered_fast(guest: Guest) -> None:
    channel: Channel = guest.channel
    channel.wait(Init, 5)
    began = time.monotonic_ns()
    channel.send(commands.ping("x"))
    at_ns, _ = channel.wait(Pong, 5)
    assert at_ns - began < 500_000_000
