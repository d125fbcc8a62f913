"""A bound on the computing that foreign text may cause: ``re`` backtracks without end over some of it."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class OutOfPatience(Exception):  # noqa: N818 - it says what ran out
    """The block has computed for longer than its bound."""


@contextmanager
def cpu_limit(seconds: float) -> Iterator[None]:
    """Raise OutOfPatience in the block once the process has computed for ``seconds`` (user mode) in it.

    ``re`` looks for signals while it searches, so a signal handler's exception ends a search. Python runs handlers
    in the main thread only: in another one nothing is bounded. The virtual timer leaves SIGALRM to others.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGVTALRM, _expired)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def _expired(_number: int, _frame: FrameType | None) -> None:
    raise OutOfPatience
