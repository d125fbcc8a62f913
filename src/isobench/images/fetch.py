"""An image that was not built here, into the engine's store: by reference, from an archive, from a root file system.

Archives and root file systems are kept under a tag of their contents, so a second run loads nothing. A reference that
the store lacks is pulled by the engine, as ``docker run`` does; isobench itself asks no registry.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from isobench.errors import UsageError
from isobench.images.cache import building
from isobench.images.types import DockerApi, Source
from isobench.plain import plain

REPOSITORY = "isobench/brought"
_LOADED = re.compile(r"Loaded image(?: ID)?: (\S+)")
_OFFER = "build, load or pull it first, or give --image a Dockerfile or a tar"


class _EngineError(Exception):
    """What the engine said in the middle of an answer."""


def fetch(api: DockerApi, source: Source, cache: Path, say: Callable[[str], None]) -> str:
    """Return the name of the image in the engine's store; raises UsageError, one line, where it cannot be had."""
    if source.kind == "reference":
        with _told(source, "is not in the engine's store, and cannot be pulled", _OFFER):
            _by_reference(api, source.name, say)
        return source.name
    tag = _content_tag(source.path)
    name = f"{REPOSITORY}:{tag}"
    with building(cache), _told(source, "is nothing that the engine takes", "make it anew"):
        if not _is_there(api, name):
            say(f"loading {source.name}")
            (_load if source.kind == "archive" else _import)(api, source, tag)
    return name


def _by_reference(api: DockerApi, name: str, say: Callable[[str], None]) -> None:
    if _is_there(api, name):
        return
    if name.startswith("sha256:"):
        raise _EngineError("an id names no registry's image")
    say(f"pulling {name}")
    _refuse_error(api.pull(name, stream=True, decode=True))


def _load(api: DockerApi, source: Source, tag: str) -> None:
    with source.path.open("rb") as file:
        found = _LOADED.findall(_refuse_error(api.load_image(file, quiet=True)))
    if len(found) != 1:
        raise UsageError(f"holds {len(found)} images", where=source.name, mend="save one image alone in it")
    api.tag(found[0], REPOSITORY, tag)


def _import(api: DockerApi, source: Source, tag: str) -> None:
    said = api.import_image_from_file(
        str(source.path), repository=REPOSITORY, tag=tag, changes=["LABEL isobench=image"]
    )
    # An error after the first byte of the answer no longer shows in its status.
    _refuse_error(json.loads(line) for line in said.splitlines() if line.strip())


def _is_there(api: DockerApi, name: str) -> bool:
    from docker.errors import NotFound

    try:
        api.inspect_image(name)
    except NotFound:
        return False
    return True


def _content_tag(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()[:12]
    except OSError as error:
        raise UsageError(f"cannot be read: {error.strerror}", where=str(path)) from None


def _refuse_error(steps: Iterable[dict[str, Any]]) -> str:
    """Return all that a stream of answers says; raises _EngineError at the first that is an error."""
    words = []
    for step in steps:
        if "error" in step:
            raise _EngineError(str(step["error"]).strip())
        words.append(str(step.get("stream", "")))
    return "".join(words)


@contextmanager
def _told(source: Source, lack: str, mend: str) -> Iterator[None]:
    """Turn what the engine refuses within the block into one line that names the source."""
    from docker.errors import APIError

    try:
        yield
    except (APIError, _EngineError) as error:
        why = plain(str(getattr(error, "explanation", None) or error).strip())
        raise UsageError(f"{lack}: {why}", where=source.name, mend=mend) from None
