"""A workload that is not isobench's own needs the user's word on native, and only there."""

from __future__ import annotations

from pathlib import Path

import pytest

from isobench.errors import UsageError
from isobench.model import Ready, Resources, TargetSpec, Workload
from isobench.targets.trust import require_trust
from isobench.workloads.bring import bring

NATIVE, DOCKER = (TargetSpec(kind, kind, "t", "d", "i") for kind in ("native", "docker"))


def workload(folder: Path) -> Workload:
    folder.mkdir(parents=True, exist_ok=True)
    return Workload(folder.name, "t", "d", folder, ("true",), Ready("start"), Resources(1, 1 << 27, 1 << 25), ())


def test_what_is_ours_runs_everywhere(tmp_path: Path) -> None:
    require_trust([workload(tmp_path / "redis")], [NATIVE, DOCKER], tmp_path, trust_native=False)


def test_a_foreign_one_of_the_same_name_is_refused_in_one_line(tmp_path: Path) -> None:
    both = [workload(tmp_path / "ours" / "redis"), workload(tmp_path / "theirs" / "redis")]
    with pytest.raises(UsageError, match=r"theirs/redis: redis is not one of isobench's own.*--trust-native") as said:
        require_trust(both, [DOCKER, NATIVE], tmp_path / "ours", trust_native=False)
    assert "\n" not in said.value.line()


def test_a_link_among_ours_is_foreign(tmp_path: Path) -> None:
    theirs = workload(tmp_path / "theirs" / "redis")
    (tmp_path / "ours").mkdir()
    (tmp_path / "ours" / "redis").symlink_to(theirs.folder)
    with pytest.raises(UsageError, match="--trust-native"):
        require_trust([workload(tmp_path / "ours" / "redis")], [NATIVE], tmp_path / "ours", trust_native=False)


def test_the_users_word_or_another_target_is_enough(tmp_path: Path) -> None:
    theirs = [workload(tmp_path / "theirs" / "redis")]
    require_trust(theirs, [NATIVE], tmp_path / "ours", trust_native=True)
    require_trust(theirs, [DOCKER], tmp_path / "ours", trust_native=False)


def test_an_image_that_was_brought_is_foreign_wherever_its_file_lies(tmp_path: Path) -> None:
    (tmp_path / "redis").mkdir()
    (tmp_path / "redis" / "Dockerfile").write_text("FROM scratch\n")
    for what, said in ((str(tmp_path / "redis"), "redis/Dockerfile"), ("team/app:1", "team/app:1")):
        with pytest.raises(UsageError, match=f"^{said}: .*--trust-native"):
            require_trust([bring(what)], [NATIVE], tmp_path, trust_native=False)
        require_trust([bring(what)], [DOCKER], tmp_path, trust_native=False)
        require_trust([bring(what)], [NATIVE], tmp_path, trust_native=True)
