"""A variant: ``TARGET[,key=value…][@GITREF]``: a target with options changed, another image, files as of a commit."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from isobench.errors import UsageError
from isobench.model import TargetSpec
from isobench.model.target import Option
from isobench.plain import plain
from isobench.targets.catalog import build, find

IMAGE = "image"
"""The key that is no option of a target's kind: another image for the workload."""

_MEND = "write TARGET[,key=value…][@GITREF], for example docker,read_only=true@main"
_LONGEST = 200
_AT = re.compile(r"@(?!sha256:)")
"""Before a commit; an image's digest is none."""


@dataclass(frozen=True, slots=True)
class Variant:
    """One side. ``spec`` bears the variant's label as its name, ``target`` is the name of the target it came from;
    ``ref`` is the commit whose files it runs, None for the files as they are; ``image`` what its workload runs in
    instead of its own image."""

    spec: TargetSpec
    target: str
    ref: str | None = None
    image: str | None = None

    @property
    def label(self) -> str:
        """What the session and every table call it."""
        return self.spec.name

    @property
    def source(self) -> str:
        """What sets its workloads apart from the files as they are: ``,image=…``, ``@ref``, both, or nothing."""
        return (f",{IMAGE}={self.image}" if self.image else "") + (f"@{self.ref}" if self.ref else "")

    @property
    def subject(self) -> Hashable:
        """What it is, whatever it is called."""
        return self.spec.kind, frozenset(self.spec.options.items()), self.source


def parse(texts: Sequence[str], files: Iterable[Path]) -> tuple[Variant, ...]:
    """Return the variants that the texts name; the same text once more (A/A) is told apart by ``#2``.

    Raises UsageError on fewer than two, on a target, an option or a value that there is not, and on two texts for one
    and the same thing.
    """
    if len(texts) < 2:
        raise UsageError("a comparison needs two variants or more", mend=_MEND)
    known = tuple(files)
    found = tuple(
        _variant(text, f"{text}#{before + 1}" if (before := texts[:at].count(text)) else text, known)
        for at, text in enumerate(texts)
    )
    _refuse_disguised(texts, found)
    return found


def _refuse_disguised(texts: Sequence[str], variants: Sequence[Variant]) -> None:
    first: dict[Hashable, str] = {}
    for text, one in zip(texts, variants, strict=True):
        if (before := first.setdefault(one.subject, text)) != text:
            raise UsageError(f"is the same as {plain(before)}", where=plain(text),
                             mend=f"write {plain(before)} twice to compare it with itself")  # fmt: skip


def _variant(text: str, label: str, files: tuple[Path, ...]) -> Variant:
    before, *refs = _AT.split(text, maxsplit=1)
    name, *words = before.split(",")
    if not name or any(not ref or ref.startswith("-") for ref in refs) or len(text) > _LONGEST or plain(text) != text:
        raise UsageError(f"{plain(text, _LONGEST)!r} is no variant", mend=_MEND)
    spec = find([name], files)[0]
    options = _options(text, words)
    image = options.pop(IMAGE, None)
    if options:
        spec = _changed(spec, text, {key: _value(value) for key, value in options.items()})
    return Variant(replace(spec, name=label), name, refs[0] if refs else None, image)


def _options(text: str, words: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for word in words:
        key, _, value = word.partition("=")
        if not key or not value:
            raise UsageError(f"{plain(word)!r} is no key=value", where=text, mend=_MEND)
        if key in found:
            raise UsageError(f"gives {plain(key)} twice", where=text, mend="leave one of them out")
        found[key] = value
    return found


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
