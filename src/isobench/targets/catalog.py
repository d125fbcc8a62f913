"""Finding targets: every table of the given targets.toml files, checked."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from isobench.errors import UsageError
from isobench.model import TargetSpec
from isobench.names import nearest
from isobench.plain import plain
from isobench.targets.kind import kinds
from isobench.toml_file import read_toml

M = TypeVar("M", bound=BaseModel)
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    kind: str
    title: str
    description: str
    isolates: str
    default: bool = True
    full: tuple[str, ...] | None = None
    options: dict[str, Any] = {}


def load_all(files: Iterable[Path]) -> dict[str, TargetSpec]:
    """Return every target of the files by name; a later file's replaces an earlier one's of the same name.

    Raises UsageError with the file and the place in it.
    """
    return {spec.name: spec for file in files for spec in _load(file)}


def find(names: Iterable[str], files: Iterable[Path], *, full: bool = False) -> list[TargetSpec]:
    """Return the named targets; raises UsageError on an unknown one.

    When none is named: the default ones, or those that a ``full`` session has.
    """
    known = load_all(files)
    chosen = list(dict.fromkeys(names)) or [
        name for name, spec in known.items() if spec.default or (full and spec.full)
    ]
    for name in chosen:
        if name not in known:
            raise UsageError(f"no target is called {name!r}", mend=nearest(name, known))
    return [known[name] for name in chosen]


def _load(file: Path) -> list[TargetSpec]:
    return [build(file, name, table) for name, table in read_toml(file).items()]


def build(file: Path, name: str, table: Any) -> TargetSpec:
    """Return the target that a table of a file describes; raises UsageError naming the place in it."""
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"[{plain(name, 40)}] is no name for a target", where=str(file), mend="use a-z, 0-9 and -, at most 32"
        )
    checked = _validated(_Table, table, file, name)
    if checked.kind not in kinds():
        raise UsageError(f"{name}.kind: {plain(checked.kind, 40)!r} is no kind of target", where=str(file),
                         mend=nearest(checked.kind, kinds()))  # fmt: skip
    options = _validated(kinds()[checked.kind].options, checked.options, file, f"{name}.options")
    return TargetSpec(
        name, checked.kind, checked.title, checked.description, checked.isolates,
        # What an option does not change stays unsaid, so that a target without any hands its engine nothing.
        options.model_dump(exclude_defaults=True), checked.default, checked.full,
    )  # fmt: skip


def _validated(model: type[M], table: Any, file: Path, place: str) -> M:
    try:
        return model.model_validate(table)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join([place, *(str(part) for part in first["loc"])])
        said = plain(f"{where}: {first['msg']}")
        more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
        raise UsageError(f"{said}{more}", where=str(file), mend="see docs/targets.md") from None
