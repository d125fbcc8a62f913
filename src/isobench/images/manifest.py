"""The manifest of a root file system: one line a path, and the digest over them all.

Two file systems with the same digest hold the same paths with the same type, mode, owner, size, content, link
target, device number and extended attributes. Times are not part of it: copying must be free to change them.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

APART = frozenset({"proc", "sys", "dev", "lost+found", ".dockerenv", "etc/hosts", "etc/hostname", "etc/resolv.conf"})
"""Paths that belong to the kernel, the file system or Docker, not to the image."""

_TYPES = {
    stat.S_IFREG: "file", stat.S_IFDIR: "dir", stat.S_IFLNK: "link", stat.S_IFCHR: "char",
    stat.S_IFBLK: "block", stat.S_IFIFO: "fifo", stat.S_IFSOCK: "socket",
}  # fmt: skip


def manifest(root: Path) -> Iterator[str]:
    """Yield a line for each path below ``root``, in order; never follows a link."""
    for relative in _walk(root, ""):
        yield _line(root, relative)


def digest(lines: Iterator[str]) -> str:
    """Return ``sha256:`` and the digest of a manifest."""
    whole = hashlib.sha256()
    for line in lines:
        whole.update(line.encode("utf-8", "surrogateescape") + b"\n")
    return f"sha256:{whole.hexdigest()}"


def _walk(root: Path, relative: str) -> Iterator[str]:
    with os.scandir(root / relative) as entries:
        listed = sorted(entries, key=lambda entry: entry.name)
    for found in listed:
        path = f"{relative}/{found.name}" if relative else found.name
        if path in APART:
            continue
        yield path
        if found.is_dir(follow_symlinks=False):
            yield from _walk(root, path)


def _line(root: Path, relative: str) -> str:
    path = root / relative
    status = path.lstat()
    kind = _TYPES[stat.S_IFMT(status.st_mode)]
    match kind:
        case "file":
            content = f"{status.st_size} {_hash(path)}"
        case "link":
            content = str(path.readlink())
        case "char" | "block":
            content = f"{os.major(status.st_rdev)}:{os.minor(status.st_rdev)}"
        case _:
            content = "-"
    names = sorted(os.listxattr(path, follow_symlinks=False))
    attributes = ",".join(f"{name}={os.getxattr(path, name, follow_symlinks=False).hex()}" for name in names)
    mode = f"{stat.S_IMODE(status.st_mode):04o}"
    return f"{relative!r} {kind} {mode} {status.st_uid}:{status.st_gid} {content!r} {attributes}"


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sizes(root: Path) -> tuple[int, int]:
    """Return the sum of file sizes, and the bytes allocated for everything, below ``root`` (hard links once)."""
    total = allocated = 0
    seen: set[tuple[int, int]] = set()
    for folder, names, files in os.walk(root):
        for name in (*names, *files):
            status = os.lstat(os.path.join(folder, name))  # noqa: PTH118 - many thousand paths
            if (status.st_dev, status.st_ino) in seen:
                continue
            seen.add((status.st_dev, status.st_ino))
            allocated += status.st_blocks * 512
            if stat.S_ISREG(status.st_mode):
                total += status.st_size
    return total, allocated
