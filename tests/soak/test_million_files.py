"""An image of a million files: unpacked, listed, sealed and packed in bounded memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.soak.counts import count

from isobench.images import disk, integrity, manifest, unpack

pytestmark = [pytest.mark.soak, pytest.mark.timeout(1800)]

COUNT = count("files", 1_000_000)
LIMIT = 1 << 30
"""Bytes: what a name takes at most (255 and Python's 33, and its place in a list), for ``BOUNDS.paths`` of them."""
TIME = 600.0


def files(number_of: int, in_folder: int) -> Iterator[bytes]:
    for number in range(number_of):
        name = f"{number // in_folder}/{number:064}"
        yield tarfile.TarInfo(name).tobuf(tarfile.GNU_FORMAT)
    yield bytes(1024)


def peak() -> int:
    """Return the most bytes that this process has had in memory since it began its program."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) << 10 for line in lines if line.startswith("VmHWM:"))


def work(place: Path, number_of: int, in_folder: int) -> dict[str, float | str]:
    """Do with a tree what a first session does; return what came of it, seconds a step, and the peak."""
    said: dict[str, float | str] = {}
    began = time.monotonic()

    def done(step: str) -> None:
        nonlocal began
        said[step], began = time.monotonic() - began, time.monotonic()

    unpack.unpack(files(number_of, in_folder), place / "tree", "the image")
    done("unpack")
    said["digest"] = manifest.digest(manifest.manifest(place / "tree"))
    done("manifest")
    said["bytes"] = manifest.sizes(place / "tree")[0]
    done("sizes")
    integrity.seal(place)
    done("seal")
    assert integrity.intact(place)
    done("intact")
    said["peak"] = peak()
    if in_folder < number_of:
        disk.format_ext4(place / "disk.raw", 2 << 30, place / "tree")
        done("disk")
    return said


@pytest.fixture
def place() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="hostile-", dir="/var/tmp"))
    (folder / "tree").mkdir()
    yield folder
    subprocess.run(["rm", "-rf", folder], check=True)


@pytest.mark.parametrize("in_folder", [1000, COUNT], ids=["a thousand a folder", "all in one"])
def test_a_million_files(place: Path, in_folder: int) -> None:
    # A process of its own, so that the peak is that of this work alone; a profiler would make it many times slower.
    words = [sys.executable, "-m", "tests.soak.test_million_files", str(place), str(COUNT), str(in_folder)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    began = time.monotonic()
    told = subprocess.run(words, capture_output=True, check=True, text=True, env=environment).stdout
    said = json.loads(told)
    print(f"\n{COUNT} files, {in_folder} a folder: {time.monotonic() - began:.0f} s, {said}")
    assert said["digest"].startswith("sha256:")
    assert said["bytes"] == 0
    assert said["peak"] < LIMIT
    assert time.monotonic() - began < TIME
    if in_folder == COUNT:
        return  # mke2fs searches a folder for each name that it adds: it would be given up after 600 s
    listing = subprocess.run(["dumpe2fs", "-h", place / "disk.raw"], capture_output=True, check=True).stdout.decode()
    counts = {key: value.strip() for key, _, value in (line.partition(":") for line in listing.splitlines())}
    assert int(counts["Inode count"]) - int(counts["Free inodes"]) >= COUNT + COUNT // in_folder


if __name__ == "__main__":
    print(json.dumps(work(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))))
