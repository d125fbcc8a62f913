"""The folders behind a container's root, from the kernel's list of mounts: the same under every engine and image store.

Source: proc_pid_mountinfo(5), and the options that the kernel's overlay file system shows there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_ESCAPED = re.compile(r"\\([0-7]{3})")
_COLON = re.compile(r"(?<!\\):")


@dataclass(frozen=True, slots=True)
class Overlay:
    """An overlay: ``upper`` takes what is written, ``lower`` are the layers below it, the topmost first."""

    upper: Path
    lower: tuple[Path, ...]

    @property
    def image(self) -> tuple[Path, ...]:
        """The layers of the image: not the one that an engine puts above them, with the files it binds over."""
        return tuple(layer for layer in self.lower if not (layer / ".dockerenv").exists())


def of_process(pid: int) -> Overlay | None:
    """Return the overlay that is a process's root, None where it has none or has ended."""
    return next((found for _, point, found in _overlays(pid) if point == "/"), None)


def at(word: str) -> Overlay | None:
    """Return the overlay mounted on this host at a place with ``word`` (a container's id) in its path, or None."""
    return next((found for _, point, found in _overlays("self") if word in point), None)


def _overlays(pid: int | str) -> Iterator[tuple[str, str, Overlay]]:
    """Yield each overlay that a process sees: its device, where it is mounted, and its folders."""
    try:
        lines = (_PROC / str(pid) / "mountinfo").read_text().splitlines()
    except OSError:
        return
    for line in lines:
        before, _, after = line.partition(" - ")
        kind, _, options = after.split(" ", 2)
        if kind != "overlay":
            continue
        words = before.split()
        point = _plain(words[4])
        upper, lower = _folders(options)
        if upper is not None:
            absolute = all(Path(folder).is_absolute() for folder in (upper, *lower))
            base = Path("/") if absolute else _base(words[2], point)
            yield words[2], point, Overlay(base / upper, tuple(base / layer for layer in lower))


def _folders(options: str) -> tuple[str | None, list[str]]:
    upper, lower = None, []
    for option in options.split(","):
        name, _, value = option.partition("=")
        if name == "upperdir":
            upper = _plain(value)
        elif name in ("lowerdir", "lowerdir+"):
            lower += [_plain(part).replace("\\:", ":") for part in _COLON.split(value) if part]
    return upper, lower


def _base(device: str, point: str) -> Path:
    """Return what relative folders are relative to: Docker mounts from its store, on ``…/<layer>/merged`` in it."""
    if point != "/":
        return Path(point).parents[1]
    for line in (_PROC / "self/mountinfo").read_text().splitlines():
        words = line.split()
        if words[2] == device and words[4] != "/":
            return Path(_plain(words[4])).parents[1]
    return Path("/")


def _plain(text: str) -> str:
    """Return a path without the kernel's octal escapes."""
    return _ESCAPED.sub(lambda found: chr(int(found[1], 8)), text)
