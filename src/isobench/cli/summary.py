"""The table at the end of a run: each cell's headline figures, with what lies around them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from isobench.report.tables import Figure, Overview

_WIDTH, _PIPE = 120, 100
_NOTE = 1000
_HEADINGS = ("workload", "target", "n", "ready", "memory", "disk", "throughput")


def print_summary(folder: Path, console: Console | None = None) -> None:
    """Print a session's medians: a row for each workload and target, or a few lines where a row is too wide."""
    from rich.console import Console
    from rich.text import Text

    from isobench.plain import plain
    from isobench.report import tables, trust
    from isobench.report.series import Data
    from isobench.sanity import check
    from isobench.store.reader import read_session

    data = Data(read_session(folder))
    if console is None:
        console = Console(highlight=False)
        # Nothing tells the width of a pipe or a file.
        console.width = min(console.width, _WIDTH) if console.is_terminal else _PIPE
    _print_rows(console, [_cells(row) for row in tables.overview(data)])
    notes = (trust.counted(data), tables.width_note(data), tables.few_note(data))
    for line in (plain(note, _NOTE) for note in notes):
        if line:
            console.print(Text(line))
    for finding in check(data.session):
        console.print(Text(plain(f"implausible: {finding.line()}", _NOTE)))
    console.print(Text("Medians; (95 % interval), below 6 samples [range]. Memory: host Pss at ready; disk: added."))
    if data.emulated:
        console.print(Text("* emulated (TCG): not a guide to KVM; never compare these times with a container's."))


def _cells(row: Overview) -> tuple[str, ...]:
    """Return what a row shows, in the order of the headings."""
    from isobench.plain import plain

    target = plain(row.target, _NOTE) + ("*" if row.emulated else "")
    return (
        plain(row.workload, _NOTE), target, f"{row.counted}{'†' if row.few else ''}", _with_around(row.ready),
        row.memory.text if row.memory else "–", row.disk.text if row.disk else "–", _with_around(row.rate),
    )  # fmt: skip


def _print_rows(console: Console, rows: Sequence[tuple[str, ...]]) -> None:
    """Print the rows as a table, intervals below their medians where it is too wide, else as lines: nothing is cut."""
    from rich.measure import Measurement
    from rich.text import Text

    for table in (_table(rows), _table([tuple(_folded(cell) for cell in row) for row in rows])):
        if Measurement.get(console, console.options.update(width=10_000), table).maximum <= console.width:
            console.print(table)
            return
    for workload, target, count, *figures in rows:
        console.print(Text(f"{workload} on {target}, n = {count}"))
        for heading, text in zip(_HEADINGS[3:], figures, strict=True):
            if text != "–":
                console.print(Text(f"  {heading:<11}{text}"))


def _table(rows: Sequence[tuple[str, ...]]) -> Table:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for heading in _HEADINGS:
        left = heading in ("workload", "target")
        table.add_column(heading, justify="left" if left else "right", no_wrap=True)
    for row in rows:
        table.add_row(*map(Text, row))
    return table


def _folded(cell: str) -> str:
    """Return a median with its interval on a line of its own."""
    return cell.replace(" [", "\n[").replace(" (", "\n(")


def _with_around(figure: Figure | None) -> str:
    """Return a median and its interval in round brackets, or its range in square ones."""
    if figure is None:
        return "–"
    number = figure.around.rpartition(" ")[0] if "–" in figure.around else figure.around
    same_unit = figure.around.split(" ")[1:] == figure.text.split(" ")[1:]
    inner = number if same_unit else figure.around
    opened, closed = "[]" if figure.kind == "range" else "()"
    return f"{figure.text} {opened}{inner}{closed}" if figure.n > 1 else figure.text
