from __future__ import annotations

import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from isobench.guest.build import PARTS, GuestBinaries, build, compile_program, sources_digest


def test_the_folder_is_named_by_the_sources_and_used_again(binaries: GuestBinaries) -> None:
    cache = binaries.init.parents[2]
    assert binaries.init.parent.name == binaries.digest == sources_digest()
    before = binaries.init.stat().st_mtime_ns
    assert build(cache) == binaries
    assert binaries.init.stat().st_mtime_ns == before


def test_builds_at_the_same_time_agree_and_leave_nothing_else(tmp_path: Path) -> None:
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(build, [tmp_path, tmp_path])
    assert first == second
    assert [entry.name for entry in (tmp_path / "guest").iterdir()] == [first.digest]


@pytest.mark.parametrize("name", sorted(PARTS))
def test_compiles_without_a_warning(name: str, tmp_path: Path) -> None:
    compile_program(name, tmp_path / name, ("-Werror",))


@pytest.mark.parametrize("name", sorted(PARTS))
def test_is_static_and_stripped(binaries: GuestBinaries, name: str) -> None:
    binary: Path = getattr(binaries, name)
    told = subprocess.run(["readelf", "-lS", "-W", binary], capture_output=True, text=True, check=True).stdout
    assert "LOAD" in told
    assert "INTERP" not in told
    assert ".symtab" not in told


def test_enter_writes_the_cgroups_and_becomes_the_emulator(binaries: GuestBinaries, tmp_path: Path) -> None:
    files = [tmp_path / "one", tmp_path / "two"]
    for file in files:
        file.touch()
    env = {"ISOBENCH_CGROUP": ":".join(map(str, files)), "ISOBENCH_EMULATOR": "/usr/bin/env"}
    done = subprocess.run([binaries.enter], env=env, capture_output=True, text=True, check=True)
    assert [file.read_text() for file in files] == ["0", "0"]
    assert done.stdout == "ISOBENCH_EMULATOR=/usr/bin/env\n"


def test_enter_refuses_a_cgroup_it_cannot_enter(binaries: GuestBinaries, tmp_path: Path) -> None:
    env = {"ISOBENCH_CGROUP": str(tmp_path / "none"), "ISOBENCH_EMULATOR": "/bin/true"}
    done = subprocess.run([binaries.enter], env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 126
    assert done.stderr == f"enter: {tmp_path / 'none'}: No such file or directory\n"
