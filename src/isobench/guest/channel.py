"""The host's end of the line to one instance's init: its frames, stamped on arrival, and waits."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from isobench.errors import SampleError
from isobench.guest.frames import Exit, Fail, Frame, Init, Malformed, Output
from isobench.guest.listener import Listener
from isobench.guest.output import HEAD_BYTES, TAIL_BYTES, BoundedOutput, Chunk, PatternSearch
from isobench.guest.protocol import Parser

# What a guest gone wild may make the host keep: beyond it, its frames are rubbish.
MAX_FRAMES = 10_000
MAX_RUNS = 256
FULL_HEADS = 8  # as many runs keep a whole head of output; later ones keep a small one

F = TypeVar("F", bound=Frame)


class Channel(Listener):
    """Listens at ``path`` for one guest's init. A context manager; safe to wait on from several threads.

    Every wait raises SampleError: "timeout", "died" (the guest hung up first), or "rubbish" (what it sent is
    no frame). Times are nanoseconds on the host's monotonic clock; time-outs are seconds.
    """

    def __init__(self, path: Path) -> None:
        self._parser = Parser()
        self._frames: list[tuple[int, Frame]] = []
        self._rubbish: bytes | None = None
        self._outputs: dict[int, BoundedOutput] = {}
        super().__init__(path)

    def send(self, command: bytes) -> None:
        """Send a command (see ``commands``), now or as soon as the guest is connected. Never blocks."""
        self._send(command)

    def frames(self) -> list[tuple[int, Frame]]:
        """Return all frames so far but Output, each with its stamp, in order of arrival."""
        with self._changed:
            return list(self._frames)

    def mark(self) -> int:
        """Return the place in the record that comes next: a later wait's ``since``."""
        with self._changed:
            return len(self._frames)

    def output(self, run_id: int) -> BoundedOutput:
        """Return a copy of what a run has printed so far; it is whole once its Exit has come."""
        with self._changed:
            return self._outputs.get(run_id, BoundedOutput()).snapshot()

    def said(self, most: int) -> bytes:
        """Return the last ``most`` bytes that each run has printed so far, one run after another."""
        with self._changed:
            return b"\n".join(output.data()[-most:] for _, output in sorted(self._outputs.items()))

    def wait(
        self,
        kind: type[F],
        timeout_s: float,
        *,
        run_id: int | None = None,
        where: Callable[[F], bool] | None = None,
        since: int = 0,
    ) -> tuple[int, F]:
        """Return the first frame of a kind from ``since`` on, and its stamp.

        With ``run_id`` only frames of that run count, and a Fail of it raises SampleError("failed").
        ``where`` narrows further. Output frames are not recorded: see ``wait_output``.
        """
        place = since

        def look() -> tuple[int, F] | None:
            nonlocal place
            while place < len(self._frames):
                at_ns, frame = self._frames[place]
                place += 1
                if run_id is not None and getattr(frame, "run_id", None) != run_id:
                    continue
                if isinstance(frame, kind) and (where is None or where(frame)):
                    return at_ns, frame
                if run_id is not None and isinstance(frame, Fail):
                    raise SampleError("failed", frame.text, where=f"run {run_id}")
            self._refuse_rubbish()
            return None

        of_run = "" if run_id is None else f" of run {run_id}"
        lack = "init said nothing" if kind is Init else f"no {kind.__name__} frame{of_run}"
        return self._wait_for(look, timeout_s, lack)

    def wait_output(self, run_id: int, pattern: re.Pattern[bytes], timeout_s: float) -> int:
        """Return the stamp of the chunk that completes the first match in what a run prints, both streams.

        A run that fails, or ends badly, without it raises SampleError("failed"). One that ends well may have
        left a daemon behind, so the wait goes on.
        """
        search = PatternSearch(pattern)

        def look() -> int | None:
            output = self._outputs.get(run_id)
            found = search.advance(output) if output else None
            if found is None:
                self._refuse_ended(run_id)
                self._refuse_rubbish()
            return found

        return self._wait_for(look, timeout_s, f"run {run_id} did not print {pattern.pattern!r}")

    def _refuse_ended(self, run_id: int) -> None:
        for _, frame in self._frames:
            if isinstance(frame, Fail) and frame.run_id == run_id:
                raise SampleError("failed", frame.text, where=f"run {run_id}")
            if isinstance(frame, Exit) and frame.run_id == run_id and (frame.signaled or frame.code):
                how = "signal" if frame.signaled else "status"
                raise SampleError("failed", f"ended with {how} {frame.code}", where=f"run {run_id}")

    def _refuse_rubbish(self) -> None:
        if self._rubbish is not None:
            raise SampleError("rubbish", f"the guest sent {self._rubbish[:80]!r}", where=self.path.name)

    def _received(self, at_ns: int, data: bytes) -> None:
        for frame in self._parser.feed(data):
            if self._rubbish is not None:
                return
            if isinstance(frame, Output):
                self._keep_output(at_ns, frame)
            else:
                self._keep_frame(at_ns, frame)

    def _keep_frame(self, at_ns: int, frame: Frame) -> None:
        if len(self._frames) >= MAX_FRAMES:
            frame = Malformed(b"too many frames")
        if isinstance(frame, Malformed):
            self._rubbish = frame.data
        self._frames.append((at_ns, frame))

    def _keep_output(self, at_ns: int, frame: Output) -> None:
        output = self._outputs.get(frame.run_id)
        if output is None:
            if len(self._outputs) >= MAX_RUNS:
                self._keep_frame(at_ns, Malformed(b"too many runs"))
                return
            head = HEAD_BYTES if len(self._outputs) < FULL_HEADS else TAIL_BYTES
            output = self._outputs[frame.run_id] = BoundedOutput(head)
        output.add(Chunk(at_ns, frame.fd, frame.data))
