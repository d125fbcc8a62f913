"""Dockerfile to container image, once, through the Docker API."""

from __future__ import annotations

import hashlib
import io
import tarfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from isobench.errors import UsageError
from isobench.images.cache import building
from isobench.images.types import DockerApi, Image
from isobench.model import Workload

_LAST = 6
_BUILDERS_OWN = ("---> ", "Removing intermediate container")
_NOT_CONTEXT = {"workload.toml"}


def ensure_image(
    api: DockerApi, workload: Workload, base: str, cache: Path, network: str, say: Callable[[str], None]
) -> Image:
    """Return the workload's image, built first when neither it nor its context has been seen yet.

    Raises UsageError with the build's last lines when the Dockerfile does not build.
    """
    from docker.errors import ImageNotFound

    context = _context(workload.folder)
    tag = f"isobench/{workload.name}:{hashlib.sha256(base.encode() + context).hexdigest()[:12]}"
    try:
        return _describe(api.inspect_image(tag), tag)
    except ImageNotFound:
        pass
    with building(cache):
        say(f"building the image of {workload.name}")
        stream = api.build(
            fileobj=io.BytesIO(context), custom_context=True, tag=tag, rm=True, forcerm=True, decode=True,
            network_mode=network, labels={"isobench": "image"},
        )  # fmt: skip
        _follow(stream, workload.folder / "Dockerfile")
    return _describe(api.inspect_image(tag), tag)


def _context(folder: Path) -> bytes:
    """Return the build context as a tar whose bytes depend on names, modes and contents only."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for path in sorted(folder.rglob("*")):
            name = str(path.relative_to(folder))
            if name in _NOT_CONTEXT:
                continue
            entry = tar.gettarinfo(str(path), name)
            entry.mtime = entry.uid = entry.gid = 0
            entry.uname = entry.gname = ""
            if entry.isreg():
                with path.open("rb") as file:
                    tar.addfile(entry, file)
            else:
                tar.addfile(entry)
    return buffer.getvalue()


def _follow(stream: Iterable[dict[str, Any]], dockerfile: Path) -> None:
    lines: list[str] = []
    for step in _steps(stream, dockerfile):
        lines += [line.strip() for line in str(step.get("stream", "")).splitlines() if line.strip()]
        if "error" in step:
            told = [line for line in lines if not line.startswith(_BUILDERS_OWN)]
            said = " | ".join([*told[-_LAST:], str(step["error"]).strip()])
            raise UsageError(f"does not build: {said}", where=str(dockerfile), mend="mend the step named last")


def _steps(stream: Iterable[dict[str, Any]], dockerfile: Path) -> Iterator[dict[str, Any]]:
    from docker.errors import APIError

    try:
        yield from stream
    except APIError as error:
        raise UsageError(f"does not build: {error.explanation or error}", where=str(dockerfile)) from error


def _describe(inspected: dict[str, Any], tag: str) -> Image:
    config = inspected["Config"]
    pairs = (entry.partition("=") for entry in config.get("Env") or ())
    return Image(
        id=inspected["Id"],
        tag=tag,
        env=tuple((name, value) for name, _, value in pairs),
        cwd=config.get("WorkingDir") or "/",
        user=config.get("User") or "",
        stored_bytes=int(inspected["Size"]),
    )
