"""An image of a million files: unpacked, listed and packed in bounded memory."""

from __future__ import annotations

import subprocess
import tarfile
import tempfile
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from isobench.images import disk, manifest, unpack

pytestmark = [pytest.mark.soak, pytest.mark.timeout(3600)]

COUNT = 1_000_000


def million() -> Iterator[bytes]:
    for number in range(COUNT):
        yield tarfile.TarInfo(f"{number // 1000}/{number}").tobuf(tarfile.GNU_FORMAT)
    yield bytes(1024)


@pytest.fixture
def place() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="hostile-", dir="/var/tmp"))
    (folder / "tree").mkdir()
    yield folder
    subprocess.run(["rm", "-rf", folder], check=True)


def test_a_million_files(place: Path) -> None:
    tracemalloc.start()
    try:
        unpack.unpack(million(), place / "tree", "the image")
        digest = manifest.digest(manifest.manifest(place / "tree"))
        file_bytes, _ = manifest.sizes(place / "tree")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert digest.startswith("sha256:")
    assert file_bytes == 0
    assert peak < 256 << 20
    disk.format_ext4(place / "disk.raw", 1 << 30, place / "tree")
    told = subprocess.run(["dumpe2fs", "-h", place / "disk.raw"], capture_output=True, check=True).stdout.decode()
    counts = {key: value.strip() for key, _, value in (line.partition(":") for line in told.splitlines())}
    assert int(counts["Inode count"]) - int(counts["Free inodes"]) >= COUNT + COUNT // 1000
