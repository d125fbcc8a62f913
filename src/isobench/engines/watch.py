"""A watch over an engine while a long call to it is under way: a daemon that froze would never end one."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

_EVERY = 2.0
_MISSES = 2
"""Signs of life in a row that must fail before the engine is given up: one may be late on a busy host."""


class Watch:
    """Asks for a sign of life every 2 s; where two fail, it ends this process's connections to the engine.

    Whoever reads from one is told at once, and finds ``lost`` set. A context manager.
    """

    def __init__(self, engine: Path, answers: Callable[[], bool]) -> None:
        self.lost = False
        self._engine = engine
        self._answers = answers
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="isobench watch", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def _keep(self) -> None:
        missed = 0
        while not self._over.wait(_EVERY):
            if not self.lost:
                missed = 0 if self._answers() else missed + 1
                self.lost = missed >= _MISSES
            if self.lost:
                # Again and again: what the caller tidies up with may be the next call that never ends.
                _hang_up(self._engine)


def _hang_up(engine: Path) -> None:
    """Shut down this process's connections to a unix socket, in both directions; they stay open."""
    for entry in Path("/proc/self/fd").iterdir():
        with suppress(OSError):
            # No copy of any other descriptor: it would hold the locks of a file.
            if str(entry.readlink()).startswith("socket:"):
                with socket.fromfd(int(entry.name), socket.AF_UNIX, socket.SOCK_STREAM) as held:
                    if Path(str(held.getpeername())).resolve() == engine.resolve():
                        held.shutdown(socket.SHUT_RDWR)
