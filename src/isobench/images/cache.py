"""The content-addressed cache: an entry is a folder that is whole, or it is made anew."""

from __future__ import annotations

import fcntl
import json
import logging
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from isobench.errors import HarnessError
from isobench.host.process import remove_tree
from isobench.images.integrity import intact, seal

_LOG = logging.getLogger(__name__)

SPARE = 1 << 30
"""Bytes that must stay free on the cache's file system."""


@contextmanager
def building(cache: Path, *, wait: bool = True) -> Iterator[bool]:
    """Hold the cache's build lock: what one process builds, another waits for and then finds.

    Gives whether the lock is held: always, unless told not to ``wait``.
    """
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "build.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            yield False
        else:
            yield True


def entry(folder: Path, make: Callable[[Path], None]) -> Path:
    """Return ``folder``, made first by ``make``, in a scratch folder beside it, when it is not there or damaged."""
    if intact(folder):
        return folder
    with building(_cache_of(folder)):
        # Another process may have made it meanwhile.
        if not intact(folder):
            if folder.exists():
                _LOG.warning("%s in the cache is damaged: it is made anew", f"{folder.parent.name}/{folder.name}")
                remove_tree(folder)
            _make(folder, make)
    return folder


def _cache_of(folder: Path) -> Path:
    return folder.parent.parent


def _make(folder: Path, make: Callable[[Path], None]) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    if shutil.disk_usage(folder.parent).free < SPARE:
        raise HarnessError(
            f"less than {SPARE >> 20} MiB free for the cache", where=str(folder.parent),
            mend="free some space, or set ISOBENCH_CACHE to another disk",
        )  # fmt: skip
    scratch = Path(tempfile.mkdtemp(prefix=".building-", dir=folder.parent))
    try:
        make(scratch)
        scratch.chmod(0o755)
        seal(scratch)
        scratch.rename(folder)
    except OSError as error:
        raise HarnessError(
            f"cannot build {folder.name}: {error.strerror or error}", where=str(folder.parent)
        ) from error
    finally:
        if scratch.exists():
            remove_tree(scratch)


def write_json(path: Path, document: Any) -> None:
    """Write a small document into an entry."""
    path.write_text(json.dumps(document, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def read_json(path: Path) -> Any:
    """Read a document back; raises HarnessError when the entry is damaged."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise HarnessError(f"is damaged: {error}", where=str(path), mend="isobench images prune") from error
