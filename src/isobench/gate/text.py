"""A check for people: the verdict first, then what fails or changed, then what is known of the footing."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from isobench.gate import words
from isobench.gate.finding import Check, Finding
from isobench.plain import plain

_WIDE, _MOST, _NAMED = 500, 4000, 3
_LOOK = {"regression": "bold red", "improvement": "green"}


def show(found: Check, console: Console | None = None) -> None:
    """Print a check; a pipe gets lines as wide as the table needs."""
    to = console or Console(highlight=False)
    if not to.is_terminal:
        to.width = _WIDE
    _say(to, f"{found.session} against {len(found.baseline)} baseline sessions: {found.headline}")
    changed = found.of("regression", "improvement")
    if changed:
        to.print(_table(changed))
    for line in (*_others(found), *_subject(found), *found.notes):
        _say(to, line)


def _say(to: Console, line: str) -> None:
    to.print(Text(plain(line, _MOST)), soft_wrap=True)


def _table(changed: list[Finding]) -> Table:
    table = Table()
    for heading in ("workload@target", "metric", "baseline", "session", "sessions, n", "ratio", "verdict", "why"):
        table.add_column(heading, justify="right" if heading in ("baseline", "session") else "left", overflow="fold")
    for one in sorted(changed, key=lambda one: one.verdict != "regression"):
        look = "" if one.emulated or one.accepted else _LOOK.get(one.verdict, "")
        cells = (plain(words.cell(one), 60), one.metric, words.before(one), words.after(one), words.count(one),
                 words.ratio(one))  # fmt: skip
        table.add_row(*map(Text, cells), Text(words.verdict(one), look), Text(plain(words.why(one))))
    return table


def _others(found: Check) -> list[str]:
    """Return what could not be judged, a line for each verdict and reason."""
    said: dict[tuple[str, str], list[Finding]] = {}
    for one in found.of("missing", "error", "incomparable", "inconclusive", "new"):
        said.setdefault((words.verdict(one), words.why(one)), []).append(one)
    return [f"{verdict}: {_names(of)}{': ' if why else ''}{why}" for (verdict, why), of in said.items()]


def _names(of: list[Finding]) -> str:
    """Return the series by cell: few are named, many counted."""
    cells: dict[str, list[str]] = {}
    for one in of:
        cells.setdefault(words.cell(one), []).append(one.metric)
    return ", ".join(
        f"{cell} {'/'.join(metrics)}" if len(metrics) <= _NAMED else f"{cell} ({len(metrics)} metrics)"
        for cell, metrics in cells.items()
    )


def _subject(found: Check) -> list[str]:
    said = words.subject(found)
    return ["what changed since the latest baseline session:", *(f"  {line}" for line in said)] if said else []
