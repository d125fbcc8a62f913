"""A disk of the user's own: looked at before anything starts, and what a session measures of it."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from isobench.errors import UsageError
from isobench.host.process import run
from isobench.images.types import Image, Rootfs
from isobench.model import Ready, Resources, Service, Workload
from isobench.plain import plain
from isobench.workloads.schema import ReadyTable, ServiceTable

RESOURCES = Resources(vcpus=1, memory=1 << 30, disk=0)
"""What such a machine gets: one core and 1 GiB of memory; its disk is as large as its image says."""
TIMEOUT = 120.0
"""Seconds within which it must be ready: a distribution boots, perhaps emulated."""

_MAGIC = b"QFI\xfb"
_MAKE_ONE = "give a disk as qemu-img convert -O qcow2 writes it"


@dataclass(frozen=True, slots=True)
class OwnDisk(Workload):
    """A disk that is booted as it is: there is no init of isobench's inside. ``file`` lies in ``folder``.

    Without an ``output`` in ``ready`` it is ready when its service is. ``virtual`` is the size that the guest sees.
    """

    file: str = ""
    digest: str = ""
    virtual: int = 0

    @property
    def path(self) -> Path:
        """The user's own file, which is only read."""
        return self.folder / self.file

    def image(self) -> Image:
        """Return the disk in the place of an image."""
        return Image(self.digest, self.file, (), "/", "", self._stored())

    def rootfs(self) -> Rootfs:
        """Return the disk in the place of a root file system: what has this digest runs."""
        return Rootfs(self.folder, self.digest, self.path.stat().st_size, self._stored(), 0)

    def _stored(self) -> int:
        return self.path.stat().st_blocks * 512


def own_disk(path: Path, *, ready: str | None = None, port: int | None = None, timeout: float = TIMEOUT) -> OwnDisk:
    """Return what a session measures of the user's qcow2 ``path``.

    It is ready when its serial console shows what ``ready`` (a regular expression) matches, or when ``port`` lets a
    connection in. Raises UsageError, one line, where the file is no qcow2 that stands alone, or where it is not told
    when it is ready.
    """
    if ready is None and port is None:
        raise UsageError(
            "nothing says when it is ready", where="--disk",
            mend="add --ready 'regex on its serial console', or --port N",
        )  # fmt: skip
    try:
        output = ReadyTable(on="output", output=ready).output if ready is not None else None
    except ValidationError as error:
        raise UsageError(_first(error), where="--ready") from None
    try:
        service = Service(ServiceTable(port=port, request="", reply="").port, b"", "") if port is not None else None
    except ValidationError as error:
        raise UsageError(_first(error), where="--port") from None
    found = _look_at(path)
    return OwnDisk(
        name=_name_of(path),
        title=path.name,
        description="A disk of the user's own, booted as it is; isobench has no init in it.",
        folder=path.resolve().parent,
        command=(),
        ready=Ready("output", output) if output else Ready("start"),
        resources=RESOURCES,
        jobs=(),
        service=service,
        timeout=timeout,
        file=path.resolve().name,
        digest=_digest(path),
        virtual=int(found["virtual-size"]),
    )


def _look_at(path: Path) -> dict[str, Any]:
    """Return what qemu-img tells of the image, looked at as a qcow2 and nothing else."""
    where = plain(str(path))
    if path.exists() and not path.is_file():
        raise UsageError("is no file", where=where, mend=_MAKE_ONE)
    try:
        with path.open("rb") as file:
            head = file.read(len(_MAGIC))
    except OSError as error:
        raise UsageError(f"cannot be read: {error.strerror}", where=where, mend=_MAKE_ONE) from None
    if head != _MAGIC:
        raise UsageError("is no qcow2 image", where=where, mend=_MAKE_ONE)
    told = run(["qemu-img", "info", "--force-share", "--output=json", "-f", "qcow2", path.absolute()], check=False)
    if told.returncode != 0:
        said = plain(told.stderr.decode("utf-8", "replace").strip().rpartition(": ")[2])
        raise UsageError(f"is a damaged qcow2 image: {said}", where=where, mend=_MAKE_ONE)
    found: dict[str, Any] = json.loads(told.stdout)
    special = found.get("format-specific", {}).get("data", {})
    # Another file of the host's would be shown to the guest under this one's name.
    for needed in (found.get("backing-filename"), special.get("data-file")):
        if needed:
            raise UsageError(f"needs another file, {plain(needed, 100)}", where=where, mend=_MAKE_ONE)
    if found.get("encrypted"):
        raise UsageError("is encrypted", where=where, mend=_MAKE_ONE)
    return found


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"


def _name_of(path: Path) -> str:
    name = re.sub(r"[^a-z0-9]+", "-", path.name.removesuffix(".qcow2").lower()).strip("-")
    return name[:40].rstrip("-") or "disk"


def _first(error: ValidationError) -> str:
    return plain(error.errors()[0]["msg"].removeprefix("Value error, "))
