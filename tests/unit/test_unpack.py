"""What a tar may make the harness keep in memory before a member is written; test_hostile_rootfs.py has the rest."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from isobench.errors import HarnessError
from isobench.images import unpack


def endless(kind: bytes) -> Iterator[bytes]:
    header = tarfile.TarInfo("././@LongLink")
    header.type = kind
    header.size = 1 << 40
    yield header.tobuf(tarfile.GNU_FORMAT)
    for _ in range(64):
        yield b"a" * (1 << 20)
    raise AssertionError("it was read on and on")


@pytest.mark.parametrize("kind", [tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK])
def test_a_header_without_end_is_refused_before_it_is_read(tmp_path: Path, kind: bytes) -> None:
    with pytest.raises(HarnessError, match=r"^the image: is no whole tar: a header of 1099511627776 bytes$"):
        unpack.unpack(endless(kind), tmp_path, "the image")
