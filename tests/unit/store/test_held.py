"""A session's folder is held while it is measured, by the kernel's own account."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from isobench.store.held import is_held
from isobench.store.writer import SessionWriter

_RUNS = """
import sys, time
from pathlib import Path
from isobench.store.writer import SessionWriter
writer = SessionWriter(Path(sys.argv[1]))
writer.write_meta({"state": "running"})
print("runs", flush=True)
time.sleep(60)
"""


def test_a_session_is_held_from_its_first_word_to_its_last(tmp_path: Path) -> None:
    writer = SessionWriter.create(tmp_path, 7)
    assert not is_held(writer.folder)
    writer.write_meta({"state": "running"})
    writer.write_meta({"state": "running", "seed": 7})
    assert is_held(writer.folder)
    writer.write_meta({"state": "complete"})
    assert not is_held(writer.folder)
    again = SessionWriter.reopen(writer.folder)
    assert is_held(again.folder)
    del again
    assert not is_held(writer.folder)


def test_whoever_is_killed_lets_go(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", _RUNS, str(tmp_path)], stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout and run.stdout.readline() == "runs\n"
        assert is_held(tmp_path)
        run.send_signal(signal.SIGKILL)
        run.wait()
    assert not is_held(tmp_path)


def test_one_that_looks_does_not_stop_one_that_measures(tmp_path: Path) -> None:
    looking = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(looking, fcntl.LOCK_EX)
    later = threading.Timer(0.3, os.close, [looking])
    later.start()
    writer = SessionWriter.reopen(tmp_path)
    later.join()
    # It waited for the one that looked, and holds the folder since.
    assert is_held(tmp_path)
    del writer


def test_where_no_lock_can_be_had_a_session_is_written_and_counts_as_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: int) -> None:
        raise OSError(os.strerror(95))

    monkeypatch.setattr("fcntl.flock", refuse)
    writer = SessionWriter(tmp_path)
    writer.write_meta({"state": "running"})
    assert is_held(tmp_path)
    writer.write_meta({"state": "complete"})
