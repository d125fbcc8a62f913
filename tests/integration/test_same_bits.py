"""The container and the VM get the same bits: disk and root file system are alike path by path."""

from __future__ import annotations

import os
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

from isobench.engines.docker import DockerEngine
from isobench.host.paths import Paths
from isobench.images import manifest
from isobench.images.disk import ensure_disk
from isobench.images.rootfs import ensure_rootfs
from isobench.images.types import Image

pytestmark = [pytest.mark.docker, pytest.mark.beside]


@pytest.fixture
def image(docker_engine: DockerEngine, tmp_path: Path) -> Image:
    tree = tmp_path / "tree"
    (tree / "bin").mkdir(parents=True)
    (tree / "bin" / "tool").write_bytes(os.urandom(70_000))
    (tree / "bin" / "tool").chmod(0o4755)
    (tree / "hole").write_bytes(b"\0" * 300_000 + b"end")
    os.link(tree / "bin" / "tool", tree / "bin" / "twin")
    (tree / "bin" / "link").symlink_to("../nowhere")
    (tree / "empty dir").mkdir(mode=0o1777)
    (tree / "näme\n").write_bytes(b"")
    os.mkfifo(tree / "pipe", 0o600)
    os.mknod(tree / "null", 0o020666, os.makedev(1, 3))
    os.chown(tree / "hole", 1234, 4321)
    with tarfile.open(tmp_path / "tree.tar", "w") as tar:
        tar.add(tree, "")
    docker_engine.api.import_image_from_file(str(tmp_path / "tree.tar"), repository="same-bits", tag="latest")
    return Image(docker_engine.api.inspect_image("same-bits")["Id"], "same-bits", (), "/", "", 0)


def test_the_disk_holds_the_root_file_system_path_by_path(
    docker_engine: DockerEngine, image: Image, paths: Paths, tmp_path: Path
) -> None:
    rootfs = ensure_rootfs(docker_engine.api, image, paths.cache)
    disk = ensure_disk(rootfs, 8 << 20, paths.cache)
    point = tmp_path / "mounted"
    point.mkdir()
    mounted = subprocess.run(["mount", "-o", "ro,noload,loop", disk, point], capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip(f"no loop mount here: {mounted.stderr.decode().strip()}")
    try:
        on_disk = list(manifest.manifest(point))
    finally:
        subprocess.run(["umount", point], check=True)
    assert on_disk == list(manifest.manifest(rootfs.tree))
    assert manifest.digest(iter(on_disk)) == rootfs.digest
    assert any("'hole' file" in line and "1234:4321" in line for line in on_disk)
    assert any(line.startswith("'bin/tool' file 4755") for line in on_disk)


def test_a_second_call_builds_nothing(docker_engine: DockerEngine, image: Image, paths: Paths) -> None:
    rootfs = ensure_rootfs(docker_engine.api, image, paths.cache)
    before = (rootfs.folder / "facts.json").stat().st_mtime_ns
    assert ensure_rootfs(docker_engine.api, image, paths.cache) == rootfs
    assert (rootfs.folder / "facts.json").stat().st_mtime_ns == before
    assert shutil.which("mke2fs")
