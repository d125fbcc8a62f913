"""Reading a session back: every damage but a half-written last line is refused in one line."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from isobench.errors import UsageError
from isobench.model import Sample
from isobench.model.sample import FORMAT
from isobench.names import nearest
from isobench.plain import plain

if TYPE_CHECKING:
    from pydantic import TypeAdapter

META, SAMPLES = "session.json", "samples.jsonl"
LARGEST = 1 << 30
"""Bytes of one file; no session comes near."""


@dataclass(frozen=True, slots=True)
class SessionRecord:
    """A session as read: ``meta`` is session.json; ``dropped_tail`` says that a half-written last line was left out."""

    meta: dict[str, Any]
    samples: tuple[Sample, ...]
    folder: Path
    dropped_tail: bool = False

    @property
    def id(self) -> str:
        """The session's name."""
        return str(self.meta.get("id", self.folder.name))

    @property
    def aside(self) -> str:
        """Why it stands aside of the others, see ``aside``."""
        return aside(self.meta)


def aside(meta: dict[str, Any]) -> str:
    """Return what a session is that is none to be judged, kept or followed over time by itself; empty for all others.

    Such are those of variants (``isobench ab``) and those that measured a part of another once more.
    """
    if "ab" in meta:
        return "a session of `isobench ab`"
    if confirmed := meta.get("confirms"):
        return f"a second measurement of {plain(str(confirmed), 100)}"
    return ""


def read_session(path: str | Path) -> SessionRecord:
    """Return the session in that folder (or of that session.json); raises UsageError naming file and line."""
    folder = Path(path)
    folder = folder.parent if folder.name == META else folder
    if not folder.is_dir():
        raise UsageError("no such session folder", where=str(folder), mend="see `isobench list sessions`")
    meta = _read_meta(folder / META)
    samples, dropped = _read_samples(folder / SAMPLES)
    return SessionRecord(meta, samples, folder, dropped)


def find_session(name_or_path: str | Path | None, results: Path) -> Path:
    """Return a session's folder by path or by name, the latest when None; raises UsageError with the nearest name."""
    if name_or_path is not None:
        for folder in (Path(name_or_path), results / name_or_path):
            if folder.name == META and _is_file(folder):
                return folder.parent
            if _is_file(folder / META):
                return folder
    known = session_names(results)
    if name_or_path is not None:
        raise UsageError(f"no session is called {str(name_or_path)[:100]!r}", where=str(results),
                         mend=nearest(str(name_or_path), known))  # fmt: skip
    if not known:
        raise UsageError("there is no session yet", where=str(results), mend="make one with `isobench run`")
    return results / known[-1]


def find_own_session(name_or_path: str | Path | None, results: Path) -> tuple[Path, tuple[str, ...]]:
    """Return a session's folder as ``find_session``, but for None the latest that does not stand aside.

    With it come, in words, the later ones that were passed over for that.
    """
    if name_or_path is not None:
        return find_session(name_or_path, results), ()
    passed: list[str] = []
    for name in reversed(session_names(results)):
        if not (what := _aside(results / name)):
            return results / name, tuple(passed)
        passed.append(f"{name} is {what}")
    if passed:
        raise UsageError(f"there is no session of its own yet: {passed[0]}", where=str(results),
                         mend="make one with `isobench run`, or name one")  # fmt: skip
    return find_session(None, results), ()


def _aside(folder: Path) -> str:
    """Return why a session stands aside; nothing where it cannot be read: that is told by whoever reads it whole."""
    try:
        return aside(_read_meta(folder / META))
    except UsageError:
        return ""


def session_names(results: Path) -> list[str]:
    """Return the names of all sessions there, oldest first (their names begin with the time)."""
    return sorted(entry.parent.name for entry in results.glob(f"*/{META}")) if results.is_dir() else []


def _is_file(path: Path) -> bool:
    # pathlib's own raises where the name is too long to be one.
    return os.path.isfile(path)  # noqa: PTH113


def _bytes(path: Path) -> bytes:
    """Return a file's bytes; a pipe, a device and a file beyond all bounds are refused unread."""
    try:
        if path.exists() and not path.is_file():
            raise UsageError("is no file", where=str(path), mend="restore the file")
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
    except FileNotFoundError:
        raise UsageError("is missing: not a whole session", where=str(path),
                         mend="name another session (`isobench list sessions`)") from None  # fmt: skip
    except OSError as error:
        raise UsageError(f"cannot be read: {error.strerror}", where=str(path)) from None
    if len(data) > LARGEST:
        raise UsageError(f"has more than {LARGEST >> 20} MiB", where=str(path), mend="restore the file")
    return data


def _text(path: Path) -> str:
    try:
        return _bytes(path).decode("utf-8")
    except UnicodeDecodeError as error:
        raise UsageError(f"is not UTF-8 text (byte {error.start})", where=str(path), mend="restore the file") from None


def _read_meta(path: Path) -> dict[str, Any]:
    try:
        meta = _document(_text(path))
    except (ValueError, RecursionError) as error:
        line = getattr(error, "lineno", 1)
        raise UsageError("is not JSON", where=f"{path}:{line}", mend="restore the file") from None
    if not isinstance(meta, dict):
        raise UsageError("holds no JSON object", where=f"{path}:1", mend="restore the file")
    _check_format(meta.get("format"), f"{path}:1")
    return meta


def _check_format(found: object, where: str) -> None:
    if found != FORMAT:
        raise UsageError(f"has format {plain(repr(found), 40)}, this isobench reads {FORMAT}", where=where,
                         mend="read it with the isobench that wrote it")  # fmt: skip


def _read_samples(path: Path) -> tuple[tuple[Sample, ...], bool]:
    # A session interrupted before its first sample ended has no samples.jsonl: empty, not damaged.
    if not path.exists():
        return (), False
    text = _text_of_samples(path)
    whole, newline, tail = text.rpartition("\n")
    return tuple(_parsed(path, whole.split("\n") if newline else [])), bool(tail)


def _text_of_samples(path: Path) -> str:
    """Return the file's text, its half-written end cut where it does not even decode."""
    data = _bytes(path)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        if error.start > data.rfind(b"\n"):
            return data[: error.start].decode("utf-8") + "�"
        raise UsageError("is not UTF-8 text", where=f"{path}:{line}", mend="restore the file") from None


def _parsed(path: Path, lines: list[str]) -> Iterator[Sample]:
    for number, line in enumerate(lines, start=1):
        yield _sample(line, f"{path}:{number}")


@cache
def _adapter() -> TypeAdapter[Sample]:
    from pydantic import TypeAdapter

    return TypeAdapter(Sample)


def _sample(line: str, where: str) -> Sample:
    from pydantic import ValidationError

    try:
        raw = _document(line)
    except (ValueError, RecursionError):
        raise UsageError("is not a JSON line", where=where, mend="remove or restore that line") from None
    _check_format(raw.get("format") if isinstance(raw, dict) else None, where)
    try:
        return _adapter().validate_python(raw)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = ".".join(str(part) for part in first["loc"]) or "sample"
        raise UsageError(plain(f"{field}: {first['msg']}"), where=where, mend="remove or restore that line") from None


def _document(text: str) -> Any:
    """Return a JSON document; raises ValueError also on numbers that are not finite, or integers beyond 64 bits."""
    document = json.loads(text, parse_constant=_finite, parse_float=_finite, parse_int=_int64)
    if "\\ud" not in text.lower():
        return document
    # Half of a surrogate pair (an argument that was no UTF-8) could not be written anywhere again.
    return json.loads(json.dumps(document, ensure_ascii=False).encode("utf-8", "replace"))


def _finite(word: str) -> float:
    if not math.isfinite(value := float(word)):
        raise ValueError(f"{word} is not finite")
    return value


def _int64(word: str) -> int:
    if not -(1 << 63) <= (value := int(word)) < 1 << 63:
        raise ValueError(f"{word} has more than 64 bits")
    return value
