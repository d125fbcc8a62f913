"""The VM's serial console: what the kernel and stage1 say, bounded, and when a mark first appeared in it."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path

from isobench.errors import SampleError
from isobench.guest.listener import Listener
from isobench.guest.output import BoundedOutput, Chunk, PatternSearch
from isobench.plain import plain

KERNEL_DONE = b"kernel_done\n"
_SHOWN = 64 * 1024
_SERIAL = 1
_MARK = KERNEL_DONE.decode().strip()
_HANG_UP = 1.0
_LAST = 2


class Console(Listener):
    """Listens at ``path`` for a VM's serial port. A context manager; nothing is ever sent to the guest."""

    def __init__(self, path: Path) -> None:
        self._output = BoundedOutput()
        super().__init__(path)

    def wait_mark(self, mark: bytes, timeout_s: float) -> int:
        """Return when ``mark`` was whole for the first time, nanoseconds on the host's monotonic clock.

        The terminal's carriage returns are seen through: a newline in ``mark`` matches with or without one.
        Raises SampleError("timeout"), or "died" when the VM hung up first.
        """
        lack = "the guest's kernel did not come up"
        return self._search(re.escape(mark).replace(b"\\\n", rb"\r*\n"), timeout_s, lack)

    def wait_match(self, pattern: bytes, timeout_s: float) -> int:
        """Return when what the serial port said matched ``pattern`` for the first time, as ``wait_mark`` does."""
        return self._search(pattern, timeout_s, f"its serial console did not say {plain(pattern.decode(), 80)!r}")

    def _search(self, pattern: bytes, timeout_s: float, lack: str) -> int:
        search = PatternSearch(re.compile(pattern))
        return self._wait_for(lambda: search.advance(self._output), timeout_s, lack)

    def text(self) -> str:
        """Return the last 64 KiB, decoded as far as they can be."""
        with self._changed:
            return self._output.data()[-_SHOWN:].decode("utf-8", "replace")

    def last_words(self) -> str:
        """Return the panic, or else the last lines beside stage1's mark, as one line.

        Waits a moment for a VM that died to hang up.
        """
        with suppress(SampleError):
            self._wait_for(lambda: self.closed_at, _HANG_UP, "no end")
        lines = [line for line in map(str.strip, self.text().splitlines()) if line and line != _MARK]
        panic = [line for line in lines if "Kernel panic" in line]
        return plain(" | ".join(panic[:1] or lines[-_LAST:]))

    def _received(self, at_ns: int, data: bytes) -> None:
        self._output.add(Chunk(at_ns, _SERIAL, data))
