"""As whom, where and with which environment a workload's commands run: the image's configuration, on every target."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from isobench.errors import UsageError
from isobench.guest import commands
from isobench.images.types import Image

_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True, slots=True)
class Identity:
    """User and group ids, working folder and environment."""

    uid: int
    gid: int
    cwd: str
    env: tuple[tuple[str, str], ...]

    def run(self, run_id: int, words: Sequence[str]) -> bytes:
        """Return the guest's command to run ``words`` so."""
        return commands.run(run_id, words, env=dict(self.env), cwd=self.cwd, uid=self.uid, gid=self.gid)


def identity(image: Image, tree: Path) -> Identity:
    """Resolve an image's user against its own /etc/passwd and /etc/group; raises UsageError on an unknown name."""
    name, _, group = image.user.partition(":")
    entry = _lookup(tree / "etc/passwd", name) if name and not name.isdigit() else None
    if name and not name.isdigit() and entry is None:
        raise UsageError(f"the image's user {name!r} is not in its /etc/passwd", where=image.tag)
    uid = int(entry[2]) if entry else int(name or 0)
    if not entry and name.isdigit():
        entry = _lookup(tree / "etc/passwd", name, column=2)
    gid = _group(tree, group, image) if group else int(entry[3]) if entry else 0
    home = entry[5] if entry else "/root" if uid == 0 else "/"
    env = {"PATH": _PATH, "HOME": home, **dict(image.env)}
    return Identity(uid, gid, image.cwd, tuple(env.items()))


def _group(tree: Path, group: str, image: Image) -> int:
    if group.isdigit():
        return int(group)
    entry = _lookup(tree / "etc/group", group)
    if entry is None:
        raise UsageError(f"the image's group {group!r} is not in its /etc/group", where=image.tag)
    return int(entry[2])


def _lookup(file: Path, key: str, column: int = 0) -> list[str] | None:
    # The image may make it a link that leads out of its tree: only a plain file is read.
    if file.parent.is_symlink() or file.is_symlink() or not file.is_file():
        return None
    for line in file.read_text(encoding="utf-8", errors="replace").splitlines():
        fields = line.split(":")
        # Its numbers are read by the callers.
        numbers = fields[2:4] if file.name == "passwd" else fields[2:3]
        if fields[column : column + 1] == [key] and numbers and all(n.isascii() and n.isdigit() for n in numbers):
            return [*fields, "", "", ""]
    return None
