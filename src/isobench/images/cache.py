"""The content-addressed cache: an entry is a folder that is either whole or absent."""

from __future__ import annotations

import fcntl
import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from isobench.errors import HarnessError

SPARE = 1 << 30
"""Bytes that must stay free on the cache's file system."""


@contextmanager
def building(cache: Path) -> Iterator[None]:
    """Hold the cache's build lock: what one process builds, another waits for and then finds."""
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "build.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def entry(folder: Path, make: Callable[[Path], None]) -> Path:
    """Return ``folder``, made first by ``make`` in a scratch folder beside it when it is not there yet."""
    if folder.is_dir():
        return folder
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
        scratch.rename(folder)
    except OSError as error:
        raise HarnessError(
            f"cannot build {folder.name}: {error.strerror or error}", where=str(folder.parent)
        ) from error
    finally:
        if scratch.exists():
            shutil.rmtree(scratch, ignore_errors=True)
    return folder


def write_json(path: Path, document: Any) -> None:
    """Write a small document into an entry."""
    path.write_text(json.dumps(document, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def read_json(path: Path) -> Any:
    """Read a document back; raises HarnessError when the entry is damaged."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise HarnessError(f"is damaged: {error}", where=str(path), mend="isobench images prune") from error
