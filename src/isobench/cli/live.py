"""How a run is followed while it measures: a table in a terminal, lines elsewhere, events for programs.

Every face speaks when it is spoken to, in the caller's thread: between two samples, never inside one. None of them has
a thread or a timer of its own, so following a run costs nothing that is measured (docs/live.md).
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self

from isobench.model import Sample
from isobench.plan import Plan

if TYPE_CHECKING:
    from isobench.runner.session import Finished


class Face(Protocol):
    """One way to follow a session, opened for as long as it runs."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def say(self, words: str) -> None:
        """Tell what goes on before and around the samples."""

    def begun(self, folder: Path, plan: Plan, samples: Sequence[Sample]) -> None:
        """Tell that measuring begins; ``samples`` are those of a session that is gone on with."""

    def progress(self, plan: Plan, samples: Sequence[Sample], elapsed: float) -> None:
        """Tell of the last sample and how far the session is, ``elapsed`` seconds after its start."""

    def ended(self, finished: Finished, page: Path | None, code: int) -> None:
        """Tell, after the face was closed, where the session and its report are and with what code the run ends."""


def face_for(*, as_json: bool = False) -> Face:
    """Return the face that fits: events on standard output, else by what standard error is."""
    if as_json:
        from isobench.cli.live_events import Events

        return Events(sys.stdout)
    from rich.console import Console

    console = Console(stderr=True, highlight=False)
    if sys.stderr.isatty() and not console.is_dumb_terminal:
        from isobench.cli.live_table import Table

        return Table(console)
    from isobench.cli.live_lines import Lines

    return Lines()
