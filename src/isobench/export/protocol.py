"""The protocol behind which every format stands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from isobench.store.reader import SessionRecord

Document = bytes | Mapping[str, bytes | None]
"""What a format makes of a session: one file's bytes, or the files of a folder by their names.

None stands for a file that has nothing to hold: one of that name from an earlier session would pass for this one's.
"""


class Exporter(Protocol):
    """A format. It reads a session and writes nowhere."""

    def __call__(self, session: SessionRecord, /) -> Document:
        """Return the session in this format; raises UsageError where the format cannot hold it."""
        ...
