"""The guest's frames, parsed as they come. Guest output is data, never trusted: every length is bounded."""

from __future__ import annotations

import re
from collections.abc import Callable

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

MAX_LINE = 4096
MAX_CHUNK = 65536
MAX_SAID = 200

_ID = rb"([0-9]{1,9})"
_NUMBER = rb"([0-9]{1,19})"
_WORD = rb"([!-~]+)"


def _text(raw: bytes) -> str:
    return raw.decode("ascii")


def _exit(run_id: bytes, how: bytes, *numbers: bytes) -> Exit:
    code, guest_ns, user_us, system_us = (int(number) for number in numbers)
    return Exit(int(run_id), how == b"signaled", code, guest_ns, user_us, system_us)


# The whole grammar of header lines; `out`, the one with a payload, is treated apart.
_OUT = re.compile(rb"out " + _ID + rb" ([12]) ([0-9]{1,5})")
_HEADERS: tuple[tuple[re.Pattern[bytes], Callable[..., Frame]], ...] = (
    (
        re.compile(rb"init ([0-9]{1,4}) ([!-~]{1,64})"),
        lambda version, kernel: Init(int(version), _text(kernel)),
    ),
    (
        re.compile(rb"start " + _ID + b" " + _ID + b" " + _NUMBER),
        lambda run_id, pid, at: Start(int(run_id), int(pid), int(at)),
    ),
    (re.compile(rb"running " + _ID), lambda run_id: Running(int(run_id))),
    (
        re.compile(rb"exit " + _ID + rb" (exited|signaled) ([0-9]{1,3})" + (b" " + _NUMBER) * 3),
        _exit,
    ),
    (re.compile(rb"fail " + _ID + rb" ([ -~]{0,200})"), lambda run_id, text: Fail(int(run_id), _text(text))),
    (
        re.compile(rb"mem " + _NUMBER + b" " + _NUMBER),
        lambda total, available: Memory(int(total), int(available)),
    ),
    (re.compile(rb"pong " + _WORD), lambda token: Pong(_text(token))),
    (re.compile(rb"done " + _WORD), lambda name: Done(_text(name))),
    (re.compile(rb"bye"), Bye),
)


class Parser:
    """Turns the bytes of one connection into frames, however they are cut on the way.

    At the first rubbish it yields one Malformed and is ``broken``: everything after it is ignored.
    """

    def __init__(self) -> None:
        self.broken = False
        self._held = bytearray()

    def feed(self, data: bytes) -> list[Frame]:
        """Return the frames that ``data`` completes, in order. Never raises."""
        frames: list[Frame] = []
        if self.broken:
            return frames
        self._held += data
        start = 0
        while not self.broken:
            frame, end = self._next(start)
            if frame is None:
                break
            frames.append(frame)
            start = end
        if self.broken:
            self._held.clear()
        else:
            del self._held[:start]
        return frames

    def _next(self, start: int) -> tuple[Frame | None, int]:
        """Return the frame that begins at ``start`` and where it ends; None when it is not whole yet."""
        newline = self._held.find(b"\n", start, start + MAX_LINE)
        if newline < 0:
            return (None, start) if len(self._held) - start < MAX_LINE else self._break(start, start + MAX_LINE)
        line = bytes(self._held[start:newline])
        out = _OUT.fullmatch(line)
        if out:
            return self._output(start, newline + 1, out)
        for pattern, make in _HEADERS:
            header = pattern.fullmatch(line)
            if header:
                return make(*header.groups()), newline + 1
        return self._break(start, newline)

    def _output(self, start: int, body: int, header: re.Match[bytes]) -> tuple[Frame | None, int]:
        run_id, fd, length = (int(group) for group in header.groups())
        if length > MAX_CHUNK:
            return self._break(start, body - 1)
        if len(self._held) < body + length:
            return None, start
        return Output(run_id, fd, bytes(self._held[body : body + length])), body + length

    def _break(self, start: int, end: int) -> tuple[Frame, int]:
        self.broken = True
        return Malformed(bytes(self._held[start : min(end, start + MAX_SAID)])), start
