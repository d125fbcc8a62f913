"""What one run printed, kept within bounds however much it prints."""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass

from isobench.errors import SampleError
from isobench.patience import OutOfPatience, cpu_limit

HEAD_BYTES = 1024 * 1024
TAIL_BYTES = 64 * 1024
# A chunk costs memory beside its bytes, and a program may write them one by one: the head has a place for each 16.
LEAST_CHUNK = 16
TAIL_CHUNKS = 1_024
MATCH_SPAN = 4_096
_PATIENCE = 2.0


@dataclass(frozen=True, slots=True)
class Chunk:
    """Bytes that arrived together: when (host's monotonic clock, nanoseconds), from which stream (1 or 2)."""

    at_ns: int
    fd: int
    data: bytes


class BoundedOutput:
    """A run's output: the first bytes and the last ones, in order of arrival, and a count of all.

    ``head_bytes`` is how many of the first are kept; the last 64 KiB are kept as well.
    """

    def __init__(self, head_bytes: int = HEAD_BYTES) -> None:
        self.total = 0
        """Bytes that the run wrote, kept or not."""
        self.chunk_count = 0
        self._room = head_bytes
        self._places = head_bytes // LEAST_CHUNK
        self._head: list[Chunk] = []
        self._tail: deque[Chunk] = deque()
        self._tail_bytes = 0

    @property
    def dropped(self) -> int:
        """How many bytes between the first and the last were not kept."""
        return self.total - sum(len(chunk.data) for chunk in self.chunks())

    def add(self, chunk: Chunk) -> None:
        """Take in a chunk, forgetting the oldest of the tail where there is no more room."""
        self.total += len(chunk.data)
        self.chunk_count += 1
        if not self._tail and len(chunk.data) <= self._room and len(self._head) < self._places:
            self._room -= len(chunk.data)
            self._head.append(chunk)
            return
        self._tail.append(chunk)
        self._tail_bytes += len(chunk.data)
        # The newest chunk always stays: it alone may be as long as the whole tail.
        while len(self._tail) > 1 and (self._tail_bytes > TAIL_BYTES or len(self._tail) > TAIL_CHUNKS):
            self._tail_bytes -= len(self._tail.popleft().data)

    def snapshot(self) -> BoundedOutput:
        """Return a copy that no later chunk changes."""
        twin = BoundedOutput()
        twin._room, twin._places = self._room, self._places
        twin.total, twin.chunk_count = self.total, self.chunk_count
        twin._head, twin._tail, twin._tail_bytes = self._head.copy(), self._tail.copy(), self._tail_bytes
        return twin

    def chunks(self, since: int = 0) -> list[Chunk]:
        """Return the chunks that are kept, leaving out the first ``since`` that ever came."""
        first_of_tail = self.chunk_count - len(self._tail)
        return self._head[since:] + list(self._tail)[max(0, since - first_of_tail) :]

    def data(self, fd: int | None = None) -> bytes:
        """Return the bytes that are kept, of one stream or of both in order of arrival."""
        return b"".join(chunk.data for chunk in self.chunks() if fd is None or chunk.fd == fd)


class PatternSearch:
    """Looks for a pattern in a run's output as it grows, both streams together, each byte once.

    A match may span at most 4096 bytes before the chunk that completes it.
    """

    def __init__(self, pattern: re.Pattern[bytes]) -> None:
        self._pattern = pattern
        self._seen = 0
        self._before = b""  # one byte more than a match may span: it tells whether the next begins a line

    def advance(self, output: BoundedOutput) -> int | None:
        """Search what is new; return the stamp of the chunk that completes the first match, or None.

        Raises SampleError("rubbish") when the pattern backtracks over it for more than 2 s.
        """
        try:
            with cpu_limit(_PATIENCE):
                return self._advance(output)
        except OutOfPatience:
            said = f"{self._pattern.pattern!r} did not come to an end of searching in {_PATIENCE:g} s"
            raise SampleError("rubbish", said) from None

    def _advance(self, output: BoundedOutput) -> int | None:
        for chunk in output.chunks(self._seen):
            window = self._before + chunk.data
            if self._pattern.search(window, len(self._before) > MATCH_SPAN):
                return chunk.at_ns
            self._before = window[-MATCH_SPAN - 1 :]
        self._seen = output.chunk_count
        return None
