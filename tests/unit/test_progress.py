"""Something long tells that it is under way, and stops telling when it ends, however it ends."""

from __future__ import annotations

import threading
import time

import pytest

from isobench.progress import under_way


def test_it_tells_what_begins_and_how_long_it_has_taken() -> None:
    said: list[str] = []
    with under_way(said.append, "making a thing", every=0.05):
        time.sleep(0.18)
    assert said[0] == "making a thing"
    assert said[1:3] == ["… 0 s so far"] * 2
    after = len(said)
    time.sleep(0.12)
    assert len(said) == after


def test_what_is_quick_is_told_once_and_no_thread_stays() -> None:
    said: list[str] = []
    before = threading.active_count()
    with pytest.raises(ValueError, match="broken"), under_way(said.append, "making a thing"):
        raise ValueError("broken")
    assert said == ["making a thing"]
    assert threading.active_count() == before
