"""Root file system to VM disk: one read-only base for all instances, and what one more instance needs."""

from __future__ import annotations

from pathlib import Path

from isobench.host.process import run
from isobench.images import manifest
from isobench.images.cache import entry
from isobench.images.types import Rootfs

_BLOCK = 1 << 20
_INODE = 1 << 14  # mke2fs gives an inode to so many bytes, or to fewer


def ensure_disk(rootfs: Rootfs, spare: int, cache: Path) -> Path:
    """Return the raw ext4 disk made of the root file system with about ``spare`` bytes free in it."""
    size = (rootfs.file_bytes * 5 // 4 + spare + 16 * _BLOCK) // _BLOCK * _BLOCK
    folder = cache / "disks" / f"{rootfs.digest.removeprefix('sha256:')[:16]}-{size >> 20}M"
    entry(folder, lambda scratch: format_ext4(scratch / "disk.raw", size, rootfs.tree))
    return folder / "disk.raw"


def format_ext4(path: Path, size: int, tree: Path | None = None, *, offset: int = 0, label: str = "") -> None:
    """Make a sparse ext4 disk of ``size`` bytes, filled from ``tree`` where one is given.

    The file system begins at ``offset`` and takes the rest. Tables are initialised now, not by a kernel thread in the
    guest while it is measured. Raises HarnessError, one line, when the tree does not fit.
    """
    extended = "lazy_itable_init=0,lazy_journal_init=0" + (f",offset={offset}" if offset else "")
    with path.open("wb") as file:
        file.truncate(size)
    run(
        [
            "mke2fs", "-q", "-t", "ext4", "-m", "0", "-E", extended, *(("-L", label) if label else ()),
            *(_filled(tree, size) if tree else ()), path, *((f"{(size - offset) >> 10}k",) if offset else ()),
        ],
        timeout=600,
        mend="give the workload a larger disk in [resources] of its workload.toml" if tree else None,
    )  # fmt: skip


def _filled(tree: Path, size: int) -> tuple[str | Path, ...]:
    """Return the options to fill a disk from ``tree``, with inodes enough where it has very many paths."""
    paths = sum(1 for _ in manifest.paths(tree))
    usual = size // _INODE
    return ("-d", tree, *(("-N", str(paths + usual)) if paths > usual // 2 else ()))


def make_overlay(base: Path, overlay: Path, base_format: str = "raw") -> None:
    """Make an instance's writable qcow2 overlay over the read-only base."""
    run(["qemu-img", "create", "-q", "-f", "qcow2", "-F", base_format, "-b", base, overlay])


def make_copy(source: Path, copy: Path) -> None:
    """Make an instance's own disk as a copy: shared extents where the file system can, else its bytes; holes stay."""
    run(["cp", "--reflink=auto", "--sparse=always", source, copy], timeout=600)


def allocated(path: Path) -> int:
    """Return the bytes that a file takes in its store."""
    return path.stat().st_blocks * 512
