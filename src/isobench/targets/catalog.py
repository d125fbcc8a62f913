"""Finding targets: every table of the given targets.toml files, checked."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from isobench.errors import UsageError
from isobench.model import TargetSpec
from isobench.names import nearest

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class NoOptions(_Table):
    """The options of a kind that has none."""


class VmOptions(_Table):
    """The options of a ``vm``."""

    machine: Literal["microvm", "q35"]


class _TargetTable(_Table):
    title: str
    description: str
    isolates: str


class NativeTable(_TargetTable):
    """A table of kind ``native``."""

    kind: Literal["native"]
    options: NoOptions = NoOptions()


class DockerTable(_TargetTable):
    """A table of kind ``docker``."""

    kind: Literal["docker"]
    options: NoOptions = NoOptions()


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
    """Return the named targets (all when none is named); raises UsageError on an unknown one."""
    known = load_all(files)
    chosen = list(dict.fromkeys(names)) or list(known)
    for name in chosen:
        if name not in known:
            raise UsageError(f"no target is called {name!r}", mend=nearest(name, known))
    return [known[name] for name in chosen]


def _load(file: Path) -> list[TargetSpec]:
    try:
        tables = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"cannot be read: {error.strerror}", where=str(file)) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"is no TOML: {error}", where=str(file), mend="mend that line") from error
    return [_build(file, name, table) for name, table in tables.items()]


def _build(file: Path, name: str, table: Any) -> TargetSpec:
    if not _NAME.fullmatch(name):
        raise UsageError(f"[{name}] is no name for a target", where=str(file), mend="use a-z, 0-9 and -, at most 32")
    try:
        checked = _TABLE.validate_python(table)
    except ValidationError as error:
        first = error.errors()[0]
        # Pydantic puts the chosen kind before the field; the file has no such level.
        kinds = ("native", "docker", "vm")
        place = ".".join([name, *(str(part) for part in first["loc"] if part not in kinds)])
        more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
        raise UsageError(f"{place}: {first['msg']}{more}", where=str(file), mend="see docs/targets.md") from None
    return TargetSpec(
        name, checked.kind, checked.title, checked.description, checked.isolates, checked.options.model_dump()
    )
