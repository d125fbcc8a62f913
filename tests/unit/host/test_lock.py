"""The measuring lock between real processes: named holders, a killed one, and files that cannot be used."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from isobench.errors import UsageError
from isobench.host import lock

HOLD = """
import sys, time
from pathlib import Path
from isobench.host.lock import measuring
with measuring(Path(sys.argv[1]), wait=sys.argv[2] == "wait", waiting=lambda h: print("waits for", h, flush=True)):
    print("holds", flush=True)
    time.sleep(60)
"""


@contextmanager
def holder(folder: Path, wait: str = "no") -> Iterator[subprocess.Popen[str]]:
    argv = [sys.executable, "-c", HOLD, str(folder), wait]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def said(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    return process.stdout.readline().strip()


def test_a_second_run_is_told_who_measures_and_since_when(tmp_path: Path) -> None:
    with holder(tmp_path) as first:
        assert said(first) == "holds"
        with pytest.raises(UsageError) as refused, lock.measuring(tmp_path, wait=False):
            pass
    line = refused.value.line()
    assert refused.value.exit_code == 2
    assert f"…/{tmp_path.name}' no (process {first.pid}, since 20" in line
    assert line.endswith("UTC) is measuring on this host; wait for it, or add --wait to queue behind it")
    assert "\n" not in line


def test_a_waiting_run_goes_on_when_the_holder_is_killed(tmp_path: Path) -> None:
    with holder(tmp_path) as first:
        assert said(first) == "holds"
        with holder(tmp_path, "wait") as second:
            assert f"(process {first.pid}, since" in said(second)
            began = time.monotonic()
            first.send_signal(signal.SIGKILL)
            assert said(second) == "holds"
            assert time.monotonic() - began < 10
            assert f"process {second.pid}" in (tmp_path / "measuring.lock").read_text()


def test_a_killed_holder_leaves_the_lock_free(tmp_path: Path) -> None:
    with holder(tmp_path) as first:
        assert said(first) == "holds"
    assert f"process {first.pid}" in (tmp_path / "measuring.lock").read_text()
    with lock.measuring(tmp_path, wait=False):
        assert f"process {os.getpid()}" in (tmp_path / "measuring.lock").read_text()
    assert (tmp_path / "measuring.lock").read_text() == ""


def test_a_program_that_the_holder_started_does_not_keep_the_lock(tmp_path: Path) -> None:
    with lock.measuring(tmp_path, wait=False):
        child = subprocess.Popen(["sleep", "30"], close_fds=False)
    try:
        with lock.measuring(tmp_path, wait=False):
            pass
    finally:
        child.kill()
        child.wait()


def test_what_another_wrote_cannot_reach_the_terminal_as_commands(tmp_path: Path) -> None:
    with holder(tmp_path) as first:
        assert said(first) == "holds"
        (tmp_path / "measuring.lock").write_bytes(b"\x1b[2Jevil\n\xff" + b"x" * 5000)
        with pytest.raises(UsageError) as refused, lock.measuring(tmp_path, wait=False):
            pass
    assert refused.value.line().isprintable()
    assert len(refused.value.line()) < 500


@pytest.mark.parametrize("kind", ["folder", "link", "file above"])
def test_a_lock_that_is_no_plain_file_gets_one_line(tmp_path: Path, kind: str) -> None:
    folder = tmp_path / "run"
    if kind == "file above":
        folder.write_text("")
    else:
        folder.mkdir()
        file = folder / "measuring.lock"
        file.mkdir() if kind == "folder" else file.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UsageError, match="the measuring lock cannot be opened: ") as refused:
        lock.measuring(folder, wait=False).__enter__()
    assert str(folder) in refused.value.line()
    assert not (tmp_path / "elsewhere").exists()


@pytest.fixture
def as_nobody() -> Iterator[None]:
    """Files are opened as an ordinary user, as far as this thread goes."""
    if os.geteuid() != 0:
        pytest.skip("needs root, to stop being it")
    os.setegid(65534)
    os.seteuid(65534)
    yield
    os.seteuid(0)
    os.setegid(0)


@pytest.fixture
def roots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of root's that others can look into."""
    folder = tmp_path_factory.mktemp("roots")
    for above in (folder, *folder.parents):
        if above == Path(tempfile.gettempdir()):
            break
        above.chmod(0o755)
    return folder


@pytest.fixture
def readable(roots: Path) -> Path:
    (roots / "measuring.lock").write_text("")
    return roots


@pytest.fixture
def unreadable(readable: Path) -> Path:
    (readable / "measuring.lock").chmod(0o600)
    return readable


@pytest.mark.parametrize(("case", "why"), [("roots", "its folder may not be written"), ("unreadable", "Permission")])
def test_an_ordinary_user_gets_one_line_where_the_lock_is_not_theirs(
    case: str, why: str, request: pytest.FixtureRequest
) -> None:
    folder = request.getfixturevalue(case)
    request.getfixturevalue("as_nobody")
    with pytest.raises(UsageError, match=f"the measuring lock cannot be opened: {why}") as refused:
        lock.measuring(folder, wait=False).__enter__()
    assert "\n" not in refused.value.line()


def test_an_ordinary_user_shares_roots_lock_by_reading(readable: Path, as_nobody: None) -> None:
    with (
        lock.measuring(readable, wait=False),
        pytest.raises(UsageError, match="another process is measuring"),
        lock.measuring(readable, wait=False),
    ):
        pass
