"""A comparison for people: what differs, the table, and what could not be compared, in that order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from rich.console import Console
from rich.table import Table
from rich.text import Text

from isobench.metrics import METRICS
from isobench.model import Cell
from isobench.model.sample import Fact
from isobench.parity import Line
from isobench.plain import plain
from isobench.report.format import counted, digits, human
from isobench.stats import FEWEST, Median, Ratio
from isobench.verdict.sessions import Row, SessionComparison

_WIDE = 500
_SIZES = ("memory", "disk", "host_memory", "last_level_cache")
_LOOK = {"regression": "bold red", "improvement": "green"}
_LONG, _MOST = 60, 4000


def show(found: SessionComparison, console: Console | None = None) -> None:
    """Print a comparison; a pipe gets lines as wide as the table needs."""
    to = console or Console()
    if not to.is_terminal:
        to.width = _WIDE
    for line in (*_sessions(found), *_changed(found), *_unknown(found)):
        _say(to, line)
    if any(row.judgement for row in found.rows):
        to.print(_table(found))
    for line in (*_not_judged(found), *_notes(found)):
        _say(to, line)


def _say(to: Console, line: str) -> None:
    # Names and facts come from files of others: nothing in them is mark-up or speaks to the terminal.
    to.print(Text(plain(line, _MOST)), soft_wrap=True)


def _sessions(found: SessionComparison) -> list[str]:
    lines = []
    for name, session in (("A", found.a), ("B", found.b)):
        state = session.meta.get("state", "complete")
        told = f"{name}  {session.id}, {session.meta.get('started_at', 'time unknown')}"
        lines.append(told if state == "complete" else f"{told}, {state}")
    return lines


def difference(line: Line) -> str:
    """Return one line of two records as ``field A → B``; of long texts only the words that differ."""
    field = line.field.partition(".")[0]
    a, b = _value(field, line.a), _value(field, line.b)
    if len(a) > _LONG or len(b) > _LONG:
        a, b = _apart(a.split(), b.split())
    return f"{line.field} {a} → {b}"


def _value(field: str, value: Fact) -> str:
    if value is None:
        return "unknown"
    if field in _SIZES and isinstance(value, int):
        return human(float(value), "B")
    text = str(value)
    return f"{text[:19]}…" if text.startswith("sha256:") else text


def _apart(a: list[str], b: list[str]) -> tuple[str, str]:
    start = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    rest = min(len(a), len(b)) - start
    end = next((i for i in range(rest) if a[-1 - i] != b[-1 - i]), rest)
    left, right = ("… " if start else ""), (" …" if end else "")
    return tuple(f"{left}{' '.join(words[start : len(words) - end]) or '(nothing)'}{right}" for words in (a, b))  # type: ignore[return-value]


def _grouped(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Return each text with the cells that it is said of."""
    found: dict[str, list[str]] = {}
    for text, cell in pairs:
        if cell not in found.setdefault(text, []):
            found[text].append(cell)
    return found


def _of(cells: list[str], among: int) -> str:
    return "all cells" if len(cells) == among > 1 else ", ".join(cells)


def _changed(found: SessionComparison) -> list[str]:
    said = _grouped((difference(line), str(c)) for c, parity in found.cells.items() for line in parity.subject)
    if not said:
        return ["nothing that both records tell of image, kernels, versions or settings differs"] if found.cells else []
    many = len(found.cells)
    return ["what changed from A to B:", *(f"  {text}  ({_of(cells, many)})" for text, cells in said.items())]


def _unknown(found: SessionComparison) -> list[str]:
    said = _grouped(
        (line.field, "A" if line.a is None else "B") for parity in found.cells.values() for line in parity.unknown
    )
    sides: dict[str, list[str]] = {}
    for name, where in said.items():
        sides.setdefault(" and ".join(where), []).append(name)
    return [f"not recorded in {side}, so not compared: {', '.join(names)}" for side, names in sides.items()]


def _table(found: SessionComparison) -> Table:
    table = Table()
    for heading in ("workload@target", "metric", "A", "B", "n", "B/A (95 % interval)", "verdict"):
        table.add_column(heading, justify="right" if heading in ("A", "B", "n") else "left", overflow="fold")
    last: Cell | None = None
    for row in found.rows:
        if row.judgement is None:
            continue
        judged = row.judgement
        table.add_row(
            Text("" if row.cell == last else plain(_name(row), 60)),
            Text(row.metric),
            _middle(judged.a, row.metric),
            _middle(judged.b, row.metric),
            f"{judged.a.n}, {judged.b.n}",
            _ratio(judged.ratio),
            Text(_verdict(row), "" if row.emulated or row.refused else _LOOK.get(row.verdict, "")),
        )
        last = row.cell
    return table


def _name(row: Row) -> str:
    return f"{row.cell} (emulated)" if row.emulated else str(row.cell)


def _middle(middle: Median, metric: str) -> str:
    return human(middle.value, METRICS[metric].unit, counted(metric))


def _ratio(ratio: Ratio | None) -> str:
    if ratio is None:
        return "–"
    if ratio.low is None or ratio.high is None:
        return _times(ratio.value)
    return f"{_times(ratio.value)} ({_times(ratio.low)}–{_times(ratio.high)})"


def _times(value: float) -> str:
    return f"{value:.3f}" if 0.1 <= abs(value) < 10 else digits(value)


def _verdict(row: Row) -> str:
    few = row.judgement is not None and min(row.judgement.a.n, row.judgement.b.n) < FEWEST
    told = f"{row.verdict} (n < {FEWEST})" if few else row.verdict
    return f"{told}, allowed" if row.judgement and row.refused else told


def _not_judged(found: SessionComparison) -> list[str]:
    """Return what was refused or allowed, naming the line of the record, and what only one session has."""
    fates: dict[str, list[Row]] = {"allowed though": [], "incomparable": [], "error": [], "missing": [], "new": []}
    for row in found.rows:
        fate = "allowed though" if row.judgement and row.refused else row.verdict
        if fate in fates:
            fates[fate].append(row)
    return [
        f"{fate}: {', '.join(names)}{': ' if text else ''}{text}"
        for fate, rows in fates.items()
        for text, names in _grouped((_why(row), _series(row, found)) for row in rows).items()
    ]


def _why(row: Row) -> str:
    return "; ".join(difference(line) for line in row.refused) or row.reason


def _series(row: Row, found: SessionComparison) -> str:
    """Return the cell's name, with the metric where not the whole cell shares its fate."""
    if any(not line.field.startswith("metrics.") for line in row.refused):
        return str(row.cell)
    fates = {(other.verdict, _why(other)) for other in found.rows if other.cell == row.cell}
    return str(row.cell) if len(fates) == 1 else f"{row.cell} {row.metric}"


def _notes(found: SessionComparison) -> list[str]:
    counted = Counter(row.verdict for row in found.rows)
    said = ", ".join(f"{count} {word}" for word, count in counted.most_common())
    notes = [f"series: {said or 'none in common and none measured'}"]
    if any(line.field == "acceleration" for row in found.rows for line in row.refused):
        notes.append("Emulation is never compared with virtualisation, --allow or not.")
    if any(row.judgement for row in found.rows):
        notes.append(
            "A verdict needs the whole interval beyond the metric's smallest relevant effect and its floor "
            "(`isobench explain METRIC`). The interval holds the spread within these two sessions, not that "
            "between sessions."
        )
    if any(row.emulated and row.judgement for row in found.rows):
        notes.append("(emulated): TCG, not a guide to KVM; rest no claim on it.")
    return notes
