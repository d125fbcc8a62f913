"""``TARGET[,key=value…][@GITREF]`` as a user writes it, and a workload's folder as of a commit."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from isobench.ab import parse
from isobench.ab.checkout import as_of
from isobench.errors import UsageError
from isobench.host.paths import Paths
from isobench.workloads.loader import load_one

TARGETS = Paths.default().targets


def test_options_are_those_of_the_target_with_what_is_changed() -> None:
    plain, hardened, older = parse(["docker", "docker-hardened,pids_limit=64,read_only=false", "docker@HEAD@{1}"],
                                   TARGETS)  # fmt: skip
    assert (plain.label, plain.spec.options, plain.ref) == ("docker", {}, None)
    assert hardened.target == "docker-hardened"
    assert hardened.spec.options == {"capabilities": "declared", "no_new_privileges": True, "pids_limit": 64}
    assert (older.label, older.ref) == ("docker@HEAD@{1}", "HEAD@{1}")
    assert parse(["vm-micro", "vm-micro,machine=q35"], TARGETS)[1].spec.options == {"machine": "q35"}


def test_an_image_is_no_option_and_its_digest_no_commit() -> None:
    digest = f"redis@sha256:{64 * 'a'}"
    one, other = parse([f"docker,image={digest},read_only=true@main", "docker,image=./x@HEAD~1"], TARGETS)
    assert (one.image, one.ref, one.spec.options) == (digest, "main", {"read_only": True})
    assert (one.source, other.source) == (f",image={digest}@main", ",image=./x@HEAD~1")
    assert parse(["docker", "docker@main"], TARGETS)[1].source == "@main"


def test_the_same_variant_twice_is_told_apart() -> None:
    assert [one.label for one in parse(["docker"] * 3, TARGETS)] == ["docker", "docker#2", "docker#3"]


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        (["docker"], "two variants"),
        (["docker", "dokcer"], "did you mean 'docker'"),
        (["docker", "docker,"], "is no key=value"),
        (["docker", "docker,read_only"], "is no key=value"),
        (["docker", "docker@"], "is no variant"),
        (["docker", "docker@--output=x"], "is no variant"),
        (["docker", "@main"], "is no variant"),
        (["docker", "docker,speed=1"], "docker.options.speed"),
        (["docker", "docker,pids_limit=3"], "greater than or equal to 16"),
        (["docker", "docker,pids_limit=[1]"], "pids_limit"),
        (["docker", "docker\x1b[2J"], "is no variant"),
        (["vm-micro", "vm-micro,machine=amiga"], "machine"),
        (["docker", "docker,image="], "is no key=value"),
        (["docker", "docker,pids_limit=64,pids_limit=32"], "gives pids_limit twice"),
        (["docker", "docker,read_only=false"], "is the same as docker; write docker twice"),
        (["docker,pids_limit=64,read_only=true", "docker,read_only=true,pids_limit=64"], "is the same as"),
        (["docker", "docker", "docker,capabilities=default"], "is the same as docker"),
    ],
)
def test_what_is_no_variant_is_refused_in_one_line(texts: list[str], said: str) -> None:
    with pytest.raises(UsageError, match=r".") as refused:
        parse(texts, TARGETS)
    assert said in refused.value.line()
    assert "\n" not in refused.value.line()
    assert "\x1b" not in refused.value.line()


def git(folder: Path, *words: str) -> None:
    who = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "init.defaultBranch=main"]
    subprocess.run(["git", *who, *words], cwd=folder, check=True, capture_output=True)


def workload_folder(clone: Path, title: str) -> Path:
    folder = clone / "deep" / "workloads" / "still"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "Dockerfile").write_text(f"FROM scratch\nLABEL was={title}\n")
    (folder / "workload.toml").write_text(
        f'title = "{title}"\ndescription = "d"\ncommand = ["sleep", "1"]\n[ready]\non = "start"\n'
        '[resources]\nvcpus = 1\nmemory = "96 MiB"\ndisk = "24 MiB"\n'
    )
    return folder


def test_a_workload_is_read_as_the_commit_has_it_and_the_files_stay(tmp_path: Path) -> None:
    clone, into = tmp_path / "clone", tmp_path / "into"
    into.mkdir()
    folder = workload_folder(clone, "old")
    git(clone, "init")
    git(clone, "add", ".")
    git(clone, "commit", "-m", "old")
    workload_folder(clone, "new")
    now = load_one(folder)
    older = as_of(now, "HEAD", into)
    assert (now.title, older.title, older.name) == ("new", "old", "still")
    assert "was=old" in (older.folder / "Dockerfile").read_text()
    assert "was=new" in (folder / "Dockerfile").read_text()
    with pytest.raises(UsageError, match="nowhere"):
        as_of(now, "nowhere", into)
    (clone / "deep" / "workloads" / "fresh").mkdir()
    fresh = clone / "deep" / "workloads" / "fresh"
    (fresh / "workload.toml").write_text((folder / "workload.toml").read_text())
    with pytest.raises(UsageError, match="git cannot give fresh"):
        as_of(load_one(fresh), "HEAD", into)


def test_a_folder_that_is_in_no_clone_is_refused(tmp_path: Path) -> None:
    folder = workload_folder(tmp_path, "x")
    with pytest.raises(UsageError, match="git cannot give still: not a git repository"):
        as_of(load_one(folder), "HEAD", tmp_path)


def test_a_wrong_file_at_a_commit_is_named_by_the_commit(tmp_path: Path) -> None:
    clone, into = tmp_path / "clone", tmp_path / "into"
    into.mkdir()
    folder = workload_folder(clone, "old")
    good = (folder / "workload.toml").read_text()
    (folder / "workload.toml").write_text("title = 3\n")
    git(clone, "init")
    git(clone, "add", ".")
    git(clone, "commit", "-m", "wrong")
    (folder / "workload.toml").write_text(good)
    with pytest.raises(UsageError) as refused:
        as_of(load_one(folder), "HEAD", into)
    assert "still@HEAD" in refused.value.line()
    assert str(tmp_path) not in refused.value.line()


def test_kernel_and_runtime_are_options_as_any_other() -> None:
    assert parse(["docker", "docker,runtime=crun"], TARGETS)[1].spec.options == {"runtime": "crun"}
    own = parse(["vm-micro", "vm-micro,kernel=./linux-image-6.1.0_1.2_amd64.deb"], TARGETS)[1]
    assert own.spec.options["kernel"] == "./linux-image-6.1.0_1.2_amd64.deb"
    with pytest.raises(UsageError, match=r"docker\.options\.kernel"):
        parse(["docker", "docker,kernel=./k.deb"], TARGETS)
