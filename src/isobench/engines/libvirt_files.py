"""Files for VMs of the host's own libvirt, whose QEMU runs as a user that may not enter root's folders."""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from isobench.errors import HarnessError
from isobench.host.process import remove_tree, run

_IMAGES = Path("/var/lib/libvirt/images")
"""Where libvirt's packages expect images, and their security policies allow them."""


@dataclass(frozen=True, slots=True)
class SharedFiles:
    """A folder that QEMU's user may enter. libvirt changes the owner of what it opens, so it gets copies of ours."""

    folder: Path

    def copy(self, file: Path) -> Path:
        """Return a copy of a file of the cache, made first where there is none; holes stay holes."""
        told = file.stat()
        name = hashlib.sha256(f"{file} {told.st_size} {told.st_mtime_ns}".encode()).hexdigest()[:16]
        kept = self.folder / f"{name}{file.suffix}"
        if not kept.exists():
            run(["cp", "--reflink=auto", "--sparse=always", "--", file, kept], timeout=600)
            kept.chmod(0o644)
        return kept

    @property
    def instances(self) -> Path:
        """Where instances' own disks lie."""
        return self.folder / "instances"


def folder_of(run_folder: Path) -> Path:
    """Return the folder of the isobench with this run folder."""
    return _IMAGES / f"isobench-{hashlib.sha256(bytes(run_folder)).hexdigest()[:8]}"


def refuse_closed(run_folder: Path) -> None:
    """Raise HarnessError where QEMU's user cannot come to the sockets in a run folder."""
    for folder in (run_folder, *run_folder.parents):
        if folder.exists() and not folder.stat().st_mode & stat.S_IXOTH:
            raise HarnessError(
                "the host's libvirt runs QEMU as a user that may not enter this folder, where its sockets are",
                where=str(folder), mend="chmod o+x it, or set ISOBENCH_RUN to another",
            )  # fmt: skip


@contextmanager
def shared_files(run_folder: Path) -> Iterator[SharedFiles]:
    """Give a folder, made anew and removed afterwards."""
    folder = folder_of(run_folder)
    clean(run_folder)
    try:
        (folder / "instances").mkdir(parents=True, mode=0o711)
        folder.chmod(0o711)
        yield SharedFiles(folder)
    finally:
        clean(run_folder)


def clean(run_folder: Path) -> list[str]:
    """Remove what a killed run left there; return a line where there was something."""
    folder = folder_of(run_folder)
    if not folder.is_dir():
        return []
    remove_tree(folder)
    return [f"VM files in {folder}"]
