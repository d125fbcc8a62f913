"""Waiting for quiet on the real host, with bounds that it always or never keeps."""

from __future__ import annotations

import dataclasses
import hashlib
import math
import threading
import time

from isobench.host import quiet
from isobench.host.noise import Bounds

ANYTHING = Bounds(**{field.name: math.inf for field in dataclasses.fields(Bounds)})
NOTHING = dataclasses.replace(ANYTHING, other_cpu=-1.0)


def test_a_quiet_host_is_waited_for_only_as_long_as_quiet_takes_to_tell() -> None:
    said: list[str] = []
    came = quiet.wait(ANYTHING, 0.6, said.append)
    assert came.came
    assert 0.59 <= came.waited < 2
    assert (said, came.reasons) == ([], ())


def test_a_loud_host_is_not_waited_for_beyond_the_bound() -> None:
    said: list[str] = []
    began = time.monotonic()
    loud = quiet.wait(NOTHING, 1.0, said.append)
    assert time.monotonic() - began < 3
    assert not loud.came
    assert loud.reasons[0].startswith("others used")
    assert len(said) == 1
    assert said[0].startswith("waiting up to 1 s for quiet: others used")


def test_quiet_comes_when_what_was_loud_stops() -> None:
    """This process itself is what is loud, so that the test does not hang on what else the host does."""
    stop = threading.Event()
    said: list[str] = []

    def spin() -> None:
        while not stop.is_set():
            hashlib.pbkdf2_hmac("sha256", b"", b"", 20_000)

    def silence(words: str) -> None:
        said.append(words)
        stop.set()

    spinner = threading.Thread(target=spin)
    spinner.start()
    try:
        came = quiet.wait(dataclasses.replace(ANYTHING, harness_cpu=0.1), 60.0, silence)
    finally:
        stop.set()
        spinner.join()
    assert "the harness itself used" in said[0]
    assert came.came
    assert came.waited > 3.9


def test_no_time_to_wait_is_no_quiet() -> None:
    assert not quiet.wait(NOTHING, 0.0, lambda _: None).came
