"""A workload on another image, and a Dockerfile's folder as of a commit."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest
from tests.unit.ab.test_variant import TARGETS, git, workload_folder

from isobench.ab import parse
from isobench.ab.works import workloads_of
from isobench.errors import UsageError
from isobench.images.types import Brought
from isobench.model import Workload
from isobench.targets.trust import is_own
from isobench.workloads.loader import load_one


def works(workload: Workload, *texts: str) -> list[Workload]:
    """Return what each variant's workload is, and what its Dockerfile says where it was read."""
    some = parse(texts, TARGETS)
    with workloads_of(some, [workload]) as found:
        return [found[one.label][0] for one in some]


def source(workload: Workload) -> tuple[str, str]:
    assert isinstance(workload, Brought)
    return workload.source.kind, workload.source.name


def test_an_image_replaces_the_workloads_own_and_nothing_else(tmp_path: Path) -> None:
    own = load_one(workload_folder(tmp_path, "own"))
    other = tmp_path / "other"
    other.mkdir()
    (other / "Dockerfile").write_text("FROM scratch\n")
    tar = tmp_path / "rootfs.tar"
    with tarfile.open(tar, "w") as made:
        made.add(other, "etc")
    plain, folder, root, named = works(own, "docker", f"docker,image={other}", f"docker,image={tar}",
                                       "docker,image=redis:7")  # fmt: skip
    assert plain is own
    assert source(folder) == ("dockerfile", "other/Dockerfile")
    assert source(root) == ("rootfs", "rootfs.tar")
    assert source(named) == ("reference", "redis:7")
    for one in (folder, root, named):
        assert (one.name, one.command, one.jobs, one.resources) == (own.name, own.command, own.jobs, own.resources)
        # Built in or not, it runs on what somebody brought.
        assert not is_own(one, own.folder.parent)


def test_the_commit_of_an_image_is_that_of_its_dockerfile(tmp_path: Path) -> None:
    own = load_one(workload_folder(tmp_path / "elsewhere", "own"))
    clone = tmp_path / "clone"
    folder = clone / "images" / "service"
    folder.mkdir(parents=True)
    (folder / "Dockerfile").write_text("FROM scratch\nLABEL was=old\n")
    git(clone, "init")
    git(clone, "add", ".")
    git(clone, "commit", "-m", "old")
    (folder / "Dockerfile").write_text("FROM scratch\nLABEL was=new\n")
    (folder / "Later").write_text("FROM scratch\n")
    some = parse([f"docker,image={folder}@HEAD", f"docker,image={folder}", f"docker,image={folder}/Dockerfile@HEAD"],
                 TARGETS)  # fmt: skip
    with workloads_of(some, [own]) as found:
        said = []
        for one in some:
            (workload,) = found[one.label]
            assert isinstance(workload, Brought)
            said.append(workload.source.path.read_text().split("was=")[1].strip())
    assert said == ["old", "new", "old"]
    for text, words in (
        (f"docker,image={folder}@nowhere", "git cannot give service"),
        (f"docker,image={folder}/Later@HEAD", "holds no such Dockerfile"),
        ("docker,image=redis:7@HEAD", "only a Dockerfile's folder has a commit; leave @HEAD out"),
    ):
        with pytest.raises(UsageError) as refused:
            works(own, "docker", text)
        assert words in refused.value.line()


def test_an_image_is_that_of_one_workload(tmp_path: Path) -> None:
    some = parse(["docker", "docker,image=redis:7"], TARGETS)
    own = load_one(workload_folder(tmp_path, "own"))
    with pytest.raises(UsageError, match="-w"), workloads_of(some, [own, own]):
        pass
