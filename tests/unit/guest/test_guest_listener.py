from __future__ import annotations

import re
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from isobench.errors import HarnessError, SampleError
from isobench.guest import commands
from isobench.guest.channel import MAX_RUNS, Channel
from isobench.guest.console import KERNEL_DONE, Console
from isobench.guest.frames import Bye, Exit, Init, Malformed, Pong


@pytest.fixture
def channel(tmp_path: Path) -> Iterator[Channel]:
    with Channel(tmp_path / "c") as channel:
        yield channel


def call(path: Path) -> socket.socket:
    caller = socket.socket(socket.AF_UNIX)
    caller.settimeout(5)
    try:
        caller.connect(str(path))
    except OSError:
        caller.close()
        raise
    return caller


def test_stamps_the_connection_and_the_frames(channel: Channel) -> None:
    before = time.monotonic_ns()
    with call(channel.path) as caller:
        connected = channel.wait_connected(5)
        caller.sendall(b"init 1 6.1\n")
        at_ns, frame = channel.wait(Init, 5)
    assert frame == Init(1, "6.1")
    assert before <= connected <= at_ns <= time.monotonic_ns()


def test_commands_are_queued_until_the_guest_calls(channel: Channel) -> None:
    channel.send(commands.ping("a"))
    channel.send(b"x" * 3_000_000)
    with call(channel.path) as caller:
        got = b""
        while len(got) < 3_000_007:
            got += caller.recv(1 << 20)
    assert got.startswith(b"ping a\nx")


def test_a_second_caller_is_refused(channel: Channel) -> None:
    with call(channel.path):
        channel.wait_connected(5)
        with pytest.raises(ConnectionRefusedError):
            call(channel.path)


def test_a_wait_names_what_went_wrong(channel: Channel) -> None:
    with pytest.raises(SampleError, match=r"no connection within 0.01 s") as timeout:
        channel.wait_connected(0.01)
    assert timeout.value.outcome == "timeout"
    with call(channel.path) as caller:
        caller.sendall(b"init 1 6.1\nfail 7 exec: No such file\nexit 8 exited 3 1 1 1\n")
        with pytest.raises(SampleError, match="exec: No such file") as failed:
            channel.wait(Exit, 5, run_id=7)
        with pytest.raises(SampleError, match="ended with status 3"):
            channel.wait_output(8, re.compile(b"ready"), 5)
    with pytest.raises(SampleError) as died:
        channel.wait(Bye, 5)
    assert (failed.value.outcome, died.value.outcome) == ("failed", "died")
    assert channel.closed_at is not None


def test_rubbish_ends_the_waits_but_not_the_record(channel: Channel) -> None:
    with call(channel.path) as caller:
        caller.sendall(b"init 1 6.1\n<html>\nbye\n")
        with pytest.raises(SampleError) as rubbish:
            channel.wait(Bye, 5)
    assert rubbish.value.outcome == "rubbish"
    assert [frame for _, frame in channel.frames()] == [Init(1, "6.1"), Malformed(b"<html>")]


def test_a_guest_cannot_open_runs_without_end(channel: Channel) -> None:
    with call(channel.path) as caller:
        caller.sendall(b"".join(b"out %d 1 1\nx" % number for number in range(MAX_RUNS + 1)))
        with pytest.raises(SampleError, match="too many runs"):
            channel.wait(Bye, 5)


def test_a_wait_can_begin_later_in_the_record(channel: Channel) -> None:
    with call(channel.path) as caller:
        caller.sendall(b"pong a\n")
        channel.wait(Pong, 5)
        since = channel.mark()
        caller.sendall(b"pong b\n")
        assert channel.wait(Pong, 5, since=since)[1] == Pong("b")
        assert channel.wait(Pong, 5, where=lambda pong: pong.token == "b")[1] == Pong("b")


def test_a_path_too_long_is_refused(tmp_path: Path) -> None:
    with pytest.raises(HarnessError, match="107 bytes"):
        Channel(tmp_path / ("x" * 120))


def test_a_missing_folder_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(HarnessError, match="cannot listen: No such file"):
        Channel(tmp_path / "none" / "c")


def test_a_successor_keeps_its_socket(tmp_path: Path) -> None:
    path = tmp_path / "c"
    with Channel(path), Channel(path) as second:
        pass
    assert not path.exists()
    with Channel(path) as first:
        second = Channel(path)
        first.close()
        assert path.exists()
        second.close()
    assert not path.exists()


def test_close_hangs_up(tmp_path: Path) -> None:
    with Channel(tmp_path / "c") as channel, call(channel.path) as caller:
        channel.wait_connected(5)
        channel.close()
        assert caller.recv(1) == b""


def test_the_console_sees_its_mark_through_carriage_returns(tmp_path: Path) -> None:
    with Console(tmp_path / "k") as console, call(console.path) as caller:
        caller.sendall(b"[0.1] Linux\r\nkernel_d")
        with pytest.raises(SampleError):
            console.wait_mark(KERNEL_DONE, 0.05)
        caller.sendall(b"one\r\nstage1: \xff\r\n")
        assert console.wait_mark(KERNEL_DONE, 5) <= time.monotonic_ns()
        console.wait_mark(b"stage1", 5)
        assert "Linux" in console.text() and "\ufffd" in console.text()
