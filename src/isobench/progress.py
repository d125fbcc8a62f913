"""Telling that something long is under way, and how long it has taken so far."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

EVERY = 15.0
"""Seconds between two lines."""


@contextmanager
def under_way(say: Callable[[str], None], what: str, every: float = EVERY) -> Iterator[None]:
    """Say what begins, and every so many seconds how long it has taken; nothing more when it ends."""
    say(what)
    began, ended = time.monotonic(), threading.Event()

    def tell() -> None:
        while not ended.wait(every):
            say(f"… {time.monotonic() - began:.0f} s so far")

    teller = threading.Thread(target=tell, name="isobench progress", daemon=True)
    teller.start()
    try:
        yield
    finally:
        ended.set()
        teller.join()
