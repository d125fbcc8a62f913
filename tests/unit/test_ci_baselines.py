"""Where a baseline lives between CI runs: a branch, an artifact, a cache; by docs/ci, on made-up sessions."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from tests.unit.ci_runner import BASH, CI, ROOT, WORKFLOWS, blocks, environment, shell, step
from tests.unit.gate import drawn
from tests.unit.parity import made

from isobench.baseline import add
from isobench.history import record_of

BRANCH = "isobench-baseline"
MAIN = WORKFLOWS[1]


@pytest.fixture
def remote(tmp_path: Path) -> Path:
    """A repository with a branch main, as every job's checkout finds it."""
    bare = tmp_path / "remote.git"
    env = environment(tmp_path)
    done = shell(
        f"""git init -q --bare -b main {bare}
        git clone -q {bare} first
        cd first
        git commit -q --allow-empty -m first
        git push -q origin HEAD:main""", tmp_path, env,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    return bare


def checkout(remote: Path, name: str) -> Path:
    """Return a job's own clone, as shallow as CI's."""
    folder = remote.parent / name / "checkout"
    folder.parent.mkdir()
    subprocess.run(["git", "clone", "-q", "--depth", "1", remote.as_uri(), folder], check=True)
    return folder


def session(folder: Path, name: str, seed: int = 1, scale: float = 1.0, **host: str) -> Path:
    """Write what a job measured."""
    return drawn.session(folder / "isobench-out" / "results" / name, seed, scale, made.meta(name, **host))


def gate(folder: Path, name: str, **more: str) -> tuple[int, str]:
    """Run check.sh on a session in a job's folder."""
    measured = str(folder / "isobench-out" / "results" / name)
    done = shell(str(CI / "check.sh"), folder, environment(folder, ISOBENCH_SESSION=measured, **more))
    return done.returncode, done.stdout


def on_branch(remote: Path) -> list[str]:
    listed = subprocess.run(["git", "-C", remote, "ls-tree", "-r", "--name-only", BRANCH], check=True,
                            capture_output=True, text=True)  # fmt: skip
    return listed.stdout.split()


def fetch(folder: Path) -> None:
    done = shell(step(MAIN, "Fetch the baseline"), folder, environment(folder, BRANCH=BRANCH))
    assert done.returncode == 0, done.stdout


def pushing(remote: Path, folder: Path, kept: str) -> dict[str, str]:
    """Return the environment of the job that pushes, the artifact laid beside it."""
    shutil.copytree(folder / "baseline", folder.parent / "fetched", dirs_exist_ok=True)
    where = remote.parent.as_uri()
    return environment(folder.parent, GITHUB_SERVER_URL=where, GITHUB_REPOSITORY=remote.name, BRANCH=BRANCH, KEPT=kept)


def names(baseline: Path) -> list[str]:
    return sorted(file.name.removesuffix(".baseline.json") for file in baseline.rglob("*.json"))


def kept_line(said: str) -> str:
    return next(line for line in said.splitlines() if line.startswith("kept: ")).removeprefix("kept: ")


# --- a branch -----------------------------------------------------------------------------------------


def test_one_jobs_session_judges_the_next_jobs_by_a_branch(remote: Path) -> None:
    one = checkout(remote, "one")
    fetch(one)  # there is no branch yet
    session(one, "s01")
    code, said = gate(one, "s01")
    assert code == 0
    assert "nothing to judge it by yet, it starts the baseline" in said
    done = shell(step(MAIN, "Push the session to the branch"), one.parent, pushing(remote, one, kept_line(said)))
    assert done.returncode == 0, done.stdout
    assert on_branch(remote) == ["baseline/made-up-cpu-2c-8g/s01.baseline.json"]

    two = checkout(remote, "two")
    fetch(two)
    session(two, "s02", 2, 1.8)
    code, said = gate(two, "s02")
    assert (code, "1 baseline sessions" in said, "kept: " in said) == (1, True, False)
    assert names(two / "baseline") == ["s01"]


def test_the_branchs_commands_of_the_readme(remote: Path) -> None:
    create, judge, keep = blocks("A branch")
    folder = checkout(remote, "one")
    env = environment(remote.parent)
    session(folder, "s01")
    for script in (create, keep):
        done = shell(script, folder, env)
        assert done.returncode == 0, done.stdout
    session(folder, "s02", 2, 1.8)
    judged = shell(judge, folder, env)
    assert judged.returncode == 1
    assert "s02 against 1 baseline sessions" in judged.stdout
    assert on_branch(remote) == ["baseline/made-up-cpu-2c-8g/s01.baseline.json"]


@pytest.mark.parametrize("started", [False, True], ids=["no branch yet", "a branch"])
def test_two_jobs_that_push_at_once_lose_nothing(remote: Path, started: bool) -> None:
    script = step(MAIN, "Push the session to the branch")
    env = {}
    for name in ("s00", "s01", "s02")[0 if started else 1 :]:
        folder = remote.parent / name / "checkout"
        file = add(folder / "baseline", record_of(session(folder, name, int(name[1:]))))
        env[name] = pushing(remote, folder, str(file.relative_to(folder)))
    if started:
        assert shell(script, remote.parent / "s00", env["s00"]).returncode == 0
    # Between the commit of s01's job and its push, the other job does all of its own.
    race = remote.parent / "race"
    (race / "template" / "hooks").mkdir(parents=True)
    (race / "script").write_text(script)
    hook = race / "template" / "hooks" / "pre-push"
    hook.write_text(f"""#!/bin/sh
[ ! -e {race}/other ] || exit 0
touch {race}/other
unset $(git rev-parse --local-env-vars)
cd {remote.parent}/s02 && KEPT={env["s02"]["KEPT"]} {" ".join(BASH)} {race}/script
""")
    hook.chmod(0o755)
    done = shell(script, remote.parent / "s01", env["s01"] | {"GIT_TEMPLATE_DIR": str(race / "template")})
    assert done.returncode == 0, done.stdout
    assert "rejected]" in done.stdout
    assert sorted(Path(file).name for file in on_branch(remote)) == [f"{name}.baseline.json" for name in sorted(env)]


# --- an artifact --------------------------------------------------------------------------------------


def test_an_artifact_goes_from_job_to_job(tmp_path: Path) -> None:
    (script, *_) = blocks("An artifact")
    add(tmp_path / "baseline", record_of(session(tmp_path, "s01")))
    folder = tmp_path / "next"
    measured = session(folder, "s02", 2, 1.8)
    shutil.make_archive(str(folder / "isobench-baseline"), "gztar", tmp_path, "baseline")
    (folder / "docs").symlink_to(ROOT / "docs")
    done = shell(script, folder, environment(tmp_path, ISOBENCH_SESSION=str(measured)))
    assert (done.returncode, "s02 against 1 baseline sessions" in done.stdout) == (1, True)
    packed = subprocess.run(
        ["tar", "-tzf", folder / "isobench-baseline.tar.gz"], check=True, capture_output=True, text=True
    )
    assert [line for line in packed.stdout.split() if line.endswith(".json")] == [
        "baseline/made-up-cpu-2c-8g/s01.baseline.json"
    ]


# --- a cache ------------------------------------------------------------------------------------------


def test_a_cache_that_is_gone_is_missing_where_it_may_not_be_started_anew(tmp_path: Path) -> None:
    session(tmp_path, "s01")
    (tmp_path / "baseline").mkdir()
    code, said = gate(tmp_path, "s01", ISOBENCH_KEEP="0")
    assert (code, "missing: the baseline holds no session" in said) == (4, True)
    assert "missing: the baseline holds no session" in (tmp_path / "isobench-out" / "check.md").read_text()


def test_an_older_cache_judges_by_the_sessions_it_has(tmp_path: Path) -> None:
    for name in ("s01", "s02"):
        add(tmp_path / "saved", record_of(session(tmp_path, name, int(name[1:]))))
    shutil.copytree(tmp_path / "saved", tmp_path / "baseline")
    add(tmp_path / "baseline", record_of(session(tmp_path, "s03", 3)))
    shutil.rmtree(tmp_path / "baseline")
    shutil.copytree(tmp_path / "saved", tmp_path / "baseline")
    session(tmp_path, "s04", 4, 1.8)
    done = shell(
        "isobench check s04 --baseline baseline --results isobench-out/results", tmp_path, environment(tmp_path)
    )
    assert (done.returncode, "s04 against 2 baseline sessions" in done.stdout) == (1, True)


def test_each_class_of_host_starts_its_own(tmp_path: Path) -> None:
    add(tmp_path / "baseline", record_of(session(tmp_path, "s01")))
    session(tmp_path, "s02", 2, 1.8, cpu_model="Another CPU")
    code, said = gate(tmp_path, "s02")
    assert (code, kept_line(said)) == (0, "baseline/another-cpu-2c-8g/s02.baseline.json")
