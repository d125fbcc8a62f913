from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isobench.errors import UsageError
from isobench.guest import commands
from isobench.guest.frames import (
    Bye,
    Done,
    Exit,
    Fail,
    Frame,
    Init,
    Malformed,
    Memory,
    Output,
    Pong,
    Running,
    Start,
)
from isobench.guest.protocol import Parser

RAW = (
    b"init 1 6.1.0-x\nstart 3 77 123456789\nrunning 3\nout 3 1 6\na\nb\0\n\nout 3 2 0\n"
    b"exit 3 signaled 9 5 60 7\nfail 0 unknown command\nmem 512 256\npong x1\ndone net\nbye\n"
)
FRAMES: list[Frame] = [
    Init(1, "6.1.0-x"),
    Start(3, 77, 123456789),
    Running(3),
    Output(3, 1, b"a\nb\0\n\n"),
    Output(3, 2, b""),
    Exit(3, signaled=True, code=9, guest_ns=5, user_us=60, system_us=7),
    Fail(0, "unknown command"),
    Memory(512, 256),
    Pong("x1"),
    Done("net"),
    Bye(),
]


def feed_cut(raw: bytes, cuts: list[int]) -> list[Frame]:
    parser = Parser()
    frames: list[Frame] = []
    edges = sorted({0, len(raw), *(cut % (len(raw) + 1) for cut in cuts)})
    for start, end in itertools.pairwise(edges):
        frames += parser.feed(raw[start:end])
    return frames


@given(st.lists(st.integers(0, len(RAW))))
def test_the_frames_do_not_depend_on_how_the_bytes_are_cut(cuts: list[int]) -> None:
    assert feed_cut(RAW, cuts) == FRAMES


@given(st.binary(max_size=10_000), st.lists(st.integers(0, 10_000)))
def test_random_bytes_never_raise_and_break_at_most_once(raw: bytes, cuts: list[int]) -> None:
    frames = feed_cut(raw, cuts)
    assert frames == feed_cut(raw, [])
    assert sum(isinstance(frame, Malformed) for frame in frames) <= 1


@given(st.integers(0, len(RAW) - 1), st.binary(min_size=1, max_size=4))
def test_damage_anywhere_never_raises(at: int, damage: bytes) -> None:
    Parser().feed(RAW[:at] + damage + RAW[at + len(damage) :])


@pytest.mark.parametrize(
    "raw",
    [
        b"x" * 4096,
        b"rubbish\n",
        b"out 1 1 65537\n",
        b"out 1 3 1\n",
        b"out 1 1 -1\n",
        b"exit 1 exited 0 99999999999999999999 0 0\n",
        b"mem 1\n",
        b"fail 1 " + b"y" * 201 + b"\n",
        b"init \xc2\xb2\n",
    ],
)
def test_rubbish_is_told_once_and_ends_it(raw: bytes) -> None:
    parser = Parser()
    assert parser.feed(raw) == [Malformed(raw.rstrip(b"\n")[:200])]
    assert parser.feed(b"init 1\n") == []
    assert parser.broken


def test_a_long_line_is_held_only_while_it_may_still_end() -> None:
    parser = Parser()
    assert parser.feed(b"pong " + b"x" * 4090) == []
    assert parser.feed(b"\n") == [Pong("x" * 4090)]


def test_the_run_command() -> None:
    raw = commands.run(2, ["sh", "-c", "echo ü"], env={"A": "b=c"}, cwd="/tmp", uid=1000, gid=100)
    header, payload = raw.split(b"\n", 1)
    assert header == b"run 2 %d" % len(payload)
    assert payload == "C/tmp\0U1000\0G100\0EA=b=c\0Ash\0A-c\0Aecho ü\0".encode()


def test_the_other_commands() -> None:
    assert commands.signal(4, 15) == b"signal 4 15\n"
    assert commands.memory() == b"mem\n"
    assert commands.ping("t") == b"ping t\n"
    assert commands.net("eth0", "10.0.0.2", 24) == b"net eth0 10.0.0.2 24 -\n"
    assert commands.mount("/dev/vdb", "/data", "ext4") == b"mount /dev/vdb /data ext4\n"
    assert commands.hostname("box") == b"hostname box\n"
    assert commands.host("10.0.0.2", "db") == b"host /etc/hosts 10.0.0.2 db\n"
    assert commands.stop(1.5) == b"stop 1500\n"


def test_what_cannot_be_sent_is_refused() -> None:
    for argv in ([], [""], ["a\0b"], ["x" * 1_100_000], ["x"] * 5000):
        with pytest.raises(UsageError):
            commands.run(1, argv)
    with pytest.raises(UsageError):
        commands.run(0, ["true"])
    for word in ("", "a b", "a\nstop 0", "é"):
        with pytest.raises(UsageError):
            commands.hostname(word)
