"""Scratch folders for all tests that start engines, and the measuring lock while there are any."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.integration.snapshot import temporary
from tests.integration.user import User

from isobench.clean import clean
from isobench.engines import docker
from isobench.host import cgroup
from isobench.host.lock import measuring
from isobench.host.paths import Paths, run_folder

_SCRATCH = "isob-"
_ENGINES = "tests/integration/"
_HOSTS = "tests/hosts/"
_STARTERS = (_ENGINES, "tests/unit/guest/", "tests/unit/studies/")


def _alone(item: pytest.Item) -> bool:
    """Return whether no other test may run meanwhile: it judges what it measures, or an emulated guest's clock."""
    beside = item.get_closest_marker("beside") and not item.get_closest_marker("vm")
    return item.nodeid.startswith(_ENGINES) and not beside


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that start engines come first, as they take longest, so that one worker has them; those alone last."""
    items.sort(key=lambda item: 2 if _alone(item) else not item.nodeid.startswith(_STARTERS))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """A test that is to be alone waits for the other workers' tests, and they wait for it: before its time limit."""
    if item.nodeid.startswith(_HOSTS):  # in a machine of its own
        return (yield)
    with Path(__file__).open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX if _alone(item) else fcntl.LOCK_SH)
        return (yield)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Tests that start engines, or guests, come one after the other, whatever number of workers the others have.

    Each looks whether it left a process on the host. Not by xdist's own groups: with pytest 9.2 they no longer hold
    (pytest-xdist issue 1386).
    """
    from xdist.scheduler import LoadScopeScheduling

    class StartersInOne(LoadScopeScheduling):  # type: ignore[misc]
        def _split_scope(self, nodeid: str) -> str:
            return _ENGINES if nodeid.startswith(_STARTERS) else nodeid

    return StartersInOne(config, log)


@pytest.fixture(scope="session")
def paths() -> Iterator[Paths]:
    """Short scratch folders: socket names end at 108 bytes. No measurement runs beside these tests."""
    if os.geteuid() != 0:
        pytest.skip("private engines need root")
    with measuring(run_folder(), wait=True), pytest.MonkeyPatch.context() as patch:
        # The lock is ours, so whoever left such folders is dead: a test run that was killed.
        for old in Path("/var/tmp").glob(f"{_SCRATCH}*"):
            clean(_below(old))
            shutil.rmtree(old, ignore_errors=True)
        made = _below(Path(tempfile.mkdtemp(prefix=_SCRATCH, dir="/var/tmp")))
        made.cache.mkdir()
        made.run.mkdir()
        temporary(made).mkdir()
        patch.setenv("TMPDIR", str(temporary(made)))
        yield made
        shutil.rmtree(made.reports, ignore_errors=True)


def _below(scratch: Path) -> Paths:
    return Paths(scratch / "cache", scratch / "run", scratch / "results", scratch, workloads=(), targets=())


@pytest.fixture
def user(paths: Paths, tmp_path: Path) -> Iterator[User]:
    """A user of the command line, with a folder of their own and the tests' cache."""
    if reason := cgroup.unavailable() or docker.unavailable(paths):
        pytest.skip(reason)
    made = User(tmp_path, paths, {"ISOBENCH_CACHE": str(paths.cache), "ISOBENCH_RUN": str(paths.run)})
    yield made
    made.leave()
