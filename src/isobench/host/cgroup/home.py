"""Where the groups of instances lie: ``isobench`` below the root, or a scope that systemd has delegated to us."""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from isobench.errors import HarnessError
from isobench.host.boot import boot_id
from isobench.host.cgroup import hierarchy, systemd
from isobench.host.lock import HOST
from isobench.host.paths import run_folder

PLAIN = "isobench"
SLICE = "isobench.slice"
"""Everything of ours that systemd knows lies below it."""
_ANCHOR = "anchor"
_RECORD = "controllers.json"
"""In the run folder: which controllers were open before the run."""


def parent() -> str:
    """Return the group that holds instances' groups, relative to the hierarchy's root.

    Under systemd each run folder has a scope of its own, as it has a bridge, so that no isobench takes another's away.
    """
    return f"{SLICE}/{scope(run_folder())}" if systemd.manages() else PLAIN


def scope(run: Path) -> str:
    """Return the name of the scope that belongs to a run folder: ``isobench.scope`` for the host's usual one."""
    return "isobench.scope" if run == HOST else f"isobench-{hashlib.sha256(bytes(run)).hexdigest()[:8]}.scope"


def slice_of(group: str) -> str:
    """Return the name of the slice of an instance: a member's lies in its application's.

    A dash in a slice's name is a level of its own in systemd's tree, so there is none within an id.
    """
    return "-".join(["isobench", *(part.replace("-", "_") for part in group.split("/"))]) + ".slice"


def slice_path(name: str) -> str:
    """Return a slice's group relative to the root: systemd puts ``a-b.slice`` in ``a.slice``."""
    steps = name.removesuffix(".slice").split("-")
    return "/".join("-".join(steps[: depth + 1]) + ".slice" for depth in range(len(steps)))


@contextmanager
def home() -> Iterator[None]:
    """Have the place where instances' groups lie; what was made for it is gone afterwards.

    Under systemd a scope is delegated. The controllers that the root and the groups right below it have open (v2) are
    as they were afterwards: an engine opens all of them on its way to a container's group.
    """
    restore(run_folder())
    _write_down(run_folder() / _RECORD)
    try:
        if systemd.manages():
            with _delegated(scope(run_folder())):
                yield
        else:
            yield
    finally:
        remove()
        restore(run_folder())


@contextmanager
def _delegated(name: str) -> Iterator[None]:
    """Have a scope delegated, held open by a process that ends with this one."""
    # It reads a pipe whose other end is ours, so the kernel ends it with us, however we end.
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, start_new_session=True) as anchor:
        try:
            systemd.start_scope(name, SLICE, (anchor.pid,), delegate=True)
            _clear(hierarchy.ROOT / SLICE / name)
            yield
        finally:
            anchor.kill()
            systemd.stop(name)


def entering(leaf: str) -> list[str]:
    """Return the words to put before a daemon's command, so that it starts in a leaf of the delegated group, if any."""
    if not systemd.manages():
        return []
    group = hierarchy.ROOT / parent()
    if not group.is_dir():
        return []
    (group / leaf).mkdir(exist_ok=True)
    return ["sh", "-c", 'echo 0 >"$1" && shift && exec "$@"', "sh", str(group / leaf / "cgroup.procs")]


def _clear(group: Path) -> None:
    """Move a group's processes to a leaf, so that it may have groups with controllers below it (v2)."""
    try:
        (group / _ANCHOR).mkdir(exist_ok=True)
        for pid in (group / "cgroup.procs").read_text().split():
            (group / _ANCHOR / "cgroup.procs").write_text(pid)
    except OSError as error:
        raise HarnessError(f"the delegated group cannot be used: {error.strerror}", where=str(group)) from error


def remove() -> None:
    """Remove what holds instances' groups, where nothing lies in it."""
    if systemd.manages():
        folder = hierarchy.ROOT / SLICE
        if folder.is_dir() and not any(path.is_dir() for path in folder.iterdir()):
            systemd.stop(SLICE)
        return
    for root in hierarchy.mounted():
        with suppress(OSError):
            (root / PLAIN).rmdir()


def leftovers(run: Path) -> tuple[str, ...]:
    """Return the ids of instances of a run folder that have a group still, below every hierarchy.

    Every instance has a folder of its name there, made before its group.
    """
    ids = [folder.name for folder in sorted(run.iterdir()) if folder.is_dir()] if run.is_dir() else []
    return tuple(name for name in ids if any(group.is_dir() for group in _groups(run, name)))


def _groups(run: Path, name: str) -> Iterator[Path]:
    if systemd.manages():
        yield hierarchy.ROOT / SLICE / scope(run) / name
        yield hierarchy.ROOT / slice_path(slice_of(name))
        return
    for root in hierarchy.mounted():
        yield root / PLAIN / name


def instances() -> tuple[str, ...]:
    """Return every group of an instance that exists, whichever isobench of this host it belongs to."""
    if systemd.manages():
        top = hierarchy.ROOT / SLICE
        groups = [path for path in top.glob("*") if path.is_dir()] if top.is_dir() else []
        scopes = [path for path in groups if path.suffix == ".scope"]
        inside = [path for one in scopes for path in one.iterdir() if path.is_dir() and path.name != _ANCHOR]
        return tuple(sorted(path.name for path in (*inside, *(p for p in groups if p.suffix == ".slice"))))
    tops = [root / PLAIN for root in hierarchy.mounted() if (root / PLAIN).is_dir()]
    return tuple(sorted({path.name for top in tops for path in top.iterdir() if path.is_dir()}))


def restore(run: Path) -> None:
    """Close the controllers that were opened since ``home`` was entered, also by a run that was killed meanwhile."""
    try:
        record = json.loads((run / _RECORD).read_text())
    except (OSError, ValueError):
        return
    before = record["groups"] if record["boot"] == boot_id() else {}
    # Those right below the root first: it closes nothing that one of them has open.
    for name, (controllers, groups) in sorted(before.items(), reverse=True):
        _close(hierarchy.ROOT / name, set(controllers), set(groups))
    (run / _RECORD).unlink()


def _write_down(record: Path) -> None:
    """Write down which controllers the root and the groups right below it have open, and which groups they hold."""
    if hierarchy.version() == 1:
        return
    tops = [path for path in hierarchy.ROOT.iterdir() if path.is_dir()]
    found = {path.name: _opened(path) for path in tops} | {"": _opened(hierarchy.ROOT)}
    record.parent.mkdir(parents=True, exist_ok=True)
    record.write_text(json.dumps({"boot": boot_id(), "groups": found}))


def _opened(group: Path) -> tuple[list[str], list[str]]:
    try:
        controllers = (group / "cgroup.subtree_control").read_text().split()
        return controllers, [path.name for path in group.iterdir() if path.is_dir()]
    except OSError:  # it is gone meanwhile
        return [], []


def _close(group: Path, controllers: set[str], groups: set[str]) -> None:
    """Close what was opened since; not where somebody's group came meanwhile, which may have limits by it."""
    now, below = _opened(group)
    for name in sorted(set(now) - controllers) if set(below) <= groups else ():
        with suppress(OSError):
            (group / "cgroup.subtree_control").write_text(f"-{name}")
