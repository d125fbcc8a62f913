"""Bridges of several isobenches on one host: each run folder has its own, and a living one is let be."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from isobench.engines import bridge
from isobench.errors import HarnessError
from isobench.host import cgroup

pytestmark = pytest.mark.skipif(bool(cgroup.unavailable()), reason="making links needs root")


def is_up(name: str) -> bool:
    return subprocess.run(["ip", "link", "show", "dev", name, "up"], capture_output=True, check=False).stdout != b""


def test_each_run_folder_has_a_bridge_of_its_own_with_a_subnet_of_its_own(tmp_path: Path) -> None:
    names = [bridge.own_name(folder) for folder in (Path("/run/isobench"), tmp_path / "one", tmp_path / "two")]
    assert names[0] == "isobr0"
    assert len(set(names)) == 3
    assert max(map(len, names)) <= 15
    with bridge.Bridge(names[1]) as one, bridge.Bridge(names[2]) as two:
        assert not one.subnet.overlaps(two.subnet)
        assert is_up(names[1])
        assert is_up(names[2])
    assert not is_up(names[1])


def test_only_a_bridge_that_was_there_is_told_as_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """There are versions of ``ip`` that end with 0 where there is nothing to delete."""
    fake = tmp_path / "bin" / "ip"
    fake.parent.mkdir()
    fake.write_text("#!/bin/sh\nexit 0\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{fake.parent}:/usr/bin:/bin")
    assert bridge.clean(tmp_path) == []


def test_a_living_bridge_is_neither_taken_nor_cleaned_away(tmp_path: Path) -> None:
    name = bridge.own_name(tmp_path)
    with bridge.Bridge(name):
        assert bridge.clean(tmp_path) == []
        with pytest.raises(HarnessError, match="another isobench uses the bridge"):
            bridge.Bridge(name).__enter__()
        assert is_up(name)
    subprocess.run(["ip", "link", "add", name, "type", "bridge"], check=True)
    assert bridge.clean(tmp_path) == [f"bridge {name}"]
    assert bridge.clean(tmp_path) == []
