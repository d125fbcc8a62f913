"""A container's tar to a tree: held to bounds before it is written, then extracted by GNU tar.

GNU tar, as root, keeps owners, modes, devices and attributes, and keeps members inside: it refuses names with ``..``,
makes absolute ones relative, and puts off links that lead out until all else is written.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from isobench.errors import HarnessError, UsageError
from isobench.host.process import last_lines
from isobench.images.cache import SPARE
from isobench.plain import plain

_LEVEL = 3
"""zstd's level for ``image_size_compressed``, by definition."""

_TAR = (
    "tar", "--extract", "--file=-", "--numeric-owner", "--same-owner", "--preserve-permissions",
    "--xattrs", "--xattrs-include=*",
)  # fmt: skip
_SAID = 4096
_EXTENDED = (tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK)
_LONGEST = 1 << 20
"""Bytes of an extended header, which is read into memory whole: long names, attributes of up to 64 KiB."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a root file system may hold: the sum of its files' sizes (holes included), paths, folders in a folder."""

    file_bytes: int = 64 << 30
    paths: int = 2_000_000
    depth: int = 256


BOUNDS = Bounds()


def unpack(stream: Iterable[bytes], tree: Path, where: str, bounds: Bounds = BOUNDS) -> int:
    """Extract a tar into ``tree`` and return its size compressed, in bytes.

    Raises UsageError naming ``where`` it came from when it exceeds ``bounds``, or the disk's free space, and
    HarnessError when it is damaged or holds what tar refuses. What was written by then is the caller's to remove.
    """
    argv = [*_TAR, "--directory", str(tree)]
    env = {**os.environ, "LC_ALL": "C", "TAR_OPTIONS": ""}
    # Words on every odd member would fill a pipe, and tar and we would wait for each other.
    with tempfile.TemporaryFile() as words:
        with subprocess.Popen(argv, stdin=subprocess.PIPE, stderr=words, env=env) as tar:
            assert tar.stdin  # noqa: S101 - it is a pipe
            tee = _Tee(stream, tar.stdin)
            try:
                _hold(tee, tree, where, bounds)
            except (tarfile.TarError, ValueError, RecursionError) as error:
                raise HarnessError(f"is no whole tar: {plain(str(error))}", where=where) from error
            except BrokenPipeError:
                pass  # tar has ended early, and its words say why
            finally:
                with contextlib.suppress(BrokenPipeError):
                    tar.stdin.close()
        if tar.returncode != 0:
            words.seek(max(0, words.tell() - _SAID))
            raise HarnessError(f"tar could not extract it: {plain(last_lines(words.read()), 600)}", where=where)
    return tee.compressed()


class _Tee:
    """A file for ``tarfile`` to read: what it reads goes on to tar, and through the compressor that counts it."""

    def __init__(self, stream: Iterable[bytes], tar: IO[bytes]) -> None:
        import zstandard

        self._chunks = iter(stream)
        self._tar = tar
        self._compressor = zstandard.ZstdCompressor(level=_LEVEL).compressobj()
        self._size = 0

    def read(self, _size: int = -1) -> bytes:
        """Return the next chunk, whatever was asked for, or nothing at the end."""
        chunk = next((chunk for chunk in self._chunks if chunk), b"")
        self._tar.write(chunk)
        self._size += len(self._compressor.compress(chunk))
        return chunk

    def compressed(self) -> int:
        """Return the bytes of all that was read, compressed; nothing can be read after it."""
        return self._size + len(self._compressor.flush())


class _Member(tarfile.TarInfo):
    """A member, the headers before it held to a bound; ``tarfile`` calls for this to be overridden."""

    def _proc_member(self, archive: tarfile.TarFile) -> tarfile.TarInfo:
        if self.type in _EXTENDED and self.size > _LONGEST:
            raise tarfile.ReadError(f"a header of {self.size} bytes")
        found: tarfile.TarInfo = super()._proc_member(archive)  # type: ignore[misc]
        return found


def _hold(tee: _Tee, tree: Path, where: str, bounds: Bounds) -> None:
    """Read the tar to its end; raises UsageError at the first member that is out of bounds, before it is written."""
    free = shutil.disk_usage(tree).free - SPARE
    file_bytes = paths = 0
    with tarfile.open(fileobj=tee, mode="r|", bufsize=1 << 20, tarinfo=_Member) as archive:  # type: ignore[call-overload]
        while member := archive.next():
            archive.members.clear()  # kept for random access, which a million of them would make dear
            paths += 1
            file_bytes += max(0, member.size)
            _refuse(file_bytes > bounds.file_bytes, member, where, f"files of more than {bounds.file_bytes} bytes")
            _refuse(file_bytes > free, member, where, f"files of more than the {max(0, free)} bytes to spare here")
            _refuse(paths > bounds.paths, member, where, f"more than {bounds.paths} paths")
            _refuse(member.name.count("/") > bounds.depth, member, where, f"folders more than {bounds.depth} deep")
        # tarfile stops at one block of zeros, where GNU tar may read on: nothing may hide behind it.
        while rest := archive.fileobj.read(1 << 20):
            if rest.strip(b"\0"):
                raise tarfile.ReadError("bytes behind its end")


def _refuse(beyond: bool, member: tarfile.TarInfo, where: str, what: str) -> None:
    if beyond:
        raise UsageError(f"holds {what}, at {plain(member.name, 80)!r}", where=where, mend="use a smaller image")
