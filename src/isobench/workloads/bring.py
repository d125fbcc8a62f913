"""Bring your own: any image as a workload, from a reference, a Dockerfile, an image archive or a root file system."""

from __future__ import annotations

import io
import lzma
import re
import shlex
import tarfile
import zlib
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from isobench.errors import UsageError
from isobench.images.architecture import refuse_foreign_program
from isobench.images.types import Brought, Image, Rootfs, Source
from isobench.model import Ready, Resources, Service, Workload
from isobench.plain import plain
from isobench.workloads.schema import ReadyTable, ServiceTable, words

RESOURCES = Resources(vcpus=1, memory=512 << 20, disk=512 << 20)
"""What an instance of a brought image gets: one core, 512 MiB of memory, 512 MiB to spare on its root disk."""
TIMEOUT = 60.0
"""Seconds within which it must be ready."""

T = TypeVar("T")
_REFERENCE = re.compile(r"[A-Za-z0-9][\w.\-:/@+]{0,254}", re.ASCII)
_PATH = re.compile(r"[/~]|\.{1,2}/|.*\.(tar|tgz|tbz2|txz|tar\.\w+)$")
_FROM = re.compile(rb"^[ \t]*FROM[ \t]+\S", re.IGNORECASE | re.MULTILINE)
_SUFFIXES = re.compile(r"\.(tar(\.\w+)?|tgz|tbz2|txz)$")
_SEARCH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_HEAD = 1 << 16
_LONGEST = 40
_FORMS = "give an image's reference, a Dockerfile or its folder, a tar of docker save, or one of a root file system"


def bring(
    what: str, *, ready: str | None = None, port: int | None = None, command: str | None = None,
    timeout: float = TIMEOUT,
) -> Brought:  # fmt: skip
    """Return a workload of an image, whichever form ``what`` names it in.

    It is ready when its command runs, or when it has written what ``ready`` (a regular expression) matches; with a
    ``port`` its service is there at the first connect that is let in. ``command`` is split into words as a shell
    would, and run by none; without it the image's own runs. ``timeout`` is seconds. Raises UsageError, one line.
    """
    source = source_of(what)
    program = tuple(_split(command)) if command is not None else ()
    if source.kind == "rootfs" and not program:
        raise UsageError("a root file system names no command of its own", where=source.name, mend="add --command '…'")
    on_output = _checked("--ready", lambda: ReadyTable(on="output", output=ready)) if ready is not None else None
    if port is not None:
        _checked("--port", lambda: ServiceTable(port=port, request="", reply=""))
    return Brought(
        name=name_of(source),
        title=source.name,
        description="An image brought to isobench.",
        folder=source.path.parent,
        command=program,
        ready=Ready("output", on_output.output) if on_output else Ready("start"),
        resources=RESOURCES,
        jobs=(),
        service=Service(port, b"", "") if port is not None else None,
        timeout=timeout,
        source=source,
    )


def with_image(workload: Workload, what: str) -> Brought:
    """Return the same workload, its command and jobs, on another image; raises UsageError as ``bring`` does."""
    return Brought(**_values(workload), source=source_of(what))


def settle(workload: Workload, image: Image, rootfs: Rootfs) -> Workload:
    """Return a brought workload as it runs now that its image is known; any other as it is.

    Raises UsageError where the image names no command, or its program is for another architecture.
    """
    if not isinstance(workload, Brought):
        return workload
    source = workload.source
    command = workload.command or image.command
    if not command:
        raise UsageError("has neither ENTRYPOINT nor CMD", where=source.name, mend="add --command '…'")
    refuse_foreign_program(rootfs.tree, command[0], dict(image.env).get("PATH", _SEARCH), source.name)
    said = f"{workload.description} It is {source.name} ({image.id})."
    return Workload(**{**_values(workload), "command": command, "description": said})


def source_of(what: str) -> Source:
    """Return what ``what`` names: a file or folder where there is one, else an image's reference.

    A folder without a Dockerfile does not hide an image of its name. Raises UsageError, one line.
    """
    path = Path(what)
    named_as_path = bool(_PATH.match(what))
    if _exists(path) and (named_as_path or path.is_file() or (path / "Dockerfile").is_file()):
        return _of_path(path.resolve())
    if named_as_path:
        raise UsageError("no such file or folder", where=plain(what), mend=_FORMS)
    if not _REFERENCE.fullmatch(what):
        raise UsageError(f"{plain(what, 100)!r} is no image", where="--image", mend=_FORMS)
    return Source("reference", what)


def name_of(source: Source) -> str:
    """Return a workload's name from its image's: ``example.org/team/redis:7`` is ``redis-7``."""
    match source.kind:
        case "reference" if source.name.startswith("sha256:"):
            text = f"image-{source.name[7:19]}"
        case "reference":
            text = source.name.rpartition("/")[2].partition("@")[0].removesuffix(":latest")
        case "dockerfile":
            text = source.path.parent.name
        case _:
            text = _SUFFIXES.sub("", source.path.name)
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:_LONGEST].strip("-") or "image"


def _of_path(path: Path) -> Source:
    if path.is_dir():
        if not (path / "Dockerfile").is_file():
            raise UsageError("holds no Dockerfile", where=str(path), mend=_FORMS)
        return _of_path(path / "Dockerfile")
    if not path.is_file():
        raise UsageError("is no file", where=str(path), mend=_FORMS)
    try:
        if path.stat().st_size == 0:
            raise UsageError("is empty", where=str(path), mend=_FORMS)
        if tarfile.is_tarfile(path):
            return Source("archive" if _is_archive(path) else "rootfs", path.name, path)
        with path.open("rb") as file:
            head = file.read(_HEAD)
    except OSError as error:
        raise UsageError(f"cannot be read: {error.strerror or error}", where=str(path)) from None
    if b"\0" in head or not _FROM.search(head):
        raise UsageError("is neither a tar nor a Dockerfile (which has a line FROM …)", where=str(path), mend=_FORMS)
    return Source("dockerfile", f"{path.parent.name}/{path.name}", path)


def _is_archive(path: Path) -> bool:
    """Return whether a tar is an image archive; raises UsageError where it is not whole or holds nothing."""
    try:
        with tarfile.open(path) as archive:
            names = set()
            while member := archive.next():
                archive.members.clear()  # type: ignore[attr-defined]  # kept for random access, which a million of them would make dear
                names.add(member.name.removeprefix("./") if member.name.count("/") < 2 else "…")
            _refuse_cut(archive)
    except (tarfile.TarError, zlib.error, lzma.LZMAError, EOFError) as error:
        raise UsageError(f"is no whole tar: {plain(str(error))}", where=str(path), mend="make it anew") from None
    if not names - {".", ""}:
        raise UsageError("is a tar without files", where=str(path), mend=_FORMS)
    return "manifest.json" in names or "oci-layout" in names


def _refuse_cut(archive: tarfile.TarFile) -> None:
    # Where a header is cut or damaged tarfile sees the end; the real one is a block of zeros. A compressed file that
    # is cut says so itself.
    if isinstance(file := archive.fileobj, io.BufferedReader):
        file.seek(archive.offset)
        if file.read(512) != bytes(512):
            raise tarfile.ReadError("it ends in the middle")


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # a name too long to be one, or with a NUL
        return False


def _split(command: str) -> list[str]:
    try:
        found = shlex.split(command)
    except ValueError as error:
        raise UsageError(f"{plain(command, 80)!r} cannot be split into words: {error}", where="--command") from None
    if not found:
        raise UsageError("is empty", where="--command", mend="name a program to run, or leave it out")
    return found


def _checked(option: str, make: Callable[[], T]) -> T:
    try:
        return make()
    except ValidationError as error:
        raise UsageError(plain(words(dict(error.errors()[0]))), where=option) from None


def _values(workload: Workload) -> dict[str, Any]:
    return {field.name: getattr(workload, field.name) for field in fields(Workload)}
