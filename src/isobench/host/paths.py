"""Where things live: the cache (XDG), the run folder for short-lived sockets, results and reports."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


def _checkout() -> Path | None:
    """Return the repository's root when isobench runs from a checkout, else None (an installed wheel)."""
    root = Path(__file__).resolve().parents[3]
    return root if (root / "workloads").is_dir() and (root / "pyproject.toml").is_file() else None


@dataclass(frozen=True, slots=True)
class Paths:
    """The folders of one isobench: ``cache`` is kept between runs, ``run`` lives as long as the machine is up."""

    cache: Path
    run: Path
    results: Path
    reports: Path
    workloads: tuple[Path, ...]
    targets: tuple[Path, ...]

    @classmethod
    def default(cls, results: Path | None = None) -> Paths:
        """Return the folders that apply here: those of the checkout, else of the current folder."""
        checkout = _checkout()
        base = checkout or Path.cwd()
        builtin = checkout / "workloads" if checkout else Path(__file__).resolve().parents[1] / "builtin_workloads"
        own_workloads = Path.cwd() / "workloads"
        workloads = (builtin,) if own_workloads == builtin or not own_workloads.is_dir() else (builtin, own_workloads)
        own_targets = Path.cwd() / "targets.toml"
        builtin_targets = Path(__file__).resolve().parents[1] / "targets" / "targets.toml"
        return cls(
            cache=cache_folder(),
            run=run_folder(),
            results=results or base / "results",
            reports=base / "reports",
            workloads=workloads,
            targets=(builtin_targets, own_targets) if own_targets.is_file() else (builtin_targets,),
        )


def cache_folder() -> Path:
    """Return ``$ISOBENCH_CACHE``, else ``isobench`` below the XDG cache folder."""
    if named := os.environ.get("ISOBENCH_CACHE"):
        return Path(named).absolute()
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "isobench"


def run_folder() -> Path:
    """Return a short folder for sockets, whose paths end at 108 bytes: ``$ISOBENCH_RUN``, else the system's place.

    The measuring lock lies there, so two runs with different folders do not see each other: for tests.
    """
    if named := os.environ.get("ISOBENCH_RUN"):
        return Path(named).absolute()
    if os.geteuid() == 0:
        return Path("/run/isobench")
    return Path(os.environ.get("XDG_RUNTIME_DIR") or f"/tmp/isobench-{os.geteuid()}") / "isobench"  # noqa: S108


def give_to_caller(*paths: Path) -> None:
    """Under sudo, hand files that root made (whole trees) to the user who called."""
    uid, gid = os.environ.get("SUDO_UID"), os.environ.get("SUDO_GID")
    if os.geteuid() != 0 or not uid or not gid:
        return
    for path in paths:
        if not path.exists():
            continue
        for entry in (path, *path.rglob("*")) if path.is_dir() else (path,):
            os.chown(entry, int(uid), int(gid), follow_symlinks=False)
