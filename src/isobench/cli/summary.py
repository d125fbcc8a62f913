"""The table at the end of a run: each cell's headline figures, with what lies around them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from isobench.report.tables import Figure

_WIDTH = 100
_NOTE = 1000


def print_summary(folder: Path) -> None:
    """Print a session's medians, a row a workload and target, in at most 100 columns."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from isobench.plain import plain
    from isobench.report import tables, trust
    from isobench.report.format import short
    from isobench.report.series import Data
    from isobench.sanity import check
    from isobench.store.reader import read_session

    data = Data(read_session(folder))
    # Where nothing tells the width (a pipe, a file), the table gets what it needs.
    console = Console(highlight=False)
    console.width = min(console.width, _WIDTH) if console.is_terminal else _WIDTH
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for heading in ("workload", "target", "n", "ready", "memory", "disk", "throughput"):
        left = heading in ("workload", "target")
        table.add_column(heading, justify="left" if left else "right", no_wrap=True, overflow="ellipsis")
    for row in tables.overview(data):
        target = short(row.target, 16) + ("*" if row.emulated else "")
        figures = (_with_around(row.ready), row.memory.text if row.memory else "–", row.disk.text if row.disk else "–",
                   _with_around(row.rate))  # fmt: skip
        counted = f"{row.counted}{'†' if row.few else ''}"
        table.add_row(*(Text(text) for text in (short(row.workload, 14), target, counted, *figures)))
    console.print(table)
    notes = (trust.counted(data), tables.width_note(data), tables.few_note(data))
    for line in (plain(note, _NOTE) for note in notes):
        if line:
            console.print(Text(line))
    for finding in check(data.session):
        console.print(Text(plain(f"implausible: {finding.line()}", _NOTE)))
    console.print(Text("Medians; (95 % interval), below 6 samples [range]. Memory: host Pss at ready; disk: added."))
    if data.emulated:
        console.print(Text("* emulated (TCG): not a guide to KVM; never compare these times with a container's."))


def _with_around(figure: Figure | None) -> str:
    """Return a median and its interval in round brackets, or its range in square ones."""
    if figure is None:
        return "–"
    number = figure.around.rpartition(" ")[0] if "–" in figure.around else figure.around
    same_unit = figure.around.split(" ")[1:] == figure.text.split(" ")[1:]
    inner = number if same_unit else figure.around
    opened, closed = "[]" if figure.kind == "range" else "()"
    return f"{figure.text} {opened}{inner}{closed}" if figure.n > 1 else figure.text
