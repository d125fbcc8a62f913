"""Writing a session: session.json replaced atomically, samples.jsonl appended and synced a line at a time."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from isobench.errors import HarnessError
from isobench.host.paths import give_to_caller
from isobench.model import Sample


class SessionWriter:
    """One session's folder. A sample that ``append`` has returned from survives a power cut."""

    def __init__(self, results: Path, seed: int) -> None:
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
        self.id = f"{stamp}-{seed & 0xFFFF:04x}"
        self.folder = results / self.id
        try:
            results.mkdir(parents=True, exist_ok=True)
            self.folder.mkdir()
        except OSError as error:
            raise HarnessError(
                f"cannot make the session's folder: {error.strerror}", where=str(self.folder),
                mend="name a writable folder with --results",
            ) from error  # fmt: skip
        give_to_caller(results, self.folder)

    def write_meta(self, meta: dict[str, Any]) -> None:
        """Replace session.json."""
        fresh = self.folder / ".session.json"
        with self._told():
            with fresh.open("w", encoding="utf-8") as file:
                json.dump(meta, file, indent=1)
                file.write("\n")
                file.flush()
                os.fsync(file.fileno())
            fresh.rename(self.folder / "session.json")
        give_to_caller(self.folder)

    def append(self, sample: Sample) -> None:
        """Write one complete sample as a line and sync it to disk."""
        line = json.dumps(asdict(sample), allow_nan=False, separators=(",", ":")) + "\n"
        with self._told():
            with (self.folder / "samples.jsonl").open("a", encoding="utf-8") as file:
                file.write(line)
                file.flush()
                os.fsync(file.fileno())

    def _told(self) -> _Told:
        return _Told(self.folder)


class _Told:
    """Turns a failed write into one line that names the folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, OSError):
            raise HarnessError(
                f"cannot be written: {error.strerror}", where=str(self._folder),
                mend="free space there; what was written before is kept",
            ) from error  # fmt: skip
