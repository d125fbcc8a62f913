"""The guest's bytes, whatever they are: frames, or one Malformed; and never more memory than is stated."""

from __future__ import annotations

import itertools
import re
import socket
import tempfile
import time
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.fuzz.hostile import Damage, damaged, damages, refused_as

from isobench.errors import SampleError
from isobench.guest import output as output_module
from isobench.guest.channel import FULL_HEADS, MAX_FRAMES, MAX_RUNS, Channel
from isobench.guest.frames import Bye, Done, Exit, Fail, Frame, Init, Malformed, Memory, Output, Pong, Running, Start
from isobench.guest.output import HEAD_BYTES, LEAST_CHUNK, TAIL_BYTES, TAIL_CHUNKS, BoundedOutput, Chunk, PatternSearch
from isobench.guest.protocol import MAX_CHUNK, MAX_LINE, Parser

MIB = 1 << 20
WHOLE = 512 * MIB
"""What the worst of guests may make the harness hold."""

_id = st.integers(0, 999_999_999)
_number = st.integers(0, 10**19 - 1)
_word = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=64)
frames: st.SearchStrategy[Frame] = st.one_of(
    st.builds(Init, st.integers(0, 9999), _word),
    st.builds(Start, _id, _id, _number),
    st.builds(Running, _id),
    st.builds(Output, _id, st.sampled_from([1, 2]), st.binary(max_size=300)),
    st.builds(Exit, _id, st.booleans(), st.integers(0, 999), _number, _number, _number),
    st.builds(Fail, _id, st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=200)),
    st.builds(Memory, _number, _number),
    st.builds(Pong, _word),
    st.builds(Done, _word),
    st.just(Bye()),
)
cuts = st.lists(st.integers(0, 1 << 16), max_size=20)


def written(frame: Frame) -> bytes:
    """Return a frame as init.c writes it."""
    match frame:
        case Init(version, kernel):
            line = f"init {version} {kernel}"
        case Start(run_id, pid, at):
            line = f"start {run_id} {pid} {at}"
        case Running(run_id):
            line = f"running {run_id}"
        case Output(run_id, fd, data):
            return b"out %d %d %d\n" % (run_id, fd, len(data)) + data
        case Exit(run_id, signaled, code, guest_ns, user_us, system_us):
            how = "signaled" if signaled else "exited"
            line = f"exit {run_id} {how} {code} {guest_ns} {user_us} {system_us}"
        case Fail(run_id, text):
            line = f"fail {run_id} {text}"
        case Memory(total, available):
            line = f"mem {total} {available}"
        case Pong(word) | Done(word):
            line = f"{'pong' if isinstance(frame, Pong) else 'done'} {word}"
        case Bye():
            line = "bye"
        case Malformed():
            raise AssertionError("no guest means to write one")
    return line.encode() + b"\n"


def without_zeros(raw: bytes) -> bytes:
    return re.sub(rb" 0+(?=[0-9])", b" ", raw)


def pieces(raw: bytes, places: list[int]) -> list[bytes]:
    edges = sorted({0, len(raw), *(place % (len(raw) + 1) for place in places)})
    return [raw[start:end] for start, end in itertools.pairwise(edges)]


def fed(raw: bytes, places: list[int]) -> list[Frame]:
    parser = Parser()
    found = [frame for piece in pieces(raw, places) for frame in parser.feed(piece)]
    for frame in found[:-1]:
        assert not isinstance(frame, Malformed), "something was looked at after rubbish"
    return found


@given(st.lists(frames, max_size=12), cuts)
def test_what_is_written_is_read_however_it_is_cut(sent: list[Frame], places: list[int]) -> None:
    assert fed(b"".join(map(written, sent)), places) == sent


@given(st.binary(max_size=10_000), cuts)
def test_any_bytes(raw: bytes, places: list[int]) -> None:
    assert fed(raw, places) == fed(raw, [])


@given(st.lists(frames, min_size=1, max_size=12), damages, cuts)
def test_damaged_frames(sent: list[Frame], damage: Damage, places: list[int]) -> None:
    raw = damaged(b"".join(map(written, sent)), damage)
    found = fed(raw, places)
    assert found == fed(raw, [])
    for frame in found:
        if isinstance(frame, Malformed):
            assert len(frame.data) <= 200
        else:
            # A cut may have left zeros before a number, which are as good as none.
            assert without_zeros(written(frame)) in without_zeros(raw), "a frame that nobody sent"


@given(
    st.sampled_from([b"nan", b"NaN", b"inf", b"Infinity", b"-1", b"1e5", b"0x1f", "٣".encode(), b"1_0", b""]),
    st.sampled_from([b"mem %s 1\n", b"exit 1 exited 0 %s 0 0\n", b"start 1 1 %s\n", b"out 1 1 %s\n", b"init %s k\n"]),
)
def test_only_plain_integers_are_numbers(number: bytes, header: bytes) -> None:
    assert isinstance(fed(header % number, [])[0], Malformed)


@pytest.mark.parametrize("length", [b"65537", b"99999", b"4294967296", b"99999999999999999999"])
def test_a_length_of_gigabytes_is_refused_unread(length: bytes) -> None:
    parser = Parser()
    [found] = parser.feed(b"out 1 1 " + length + b"\n" + b"x" * 1000)
    assert isinstance(found, Malformed)
    assert not parser._held


@given(st.lists(st.binary(max_size=200), max_size=60), st.integers(0, 400))
def test_the_first_and_the_last_are_kept(chunks: list[bytes], room: int) -> None:
    output = BoundedOutput(room)
    for at, data in enumerate(chunks):
        output.add(Chunk(at, 1, data))
    kept, whole = output.data(), b"".join(chunks)
    assert output.total == len(whole) == len(kept) + output.dropped
    assert whole.endswith(kept[-TAIL_BYTES:])
    assert output.snapshot().chunks() == output.chunks()


@contextmanager
def calling() -> Iterator[tuple[Channel, socket.socket]]:
    with tempfile.TemporaryDirectory() as folder:
        with Channel(Path(folder) / "c") as channel, socket.socket(socket.AF_UNIX) as guest:
            guest.connect(str(channel.path))
            guest.settimeout(20)
            yield channel, guest


@given(st.lists(frames, max_size=5), damages)
def test_a_wait_ends_in_an_outcome(sent: list[Frame], damage: Damage) -> None:
    raw = damaged(b"".join(map(written, sent)), damage)
    with calling() as (channel, guest):
        guest.sendall(raw)
        guest.shutdown(socket.SHUT_WR)
        with refused_as(SampleError):
            channel.wait(Exit, 20, run_id=1)
        with refused_as(SampleError):
            channel.wait_output(1, re.compile(rb"^ready$", re.MULTILINE), 20)


def sent_all(guest: socket.socket, piece: bytes, times: int) -> None:
    try:
        for _ in range(times):
            guest.sendall(piece)
    except OSError:
        assert times > 1, "the harness may hang up on a flood, not on one piece"


@pytest.mark.parametrize(
    ("piece", "outcome"),
    [
        (b"out 1 1 %d\n" % MAX_CHUNK + b"x" * MAX_CHUNK, "died"),  # one line of 100 MB, or output without end
        (b"\0\xff" * 32_768, "rubbish"),
        (b"y" * 65_536, "rubbish"),
        (b"pong " + b"x" * (MAX_LINE - 6) + b"\n", "rubbish"),
    ],
    ids=["endless output", "binary rubbish", "endless line", "endless frames"],
)
def test_a_hundred_megabytes_cost_little(piece: bytes, outcome: str) -> None:
    with calling() as (channel, guest):
        tracemalloc.start()
        try:
            sent_all(guest, piece, 100 * MIB // len(piece))
            guest.close()
            with pytest.raises(SampleError) as caught:
                channel.wait(Bye, 30)
            while channel.closed_at is None:
                time.sleep(0.01)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert caught.value.outcome == outcome
        assert peak < 4 * MIB + MAX_FRAMES * (MAX_LINE + 200)
        assert len(channel.output(1).data()) <= HEAD_BYTES + TAIL_BYTES


def test_output_a_byte_at_a_time_on_every_run_is_bounded() -> None:
    def weight(head: int) -> int:
        tracemalloc.start()
        try:
            output = BoundedOutput(head)
            for at in range(head // LEAST_CHUNK + TAIL_CHUNKS + 1000):
                output.add(Chunk(at + 1000, 1, b"%d" % (at % 10)))
            assert len(output.chunks()) == head // LEAST_CHUNK + TAIL_CHUNKS
            return tracemalloc.get_traced_memory()[0] + TAIL_BYTES
        finally:
            tracemalloc.stop()

    assert FULL_HEADS * (weight(HEAD_BYTES) + HEAD_BYTES) + MAX_RUNS * (weight(TAIL_BYTES) + TAIL_BYTES) < WHOLE


def test_a_pattern_that_backtracks_without_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(output_module, "_PATIENCE", 0.3)
    output = BoundedOutput()
    output.add(Chunk(1, 1, b"a" * 64 + b"!"))
    began = time.monotonic()
    with pytest.raises(SampleError, match="did not come to an end") as caught:
        PatternSearch(re.compile(rb"(a+)+$")).advance(output)
    assert caught.value.outcome == "rubbish"
    assert time.monotonic() - began < 10
