"""Where instances' groups lie: made by hand without systemd; under it in units of its own, never at the root."""

from __future__ import annotations

from pathlib import Path

import pytest

from isobench.errors import SampleError
from isobench.host import cpus
from isobench.host.cgroup import hierarchy, home, systemd
from isobench.host.cgroup.adopted import Adopted
from isobench.host.cgroup.group import Cgroup
from isobench.host.cgroup.slice import Slice
from isobench.host.lock import HOST


@pytest.fixture
def under_systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the root of a made-up v2 hierarchy that systemd manages, with the delegated scope in it."""
    monkeypatch.setattr(hierarchy, "ROOT", tmp_path)
    monkeypatch.setattr(systemd, "_RUNNING", tmp_path)
    monkeypatch.setattr(home, "run_folder", lambda: HOST)
    (tmp_path / "cgroup.controllers").write_text("cpuset cpu io memory pids")
    (tmp_path / "cgroup.subtree_control").write_text("memory pids")
    (tmp_path / "isobench.slice/isobench.scope").mkdir(parents=True)
    return tmp_path


def test_under_systemd_a_group_is_made_in_the_delegated_scope_and_nothing_above_is_written(under_systemd: Path) -> None:
    group = Cgroup("a/b", cores="1,3", memory=1 << 20)
    group.make()
    scope = under_systemd / "isobench.slice/isobench.scope"
    assert group.path == "isobench.slice/isobench.scope/a/b"
    assert group.engine_parent == "/isobench.slice/isobench.scope/a/b"
    assert (scope / "a/b/cpuset.cpus").read_text() == "1,3"
    assert (scope / "a/b/memory.max").read_text() == str(1 << 20)
    assert (scope / "a/b/memory.swap.max").read_text() == "0"
    for opened in (scope, scope / "a"):
        assert (opened / "cgroup.subtree_control").read_text() == "+cpuset +memory +cpu +io +pids"
    assert (under_systemd / "cgroup.subtree_control").read_text() == "memory pids"
    assert not (under_systemd / "isobench.slice/cgroup.subtree_control").exists()


def test_without_systemd_it_is_made_below_the_root(under_systemd: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(systemd, "_RUNNING", under_systemd / "none")
    group = Cgroup("a")
    group.make()
    assert (under_systemd / "isobench/a").is_dir()
    assert "+cpuset" in (under_systemd / "cgroup.subtree_control").read_text()


def test_every_run_folder_has_a_scope_of_its_own() -> None:
    assert home.scope(HOST) == "isobench.scope"
    names = {home.scope(Path(folder)) for folder in ("/run/isobench", "/var/tmp/a/run", "/var/tmp/b/run")}
    assert len(names) == 3


@pytest.mark.parametrize(
    ("group", "name", "path"),
    [
        ("3-ab12cd", "isobench-3_ab12cd.slice", "isobench.slice/isobench-3_ab12cd.slice"),
        ("3-ab/3-ab-0", "isobench-3_ab-3_ab_0.slice",
         "isobench.slice/isobench-3_ab.slice/isobench-3_ab-3_ab_0.slice"),
    ],
)  # fmt: skip
def test_a_slice_lies_where_systemd_puts_it(under_systemd: Path, group: str, name: str, path: str) -> None:
    made = Slice(group)
    assert (made.name, made.path, made.engine_parent) == (name, path, name)


def test_leftovers_are_those_of_this_run_folder(under_systemd: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    for name in ("0-aa", "1-bb", "2-cc"):
        (run / name).mkdir(parents=True)
    (under_systemd / "isobench.slice" / home.scope(run) / "0-aa").mkdir(parents=True)
    (under_systemd / "isobench.slice/isobench-1_bb.slice").mkdir()
    (under_systemd / "isobench.slice/isobench-3_dd.slice").mkdir()
    (under_systemd / "isobench.slice" / home.scope(run) / "anchor").mkdir()
    assert home.leftovers(run) == ("0-aa", "1-bb")
    assert home.instances() == ("0-aa", "isobench-1_bb.slice", "isobench-3_dd.slice")


def opened(group: Path, controllers: str) -> None:
    (group / "cgroup.subtree_control").write_text(controllers)


@pytest.fixture
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("run")


@pytest.fixture
def written(under_systemd: Path, run: Path, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """Give what is written to control files once a run was begun, and killed when more controllers were open."""
    told: list[tuple[str, str]] = []
    (under_systemd / "system.slice/a.service").mkdir(parents=True)
    opened(under_systemd / "system.slice", "memory pids")
    home._write_down(run / home._RECORD)
    for group in (under_systemd, under_systemd / "system.slice"):
        opened(group, "cpu hugetlb memory pids")
    write = Path.write_text

    def note(path: Path, text: str, *more: str) -> int:
        if path.name == "cgroup.subtree_control":
            told.append((path.parent.name, text))
        return write(path, text, *more)

    monkeypatch.setattr(Path, "write_text", note)
    return told


def test_controllers_that_a_killed_run_left_open_are_closed(
    written: list[tuple[str, str]], under_systemd: Path, run: Path
) -> None:
    home.restore(run)
    root = under_systemd.name
    assert written == [("system.slice", "-cpu"), ("system.slice", "-hugetlb"), (root, "-cpu"), (root, "-hugetlb")]
    assert not (run / home._RECORD).exists()
    home.restore(run)
    assert len(written) == 4


def test_what_was_written_down_in_another_boot_closes_nothing(
    written: list[tuple[str, str]], run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(home, "boot_id", lambda: "another")
    home.restore(run)
    assert written == []
    assert not (run / home._RECORD).exists()


def test_nothing_is_closed_where_somebodys_group_came_meanwhile(
    written: list[tuple[str, str]], under_systemd: Path, run: Path
) -> None:
    """Its limits may rest on a controller that was opened since."""
    (under_systemd / "system.slice/docker-other.scope").mkdir()
    home.restore(run)
    assert {group for group, _ in written} == {under_systemd.name}


@pytest.mark.parametrize(("group", "words"), [(None, "ended at once"), ("", "no control group of its own")])
def test_a_vm_in_the_root_group_is_not_taken_for_a_dead_one(
    under_systemd: Path, group: str | None, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hierarchy, "own_group", lambda _pid: group)
    with pytest.raises(SampleError, match=words):
        Adopted().find(5)


def test_a_group_that_is_not_found_yet_holds_nothing() -> None:
    """An empty path is the root: whoever took it for the instance's would kill every process of the host."""
    group = Adopted()
    assert group.pids() == ()
    assert group.cpu_seconds() == 0
    assert group.oom_kills() == 0
    group.remove()


@pytest.mark.parametrize(
    ("cores", "mask"), [("0", b"\x01"), ("1", b"\x02"), ("0-2,9", b"\x07\x02"), ("64", b"\0" * 8 + b"\x01")]
)
def test_cores_as_systemd_takes_them(cores: str, mask: bytes) -> None:
    assert systemd.cpu_mask(cores) == mask
    assert sum(1 << core for core in cpus.parse_list(cores)) == int.from_bytes(mask, "little")


def test_a_host_whose_systemd_does_not_answer_is_told_in_one_line(
    under_systemd: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", f"unix:path={under_systemd}/none")
    reason = systemd.unavailable()
    assert reason is not None
    assert "D-Bus does not answer" in reason
    assert "\n" not in reason
