"""A variant: ``TARGET[,key=value…][@GITREF]``, a target with some options changed, a workload as of a commit."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from isobench.errors import UsageError
from isobench.model import TargetSpec
from isobench.model.target import Option
from isobench.plain import plain
from isobench.targets.catalog import build, find

_MEND = "write TARGET[,key=value…][@GITREF], for example docker,read_only=true@main"
_LONGEST = 100


@dataclass(frozen=True, slots=True)
class Variant:
    """One side. ``spec`` bears the variant's label as its name, ``target`` is the name of the target it came from;
    ``ref`` is the commit whose workloads it runs, None for the files as they are."""

    spec: TargetSpec
    target: str
    ref: str | None = None

    @property
    def label(self) -> str:
        """What the session and every table call it."""
        return self.spec.name


def parse(texts: Sequence[str], files: Iterable[Path]) -> tuple[Variant, ...]:
    """Return the variants that the texts name; the same text once more is told apart by ``#2``.

    Raises UsageError on fewer than two, and on a target, an option or a value that there is not.
    """
    if len(texts) < 2:
        raise UsageError("a comparison needs two variants or more", mend=_MEND)
    known = tuple(files)
    return tuple(
        _variant(text, f"{text}#{before + 1}" if (before := texts[:at].count(text)) else text, known)
        for at, text in enumerate(texts)
    )


def _variant(text: str, label: str, files: tuple[Path, ...]) -> Variant:
    before, at, ref = text.partition("@")
    name, *options = before.split(",")
    if not name or (at and not ref) or ref.startswith("-") or len(text) > _LONGEST or plain(text) != text:
        raise UsageError(f"{plain(text, _LONGEST)!r} is no variant", mend=_MEND)
    spec = find([name], files)[0]
    if options:
        spec = _changed(spec, text, dict(_option(text, option) for option in options))
    return Variant(replace(spec, name=label), name, ref or None)


def _option(text: str, option: str) -> tuple[str, Option]:
    key, equals, value = option.partition("=")
    if not key or not equals or not value:
        raise UsageError(f"{plain(option)!r} is no key=value", where=text, mend=_MEND)
    return key, _value(value)


def _value(text: str) -> Option:
    """Return a value as TOML reads it (true, 512); a word that is no TOML is text."""
    try:
        found = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
    return found if isinstance(found, str | int | float | bool) else text


def _changed(spec: TargetSpec, text: str, options: dict[str, Option]) -> TargetSpec:
    table = {
        "kind": spec.kind, "title": spec.title, "description": spec.description, "isolates": spec.isolates,
        "options": {**spec.options, **options}, "default": spec.default,
    }  # fmt: skip
    return build(Path(text), spec.name, table)
