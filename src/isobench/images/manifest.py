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

APART = frozenset({"proc", "sys", "dev", "lost+found", ".dockerenv", "etc/hosts", "etc/hostname", "etc/resolv.conf"})
"""Paths that belong to the kernel, the file system or Docker, not to the image."""

_PLAIN = re.compile(r"[\w.-]+", re.ASCII)

_TYPES = {
    stat.S_IFREG: "file", stat.S_IFDIR: "dir", stat.S_IFLNK: "link", stat.S_IFCHR: "char",
    stat.S_IFBLK: "block", stat.S_IFIFO: "fifo", stat.S_IFSOCK: "socket",
}  # fmt: skip


def manifest(root: Path) -> Iterator[str]:
    """Yield a line for each path below ``root``, in order; never follows a link."""
    for relative in paths(root):
        yield _line(root, relative)


def paths(root: Path) -> Iterator[str]:
    """Yield each path below ``root``, a folder before what it holds, in order of names."""
    left = _listed(root, "")
    while left:
        relative, is_folder = left.pop()
        yield relative
        if is_folder:
            left += _listed(root, relative)


def _listed(root: Path, relative: str) -> list[tuple[str, bool]]:
    """Return what a folder holds, the last by name first, and whether each is a folder itself."""
    prefix = f"{relative}/" if relative else ""
    with os.scandir(root / relative) as entries:
        found = [(prefix + entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries]
    return sorted((pair for pair in found if pair[0] not in APART), reverse=True)


def digest(lines: Iterator[str]) -> str:
    """Return ``sha256:`` and the digest of a manifest."""
    whole = hashlib.sha256()
    for line in lines:
        whole.update(line.encode("utf-8", "surrogateescape") + b"\n")
    return f"sha256:{whole.hexdigest()}"


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
    # An attribute's name may hold any byte; quoted, it cannot pass for two, or for another line.
    attributes = ",".join(
        f"{name if _PLAIN.fullmatch(name) else repr(name)}={os.getxattr(path, name, follow_symlinks=False).hex()}"
        for name in names
    )
    mode = f"{stat.S_IMODE(status.st_mode):04o}"
    return f"{relative!r} {kind} {mode} {status.st_uid}:{status.st_gid} {content!r} {attributes}"


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sizes(root: Path) -> tuple[int, int]:
    """Return the sum of file sizes, and the bytes allocated for everything, below ``root`` (hard links once).

    It may be a living tree: what vanishes meanwhile, or has a name too long to be reached, is left out.
    """
    total = allocated = 0
    linked: set[tuple[int, int]] = set()
    folders = [os.fspath(root)]
    while folders:
        for entry in _entries(folders.pop()):
            try:
                status = entry.stat(follow_symlinks=False)
            except OSError:
                continue
            if stat.S_ISDIR(status.st_mode):
                folders.append(entry.path)
            elif status.st_nlink > 1:
                if (status.st_dev, status.st_ino) in linked:
                    continue
                linked.add((status.st_dev, status.st_ino))
            allocated += status.st_blocks * 512
            if stat.S_ISREG(status.st_mode):
                total += status.st_size
    return total, allocated


def _entries(folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError:
        return []
