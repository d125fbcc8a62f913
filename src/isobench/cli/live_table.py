"""A run followed in a terminal: its cells as a table, drawn anew after each sample and at no other time."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from rich import box
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table as RichTable
from rich.text import Text

from isobench.model import Sample
from isobench.plain import plain
from isobench.plan import Plan
from isobench.report.faces.cells import CellLine, Standing, sparkline, standing
from isobench.report.format import short
from isobench.store.reader import META

if TYPE_CHECKING:
    from isobench.runner.session import Finished

_AROUND = 6
"""Lines of the terminal that are not a cell's: an empty one, heading, rule, notes, and two below."""
_NAME = 26


class Table:
    """The table, cleared when the session ends: the summary follows.

    Without ``auto_refresh`` rich starts no thread, and a terminal that has been closed is no reason to end a
    measurement.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live = Live(
            console=console, auto_refresh=False, transient=True, redirect_stdout=False, vertical_overflow="crop"
        )
        self._emulated: frozenset[str] = frozenset()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(OSError):
            self._live.stop()

    def say(self, words: str) -> None:
        """Print a line above the table."""
        with suppress(OSError):
            self._console.print(Text(f"· {words}"), soft_wrap=True)

    def begun(self, folder: Path, plan: Plan, samples: Sequence[Sample]) -> None:
        """Show the table before the first sample."""
        self._emulated = emulated_in(folder)
        with suppress(OSError):
            self._live.start()
        self.progress(plan, samples, 0.0)

    def progress(self, plan: Plan, samples: Sequence[Sample], elapsed: float) -> None:
        """Draw the table anew."""
        found = standing(plan, samples, elapsed, self._emulated)
        with suppress(OSError):
            self._live.update(drawn(found, samples, self._console.height), refresh=True)

    def ended(self, finished: Finished, page: Path | None, code: int) -> None:
        """Say nothing: the summary does."""


def emulated_in(folder: Path) -> frozenset[str]:
    """Return the targets of the session in that folder that are emulated."""
    targets = json.loads((folder / META).read_text(encoding="utf-8")).get("targets", {})
    return frozenset(name for name, told in targets.items() if told.get("acceleration") == "tcg")


def drawn(found: Standing, samples: Sequence[Sample], height: int) -> Group:
    """Return the table with what stands below it, in no more than ``height`` lines."""
    table = RichTable(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for heading in ("cell", "", "figure", "95 % interval", "n", "left"):
        left = heading in ("cell", "")
        table.add_column(heading, justify="left" if left else "right", no_wrap=True, overflow="ellipsis")
    shown = _fitting(found, samples, max(height - _AROUND, 1))
    for line in shown:
        table.add_row(*_row(line), style="dim" if line.stopped else "")
    hidden = len(found.lines) - len(shown)
    notes = [f"and {hidden} more cells"] if hidden else []
    notes += ["* emulated (TCG): not a guide to KVM"] if any(line.emulated for line in shown) else []
    below = [Text("; ".join(notes), style="dim", no_wrap=True, overflow="ellipsis")] if notes else []
    return Group(table, *below, Text(plain(found.words()), no_wrap=True, overflow="ellipsis"))


def _row(line: CellLine) -> tuple[Text, ...]:
    figure = line.figure if line.metric in ("", "time_to_ready") else f"{line.metric} {line.figure}"
    count = Text(line.count)
    if line.failed:
        count.append(f" {line.failed} failed", style="red")
    name = Text(short(line.name, _NAME), style="bold" if not line.stopped else "")
    return name, Text(sparkline(line.values, 8)), Text(figure), Text(line.around), count, Text(line.rest)


def _fitting(found: Standing, samples: Sequence[Sample], room: int) -> list[CellLine]:
    """Return the lines that there is room for, in the plan's order: the cell that is on, then the last measured."""
    if len(found.lines) <= room:
        return list(found.lines)
    recent = dict.fromkeys([found.following, *(sample.cell for sample in reversed(samples))])
    order = [line for cell in recent for line in found.lines if line.cell == cell]
    kept = {line.cell for line in [*order, *(line for line in found.lines if line.cell not in recent)][:room]}
    return [line for line in found.lines if line.cell in kept]
