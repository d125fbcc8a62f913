"""The watch over long calls to an engine, before a socket that takes calls and never answers, as a frozen daemon's."""

from __future__ import annotations

import fcntl
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from isobench.engines import watch


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setattr(watch, "_EVERY", 0.02)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "engine"))
        server.listen()
        yield tmp_path / "engine"


def call(engine: Path, timeout: float) -> bytes:
    """Ask something and wait for an answer, as a client does."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(timeout)
        client.connect(str(engine))
        client.sendall(b"GET /")
        return client.recv(1)


def test_calls_to_an_engine_that_gives_no_sign_of_life_end_one_after_another(engine: Path) -> None:
    with watch.Watch(engine, lambda: False) as over:
        assert call(engine, 20) == b""
        assert over.lost
        assert call(engine, 20) == b""


def test_one_sign_of_life_that_is_late_ends_nothing(engine: Path) -> None:
    signs = iter([False, True] * 1000)
    with watch.Watch(engine, lambda: next(signs)) as over, pytest.raises(TimeoutError):
        call(engine, 0.5)
    assert not over.lost


def test_a_lock_is_free_when_its_holder_closes_it_while_connections_are_ended(engine: Path, tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    with watch.Watch(engine, lambda: False) as over:
        for _ in range(20):
            with lock.open("w") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                time.sleep(0.03)
    assert over.lost
