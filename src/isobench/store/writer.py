"""Writing a session: session.json replaced atomically, samples.jsonl appended and synced a line at a time."""

from __future__ import annotations

import json
import os
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from isobench.errors import HarnessError, UsageError
from isobench.host.paths import give_to_caller
from isobench.model import Sample
from isobench.store.held import hold
from isobench.store.reader import META, SAMPLES


def refuse_unwritable(results: Path) -> None:
    """Raise UsageError where no session could be kept: before anything is built for it."""
    there = results
    while not there.exists():
        there = there.parent
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        raise UsageError("cannot be written to", where=str(there), mend="name a writable folder with --results")


class SessionWriter:
    """One session's folder. A sample that ``append`` has returned from survives a power cut.

    As long as session.json says ``running`` the folder is held.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.id = folder.name
        self._let_go: Callable[[], object] | None = None

    @classmethod
    def create(cls, results: Path, seed: int) -> SessionWriter:
        """Make the folder of a new session."""
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
        writer = cls(results / f"{stamp}-{seed & 0xFFFF:04x}")
        with writer._told():
            results.mkdir(parents=True, exist_ok=True)
            writer.folder.mkdir()
        give_to_caller(results, writer.folder)
        return writer

    @classmethod
    def reopen(cls, folder: Path) -> SessionWriter:
        """Go on with a session; a last line that was being written when its run died is cut off."""
        writer = cls(folder)
        samples = folder / SAMPLES
        with writer._told():
            if samples.exists():
                with samples.open("rb+") as file:
                    file.truncate(file.read().rfind(b"\n") + 1)
                    os.fsync(file.fileno())
            writer._hold()
        return writer

    def write_meta(self, meta: dict[str, Any]) -> None:
        """Replace session.json."""
        fresh, runs = self.folder / f".{META}", meta.get("state") == "running"
        with self._told():
            if runs:
                self._hold()
            try:
                with fresh.open("w", encoding="utf-8") as file:
                    json.dump(meta, file, indent=1)
                    file.write("\n")
                    file.flush()
                    os.fsync(file.fileno())
                fresh.rename(self.folder / META)
            finally:
                fresh.unlink(missing_ok=True)
        give_to_caller(self.folder)
        if self._let_go and not runs:
            self._let_go()
            self._let_go = None

    def append(self, sample: Sample) -> None:
        """Write one complete sample as a line and sync it to disk; a line that does not fit is not begun."""
        line = json.dumps(asdict(sample), allow_nan=False, separators=(",", ":")) + "\n"
        samples = self.folder / SAMPLES
        with self._told():
            samples.touch()
            whole = samples.stat().st_size
            try:
                with samples.open("ab") as file:
                    file.write(line.encode())
                    file.flush()
                    os.fsync(file.fileno())
            except OSError:
                os.truncate(samples, whole)
                raise

    def _hold(self) -> None:
        if self._let_go is None:
            self._let_go = weakref.finalize(self, os.close, hold(self.folder))

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Turn a failed write into one line that names the folder."""
        try:
            yield
        except OSError as error:
            raise HarnessError(
                f"cannot be written: {error.strerror}", where=str(self.folder),
                mend="free space there, or name another folder with --results; what was written before is kept",
            ) from error  # fmt: skip
