"""A folder as of a commit: read from git's store, without a checkout or a worktree."""

from __future__ import annotations

from pathlib import Path

from isobench.errors import HarnessError, UsageError
from isobench.host.process import run
from isobench.model import Workload
from isobench.plain import plain
from isobench.workloads.loader import load_one


def as_of(workload: Workload, ref: str, into: Path) -> Workload:
    """Return the workload as the commit has it, its files unpacked in a folder of ``into``.

    Raises UsageError where the folder's clone lacks the commit, the commit the folder, or where its workload.toml is
    wrong.
    """
    folder = unpacked(workload.folder, ref, into)
    try:
        return load_one(folder)
    except UsageError as error:
        error.where = (error.where or "").replace(str(folder), f"{workload.name}@{ref}")
        raise


def unpacked(folder: Path, ref: str, into: Path) -> Path:
    """Return a folder of the same name in ``into`` with the files that the commit has; raises UsageError."""
    commit = _git(folder, ref, "rev-parse", "--verify", f"{ref}^{{commit}}").decode().strip()
    # In a sub-folder git archive packs that folder alone, its names relative to it.
    data = _git(folder, ref, "archive", "--format=tar", commit)
    found = into / folder.name
    found.mkdir()
    try:
        # Python's own unpacking is safe only from 3.11.4 on.
        run(["tar", "--extract", "--file=-", "--no-same-owner", f"--directory={found}"], stdin=data)
    except HarnessError as error:
        raise UsageError(plain(f"holds what cannot be unpacked: {error}"), where=f"{folder.name}@{ref}") from None
    return found


def _git(folder: Path, ref: str, *words: str) -> bytes:
    try:
        return run(["git", "-C", folder, *words]).stdout
    except HarnessError as error:
        said = error.message.rpartition("fatal: ")[2]
        raise UsageError(plain(f"git cannot give {folder.name}: {said}"), where=f"@{ref}",
                         mend="name a commit that this clone has and that holds the folder") from None  # fmt: skip
