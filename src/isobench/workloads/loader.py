"""Finding workloads: every folder with a workload.toml below the given roots."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from pydantic import ValidationError

from isobench.errors import UsageError
from isobench.model import Workload
from isobench.names import nearest
from isobench.toml_file import read_toml
from isobench.workloads.schema import WorkloadTable, first_words


def load_all(roots: Iterable[Path]) -> dict[str, Workload]:
    """Return every workload below the roots by name; a later root's replaces an earlier one's of the same name."""
    return {folder.name: load_one(folder) for root in roots for folder in _folders(root)}


def find(names: Iterable[str], roots: Iterable[Path], *, every: bool = False) -> list[Workload]:
    """Return the named workloads, reading only those; raises UsageError on an unknown one.

    When none is named: the default ones, or really ``every`` one.
    """
    folders = {folder.name: folder for root in roots for folder in _folders(root)}
    chosen = list(dict.fromkeys(names))
    if not chosen:
        found = [load_one(folder) for _, folder in sorted(folders.items())]
        return [workload for workload in found if every or workload.default]
    for name in chosen:
        if name not in folders:
            raise UsageError(f"no workload is called {name!r}", mend=nearest(name, folders))
    return [load_one(folders[name]) for name in chosen]


def load_one(folder: Path) -> Workload:
    """Read one workload's folder; raises UsageError with the file and the place in it."""
    return _table(folder).build(folder)


def described(roots: Iterable[Path]) -> list[Workload]:
    """Return every workload below the roots as its own file has it, to be listed: no Compose file is read."""
    folders = {folder.name: folder for root in roots for folder in _folders(root)}
    return [_table(folder).alone(folder) for folder in folders.values()]


def _table(folder: Path) -> WorkloadTable:
    file = folder / "workload.toml"
    table = read_toml(file)
    try:
        return WorkloadTable.model_validate(table)
    except ValidationError as error:
        raise UsageError(first_words(error), where=str(file), mend="docs/workloads.md lists the fields") from None


def _folders(root: Path) -> list[Path]:
    return sorted(path.parent for path in root.glob("*/workload.toml"))
