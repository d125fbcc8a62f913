"""Walking a tree of control groups that others remove groups from meanwhile."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

from isobench.host.cgroup import below


def test_the_deepest_come_first_and_what_is_not_there_has_none(tmp_path: Path) -> None:
    (tmp_path / "a" / "b" / "c").mkdir(parents=True)
    (tmp_path / "a" / "tasks").touch()
    found = below(tmp_path / "a")
    assert found == (tmp_path / "a" / "b" / "c", tmp_path / "a" / "b", tmp_path / "a")
    assert below(tmp_path / "none") == ()


def test_groups_that_go_away_meanwhile_are_no_error(tmp_path: Path) -> None:
    top, ended = tmp_path / "top", threading.Event()

    def come_and_go() -> None:
        while not ended.is_set():
            (top / "x" / "y" / "z").mkdir(parents=True, exist_ok=True)
            shutil.rmtree(top / "x", ignore_errors=True)

    other = threading.Thread(target=come_and_go)
    other.start()
    try:
        for _ in range(2000):
            below(top)
    finally:
        ended.set()
        other.join()
