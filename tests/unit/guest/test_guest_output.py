from __future__ import annotations

import re

from isobench.guest.output import HEAD_BYTES, TAIL_BYTES, BoundedOutput, Chunk, PatternSearch


def filled(*pieces: bytes) -> BoundedOutput:
    output = BoundedOutput()
    for at_ns, piece in enumerate(pieces):
        output.add(Chunk(at_ns, 1, piece))
    return output


def test_keeps_all_of_a_little_and_tells_the_streams_apart() -> None:
    output = filled(b"a", b"b")
    output.add(Chunk(9, 2, b"error"))
    assert (output.data(), output.data(1), output.data(2)) == (b"aberror", b"ab", b"error")
    assert (output.total, output.dropped) == (7, 0)


def test_keeps_the_first_and_the_last_of_much() -> None:
    piece = 10_000
    output = filled(*(b"%04d" % number * (piece // 4) for number in range(500)))
    kept = output.data()
    assert output.total == 500 * piece
    assert len(kept) == output.total - output.dropped
    assert HEAD_BYTES - piece < len(kept) <= HEAD_BYTES + TAIL_BYTES
    assert kept.startswith(b"0000") and kept.endswith(b"0499")


def test_many_tiny_chunks_are_bounded_too() -> None:
    output = BoundedOutput()
    for _ in range(100_000):
        output.add(Chunk(0, 1, b"x"))
    assert output.total == 100_000
    assert len(output.chunks()) < 70_000


def test_a_match_has_the_stamp_of_the_chunk_that_completes_it() -> None:
    search = PatternSearch(re.compile(rb"ready to (\w+)\n"))
    output = filled(b"re", b"ady to")
    assert search.advance(output) is None
    output.add(Chunk(70, 2, b" serve"))
    assert search.advance(output) is None
    output.add(Chunk(80, 1, b"\n"))
    output.add(Chunk(90, 1, b"ready to x\n"))
    assert search.advance(output) == 80


def test_a_line_start_is_not_seen_where_the_search_resumes() -> None:
    search = PatternSearch(re.compile(rb"^x+$", re.MULTILINE))
    output = filled(b"a" + b"x" * 4096, b"x" * 10, b"\n", b"xx\n")
    assert search.advance(output) == 3


def test_a_snapshot_does_not_change() -> None:
    output = filled(b"a")
    copy = output.snapshot()
    output.add(Chunk(1, 1, b"b"))
    assert (copy.data(), copy.total, output.data()) == (b"a", 1, b"ab")
