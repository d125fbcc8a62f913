"""Whether an image is for this host's processor: by what it says of itself, and by the program that it would start."""

from __future__ import annotations

import platform
from pathlib import Path, PurePosixPath

from isobench.errors import UsageError

_NAMES = {"x86_64": "amd64", "i386": "386", "i686": "386", "aarch64": "arm64", "armv7l": "arm", "armv6l": "arm",
          "loongarch64": "loong64"}  # fmt: skip
"""Docker's names where they are not the kernel's."""
_ALSO = {"amd64": ("386",), "arm64": ("arm",)}
"""What a processor runs besides its own."""
_MACHINES = {3: "386", 21: "ppc64le", 22: "s390x", 40: "arm", 62: "amd64", 183: "arm64", 243: "riscv64",
             258: "loong64"}  # fmt: skip
"""``e_machine`` of an ELF header (System V ABI)."""
_MOST_LINKS = 40


def host_architecture() -> str:
    """Return this host's architecture as Docker names it."""
    return _NAMES.get(machine := platform.machine(), machine)


def refuse_foreign(architecture: str, where: str, what: str = "is") -> None:
    """Raise UsageError, naming both, where something is for a processor that this host is not; unknown passes."""
    host = host_architecture()
    if architecture and architecture != host and architecture not in _ALSO.get(host, ()):
        raise UsageError(f"{what} for {architecture}, this host is {host}", where=where,
                         mend=f"use an image for {host}")  # fmt: skip


def refuse_foreign_program(tree: Path, program: str, search: str, where: str) -> None:
    """Raise UsageError where the program that an instance in ``tree`` would start is an ELF file of another machine.

    ``search`` is the PATH inside. An imported tar says nothing of its architecture, so the engine takes it for the
    host's. What is missing, or a script, is left for the instance to tell.
    """
    places = [program] if "/" in program else [f"{folder}/{program}" for folder in search.split(":")]
    found = next((file for place in places if (file := inside(tree, place))), None)
    if found is not None and (machine := _machine(found)):
        refuse_foreign(machine, where, f"its {program} is")


def inside(tree: Path, path: str) -> Path | None:
    """Return the file that a path means within ``tree`` as a root, links followed there; None where there is none."""
    left = list(reversed(PurePosixPath("/", path).parts[1:]))
    at, links = tree, 0
    while left:
        part = left.pop()
        if part == "..":
            at = at if at == tree else at.parent
            continue
        at /= part
        if at.is_symlink():
            links += 1
            if links > _MOST_LINKS:
                return None
            target = PurePosixPath(at.readlink())
            at = tree if target.is_absolute() else at.parent
            left += reversed(target.parts[1:] if target.is_absolute() else target.parts)
    return at if at.is_file() else None


def _machine(file: Path) -> str | None:
    try:
        with file.open("rb") as opened:
            head = opened.read(20)
    except OSError:
        return None
    if len(head) < 20 or head[:4] != b"\x7fELF":
        return None
    number = int.from_bytes(head[18:20], "little" if head[5] == 1 else "big")
    return _MACHINES.get(number, f"ELF machine {number}")
