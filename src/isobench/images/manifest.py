"""The manifest of a root file system: one line a path, and the digest over them all.

Two file systems with the same digest hold the same paths with the same type, mode, owner, size, content, link
target, device number and extended attributes. Times are not part of it: copying must be free to change them.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path

from isobench.images.walk import content, walk

APART = frozenset({b"proc", b"sys", b"dev", b"lost+found", b".dockerenv", b"etc/hosts", b"etc/hostname",
                   b"etc/resolv.conf"})  # fmt: skip
"""Paths that belong to the kernel, the file system or Docker, not to the image."""

_PLAIN = re.compile(r"[\w.-]+", re.ASCII)

_TYPES = {
    stat.S_IFREG: "file", stat.S_IFDIR: "dir", stat.S_IFLNK: "link", stat.S_IFCHR: "char",
    stat.S_IFBLK: "block", stat.S_IFIFO: "fifo", stat.S_IFSOCK: "socket",
}  # fmt: skip


def manifest(root: Path) -> Iterator[str]:
    """Yield a line for each path below ``root``, in order; never follows a link."""
    top = os.fsencode(root) + b"/"
    for path, status in walk(root, APART):
        yield _line(top + path, os.fsdecode(path), status)


def paths(root: Path) -> Iterator[str]:
    """Yield each path below ``root``, a folder before what it holds, in order of names."""
    for path, _ in walk(root, APART):
        yield os.fsdecode(path)


def digest(lines: Iterator[str]) -> str:
    """Return ``sha256:`` and the digest of a manifest."""
    whole = hashlib.sha256()
    for line in lines:
        whole.update(line.encode("utf-8", "surrogateescape") + b"\n")
    return f"sha256:{whole.hexdigest()}"


def _line(path: bytes, relative: str, status: os.stat_result) -> str:
    kind = _TYPES[stat.S_IFMT(status.st_mode)]
    match kind:
        case "file":
            held = f"{status.st_size} {content(path).hex()}"
        case "link":
            held = os.fsdecode(os.readlink(path))  # noqa: PTH115 - names need not be text
        case "char" | "block":
            held = f"{os.major(status.st_rdev)}:{os.minor(status.st_rdev)}"
        case _:
            held = "-"
    names = sorted(os.listxattr(path, follow_symlinks=False))
    # An attribute's name may hold any byte; quoted, it cannot pass for two, or for another line.
    attributes = ",".join(
        f"{name if _PLAIN.fullmatch(name) else repr(name)}={os.getxattr(path, name, follow_symlinks=False).hex()}"
        for name in names
    )
    mode = f"{stat.S_IMODE(status.st_mode):04o}"
    return f"{relative!r} {kind} {mode} {status.st_uid}:{status.st_gid} {held!r} {attributes}"


def sizes(root: Path) -> tuple[int, int]:
    """Return the sum of file sizes, and the bytes allocated for everything, below ``root`` (hard links once).

    It may be a living tree: what vanishes meanwhile, or has a name too long to be reached, is left out.
    """
    total = allocated = 0
    linked: set[tuple[int, int]] = set()
    for _, status in walk(root, living=True):
        if status.st_nlink > 1 and not stat.S_ISDIR(status.st_mode):
            if (status.st_dev, status.st_ino) in linked:
                continue
            linked.add((status.st_dev, status.st_ino))
        allocated += status.st_blocks * 512
        if stat.S_ISREG(status.st_mode):
            total += status.st_size
    return total, allocated
