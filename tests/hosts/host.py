"""What a host of the lab is: a Debian release, its packages, and what is done to it once, from a small TOML file."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
CASES = HERE / "cases"

BASE = (
    "systemd", "systemd-sysv", "udev", "dbus", "linux-image-amd64", "initramfs-tools", "iproute2", "ca-certificates",
    "git", "python3", "python3-venv", "python3-dev", "procps", "kmod", "tar",
)  # fmt: skip
"""What every host has; without Recommends."""


@dataclass(frozen=True, slots=True)
class Host:
    """One host. ``packages`` are installed with Recommends, as people install them; ``lean`` without.

    A file with ``like = "HOST"`` has what the other one has, but for what it says itself; its ``setup`` comes after.

    ``setup`` are shell lines run once in the tree, before isobench is set up there. ``memory`` is MiB. ``cases`` name
    the files of ``cases/`` that run inside, in their order.
    """

    name: str
    title: str
    suite: str
    packages: tuple[str, ...]
    lean: tuple[str, ...]
    cases: tuple[str, ...]
    setup: tuple[str, ...] = ()
    memory: int = 6144

    @classmethod
    def read(cls, file: Path) -> Host:
        """Return the host that a file describes; raises ValueError for a key that no host has."""
        told = tomllib.loads(file.read_text(encoding="utf-8"))
        if other := told.pop("like", None):
            base = tomllib.loads((file.parent / f"{other}.toml").read_text(encoding="utf-8"))
            told = {**base, **told, "setup": [*base.get("setup", ()), *told.get("setup", ())]}
        known = {field.name for field in fields(cls)} - {"name"}
        if strange := set(told) - known:
            raise ValueError(f"{file}: unknown {', '.join(sorted(strange))}; a host has {', '.join(sorted(known))}")
        values: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value for key, value in told.items()
        }
        made = cls(name=file.stem, **values)
        if missing := [case for case in made.cases if not (CASES / f"{case}.py").is_file()]:
            raise ValueError(f"{file}: no such case: {', '.join(missing)}")
        return made


def hosts() -> dict[str, Host]:
    """Return every host of the lab by its name, in the order of their names."""
    return {file.stem: Host.read(file) for file in sorted(HERE.glob("*.toml"))}
