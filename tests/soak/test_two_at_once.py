"""Two isobenches with run folders of their own measure at once: neither takes anything from the other."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.integration.snapshot import leaving_nothing
from tests.integration.user import ENGINES, User, job, run_words

from isobench.host.paths import Paths

pytestmark = [pytest.mark.soak, pytest.mark.timeout(900), *ENGINES]


@pytest.fixture
def other(user: User) -> Iterator[User]:
    """A second user, with a cache and a run folder of their own."""
    place = Path(tempfile.mkdtemp(prefix="isob-other-", dir="/var/tmp"))
    paths = Paths(place / "cache", place / "run", place / "results", place, (), ())
    made = User(place, paths, {"ISOBENCH_CACHE": str(paths.cache), "ISOBENCH_RUN": str(paths.run)})
    yield made
    made.leave()
    made.isobench("clean")
    shutil.rmtree(place)


@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="two instances at once need two cores")
def test_two_sessions_at_once(user: User, other: User) -> None:
    with leaving_nothing(user.paths), leaving_nothing(other.paths):
        processes = []
        for each in (user, other):
            each.workload("good", job("sleep 0.5; echo rate 12.5"))
            words = run_words(each, "-w", "good", "-t", "native", "-t", "docker", "--samples", "4")
            processes.append(each.start(*words))
        for each, process in zip((user, other), processes, strict=True):
            assert process.wait(200) == 0, each.said()
            assert {sample["outcome"] for sample in each.session()[1]} == {"ok"}
            assert "had left" not in each.said()
