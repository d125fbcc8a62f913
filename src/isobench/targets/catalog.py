"""Finding targets: every table of the given targets.toml files, checked."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from isobench.errors import UsageError
from isobench.model import TargetSpec
from isobench.names import nearest
from isobench.plain import plain
from isobench.toml_file import read_toml

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class NoOptions(_Table):
    """The options of a kind that has none."""


class DockerOptions(_Table):
    """The options of a ``docker``: how far its containers are confined. Without any, all is Docker's default."""

    capabilities: Literal["default", "declared"] = "default"
    no_new_privileges: bool = False
    read_only: bool = False
    pids_limit: int | None = Field(default=None, ge=16)


class VmOptions(_Table):
    """The options of a ``vm``."""

    machine: Literal["microvm", "q35"]


class _TargetTable(_Table):
    title: str
    description: str
    isolates: str
    default: bool = True


class NativeTable(_TargetTable):
    """A table of kind ``native``."""

    kind: Literal["native"]
    options: NoOptions = NoOptions()


class DockerTable(_TargetTable):
    """A table of kind ``docker``."""

    kind: Literal["docker"]
    options: DockerOptions = DockerOptions()


class VmTable(_TargetTable):
    """A table of kind ``vm``."""

    kind: Literal["vm"]
    options: VmOptions


_TABLE: TypeAdapter[NativeTable | DockerTable | VmTable] = TypeAdapter(
    Annotated[NativeTable | DockerTable | VmTable, Field(discriminator="kind")]
)


def load_all(files: Iterable[Path]) -> dict[str, TargetSpec]:
    """Return every target of the files by name; a later file's replaces an earlier one's of the same name.

    Raises UsageError with the file and the place in it.
    """
    return {spec.name: spec for file in files for spec in _load(file)}


def find(names: Iterable[str], files: Iterable[Path]) -> list[TargetSpec]:
    """Return the named targets (the default ones when none is named); raises UsageError on an unknown one."""
    known = load_all(files)
    chosen = list(dict.fromkeys(names)) or [name for name, spec in known.items() if spec.default]
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
    try:
        checked = _TABLE.validate_python(table)
    except ValidationError as error:
        first = error.errors()[0]
        # Pydantic puts the chosen kind before the field; the file has no such level.
        kinds = ("native", "docker", "vm")
        place = ".".join([name, *(str(part) for part in first["loc"] if part not in kinds)])
        more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
        said = plain(f"{place}: {first['msg']}")
        raise UsageError(f"{said}{more}", where=str(file), mend="see docs/targets.md") from None
    # What an option does not change stays unsaid, so that a target without any hands its engine nothing.
    options = checked.options.model_dump(exclude_defaults=True)
    return TargetSpec(
        name, checked.kind, checked.title, checked.description, checked.isolates, options, checked.default
    )
