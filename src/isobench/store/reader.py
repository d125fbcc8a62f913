"""Reading a session back: every damage but a half-written last line is refused in one line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from isobench.errors import UsageError
from isobench.model import Sample
from isobench.model.sample import FORMAT
from isobench.names import nearest

if TYPE_CHECKING:
    from pydantic import TypeAdapter

META, SAMPLES = "session.json", "samples.jsonl"


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
            if folder.name == META and folder.is_file():
                return folder.parent
            if (folder / META).is_file():
                return folder
    known = session_names(results)
    if name_or_path is not None:
        raise UsageError(f"no session is called {str(name_or_path)!r}", where=str(results),
                         mend=nearest(str(name_or_path), known))  # fmt: skip
    if not known:
        raise UsageError("there is no session yet", where=str(results), mend="make one with `isobench run`")
    return results / known[-1]


def session_names(results: Path) -> list[str]:
    """Return the names of all sessions there, oldest first (their names begin with the time)."""
    return sorted(entry.parent.name for entry in results.glob(f"*/{META}")) if results.is_dir() else []


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        raise UsageError("is missing: not a whole session", where=str(path),
                         mend="name another session (`isobench list sessions`)") from None  # fmt: skip
    except OSError as error:
        raise UsageError(f"cannot be read: {error.strerror}", where=str(path)) from None
    except UnicodeDecodeError as error:
        raise UsageError(f"is not UTF-8 text (byte {error.start})", where=str(path), mend="restore the file") from None


def _read_meta(path: Path) -> dict[str, Any]:
    try:
        meta = json.loads(_text(path))
    except ValueError as error:
        line = getattr(error, "lineno", 1)
        raise UsageError("is not JSON", where=f"{path}:{line}", mend="restore the file") from None
    if not isinstance(meta, dict):
        raise UsageError("holds no JSON object", where=f"{path}:1", mend="restore the file")
    _check_format(meta.get("format"), f"{path}:1")
    return meta


def _check_format(found: object, where: str) -> None:
    if found != FORMAT:
        raise UsageError(f"has format {found!r}, this isobench reads {FORMAT}", where=where,
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
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(f"cannot be read: {error.strerror}", where=str(path)) from None
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        if error.start > data.rfind(b"\n"):
            return data[: error.start].decode("utf-8") + "�"
        raise UsageError("is not UTF-8 text", where=f"{path}:{line}", mend="restore the file") from None


def _parsed(path: Path, lines: list[str]) -> Iterator[Sample]:
    from pydantic import TypeAdapter

    adapter: TypeAdapter[Sample] = TypeAdapter(Sample)
    for number, line in enumerate(lines, start=1):
        yield _sample(adapter, line, f"{path}:{number}")


def _sample(adapter: TypeAdapter[Sample], line: str, where: str) -> Sample:
    from pydantic import ValidationError

    try:
        raw = json.loads(line, parse_constant=_no_constant)
    except ValueError:
        raise UsageError("is not a JSON line", where=where, mend="remove or restore that line") from None
    _check_format(raw.get("format") if isinstance(raw, dict) else None, where)
    try:
        return adapter.validate_python(raw)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = ".".join(str(part) for part in first["loc"]) or "sample"
        raise UsageError(f"{field}: {first['msg']}", where=where, mend="remove or restore that line") from None


def _no_constant(word: str) -> object:
    raise ValueError(f"{word} is not JSON")
