"""A workload's image, once, in the engine's store: built from a Dockerfile, or fetched from where it was brought."""

from __future__ import annotations

import hashlib
import tarfile
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO, Any

from isobench.errors import UsageError
from isobench.images.architecture import refuse_foreign
from isobench.images.cache import building
from isobench.images.fetch import fetch
from isobench.images.types import Brought, DockerApi, Image, Source
from isobench.model import Workload
from isobench.progress import under_way

_LAST = 6
_BUILDERS_OWN = ("---> ", "Removing intermediate container")
_NOT_CONTEXT = {"workload.toml"}
_IGNORE = ".dockerignore"


def origin(workload: Workload) -> Source:
    """Return where a workload's image comes from: the Dockerfile of its folder, unless it was brought."""
    if isinstance(workload, Brought):
        return workload.source
    return Source("dockerfile", f"{workload.name}/Dockerfile", workload.folder / "Dockerfile")


def ensure_image(
    api: DockerApi, workload: Workload, base: str, cache: Path, network: str, say: Callable[[str], None]
) -> Image:
    """Return the workload's image, built or fetched first when the engine has not seen it, or its context, yet.

    Raises UsageError, one line: with the build's last lines when a Dockerfile does not build, and where an image
    cannot be had or is for another architecture.
    """
    source = origin(workload)
    if source.kind == "dockerfile":
        tag = _ensure_built(api, workload.name, source.path, base, cache, network, say)
    else:
        tag = fetch(api, source, cache, say)
    found = api.inspect_image(tag)
    refuse_foreign(str(found.get("Architecture", "")), source.name)
    return _describe(found, source.name if isinstance(workload, Brought) else tag)


def _ensure_built(
    api: DockerApi, name: str, dockerfile: Path, base: str, cache: Path, network: str, say: Callable[[str], None]
) -> str:
    from docker.errors import ImageNotFound

    with tempfile.TemporaryFile() as context:
        tag = f"isobench/{name}:{pack(dockerfile, context, base)}"
        try:
            api.inspect_image(tag)
        except ImageNotFound:
            with building(cache):
                with under_way(say, f"building the image of {name}"):
                    stream = api.build(
                        fileobj=context, custom_context=True, dockerfile=dockerfile.name, tag=tag, rm=True,
                        forcerm=True, decode=True, network_mode=network, labels={"isobench": "image"},
                    )  # fmt: skip
                    _follow(stream, dockerfile)
    return tag


def pack(dockerfile: Path, into: IO[bytes], base: str) -> str:
    """Write the build context, its bytes from names, modes and contents only; return what tells it from any other."""
    folder = dockerfile.parent
    with tarfile.open(fileobj=into, mode="w") as tar:
        for name in _names(folder, dockerfile.name):
            entry = tar.gettarinfo(str(folder / name), str(name))
            if entry is None:  # a socket
                continue
            entry.mtime = entry.uid = entry.gid = 0
            entry.uname = entry.gname = ""
            if entry.isreg():
                with (folder / name).open("rb") as file:
                    tar.addfile(entry, file)
            else:
                tar.addfile(entry)
    into.seek(0)
    found = hashlib.sha256(base.encode() + (b"" if dockerfile.name == "Dockerfile" else dockerfile.name.encode()))
    while chunk := into.read(1 << 20):
        found.update(chunk)
    into.seek(0)
    return found.hexdigest()[:12]


def _names(folder: Path, dockerfile: str) -> list[Path]:
    """Return what of a folder is sent to the engine, in order: what its ``.dockerignore`` leaves."""
    from docker.utils.build import exclude_paths

    try:
        lines = (folder / _IGNORE).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    patterns = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    names = sorted(Path(name) for name in exclude_paths(str(folder), patterns, dockerfile))
    return [name for name in names if str(name) not in _NOT_CONTEXT]


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
    config = inspected.get("Config") or {}
    pairs = (entry.partition("=") for entry in config.get("Env") or ())
    return Image(
        id=inspected["Id"],
        tag=tag,
        env=tuple((name, value) for name, _, value in pairs),
        cwd=config.get("WorkingDir") or "/",
        user=config.get("User") or "",
        stored_bytes=int(inspected["Size"]),
        command=(*(config.get("Entrypoint") or ()), *(config.get("Cmd") or ())),
        entrypoint=tuple(config.get("Entrypoint") or ()),
    )
