"""The folders behind a container's root, from lists of mounts as kernels and engines make them."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from isobench.host import overlay

DOCKER = (
    "652 651 0:57 / / rw,relatime - overlay overlay rw,"
    "lowerdir=/var/lib/docker/overlay2/l/AA:/var/lib/docker/overlay2/l/BB,"
    "upperdir=/var/lib/docker/overlay2/c0/diff,workdir=/var/lib/docker/overlay2/c0/work"
)
SNAPSHOTTER = (
    "700 651 0:61 / / rw - overlay overlay rw,"
    "lowerdir=/s/snapshots/12/fs:/s/snapshots/3/fs,upperdir=/s/snapshots/13/fs,"
    "workdir=/s/snapshots/13/work,index=off"
)
NEW_OPTIONS = "7 6 0:9 / / rw - overlay overlay rw,lowerdir+=/a/1,lowerdir+=/a/2,upperdir=/a/up,workdir=/a/w"
ODD = "7 6 0:9 / / rw - overlay overlay rw,lowerdir=/a\\\\:b:/with\\040space,upperdir=/up,workdir=/w"


@pytest.mark.parametrize(
    ("line", "upper", "lower"),
    [
        (
            DOCKER,
            "/var/lib/docker/overlay2/c0/diff",
            ("/var/lib/docker/overlay2/l/AA", "/var/lib/docker/overlay2/l/BB"),
        ),
        (SNAPSHOTTER, "/s/snapshots/13/fs", ("/s/snapshots/12/fs", "/s/snapshots/3/fs")),
        (NEW_OPTIONS, "/a/up", ("/a/1", "/a/2")),
    ],
)
def test_the_root_of_a_process(
    line: str, upper: str, lower: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    proc(tmp_path, monkeypatch, "5", f"650 1 8:1 / /boot rw - ext4 /dev/sda1 rw\n{line}\n")
    found = overlay.of_process(5)
    assert found is not None
    assert (found.upper, found.lower) == (Path(upper), tuple(map(Path, lower)))


def test_escapes_of_the_kernel_and_of_the_file_system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    proc(tmp_path, monkeypatch, "5", ODD.replace("\\\\", "\\") + "\n")
    found = overlay.of_process(5)
    assert found is not None
    assert found.lower == (Path("/a:b"), Path("/with space"))


def test_relative_folders_are_those_of_the_store_that_it_is_mounted_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    relative = "9 8 0:57 / {} rw - overlay overlay rw,lowerdir=l/AA,upperdir=c0/diff,workdir=c0/work\n"
    proc(tmp_path, monkeypatch, "5", relative.format("/"))
    proc(tmp_path, monkeypatch, "self", relative.format("/var/lib/docker/overlay2/c0/merged"))
    found = overlay.of_process(5)
    assert found is not None
    assert found.upper == Path("/var/lib/docker/overlay2/c0/diff")
    assert found.lower == (Path("/var/lib/docker/overlay2/l/AA"),)
    assert overlay.at("/c0/") == found


@pytest.mark.parametrize(
    "text", ["", "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n", "7 6 0:9 / / ro - overlay overlay ro,lowerdir=/a:/b\n"]
)
def test_any_other_root_is_none(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    proc(tmp_path, monkeypatch, "5", text)
    assert overlay.of_process(5) is None
    assert overlay.of_process(6) is None


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting needs root")
@pytest.mark.skipif(shutil.which("unshare") is None, reason="unshare is not installed")
def test_a_real_overlay_is_found(tmp_path: Path) -> None:
    for name in ("low", "engine", "up", "work", "root"):
        (tmp_path / name).mkdir()
    (tmp_path / "engine/.dockerenv").touch()
    options = "lowerdir=engine:low,upperdir=up,workdir=work".replace("=", f"={tmp_path}/").replace(":", f":{tmp_path}/")
    script = 'mount -t overlay overlay -o "$1" "$2" && echo up && sleep 60'
    words = ["unshare", "--mount", "sh", "-c", script, "sh", options, str(tmp_path / "root")]
    with subprocess.Popen(words, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        if process.stdout.readline() != b"up\n":
            pytest.skip("this file system carries no overlay")
        (found,) = (one for _, point, one in overlay._overlays(process.pid) if point == f"{tmp_path}/root")
        process.kill()
    assert found.upper == tmp_path / "up"
    assert found.lower == (tmp_path / "engine", tmp_path / "low")
    assert found.image == (tmp_path / "low",)


def proc(folder: Path, monkeypatch: pytest.MonkeyPatch, pid: str, text: str) -> None:
    """Have a /proc with the mounts of a process."""
    (folder / pid).mkdir(exist_ok=True)
    (folder / pid / "mountinfo").write_text(text)
    monkeypatch.setattr(overlay, "_PROC", folder)
