"""A comparison for people: the verdict first, then headlines and what changed, then what is known of the footing."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from isobench.ab.comparison import ENDED, Comparison
from isobench.gate import words
from isobench.gate.finding import Finding
from isobench.plain import plain
from isobench.verdict import Verdict

_WIDE, _MOST, _NAMED = 500, 4000, 5
_LOOK = {"regression": "bold red", "improvement": "green"}
_TOLD_APART: tuple[Verdict, ...] = ("missing", "error", "incomparable", "inconclusive", "new")


def show(found: Comparison, console: Console | None = None) -> None:
    """Print a comparison; a pipe gets lines as wide as the table needs."""
    to = console or Console(highlight=False)
    if not to.is_terminal:
        to.width = _WIDE
    reference, *others = found.variants
    for line in (
        f"{', '.join(others)} against {reference}: {found.headline}",
        f"{found.blocks} blocks in {found.seconds:.0f} s; {found.broken or ENDED[found.ended]}",
    ):
        _say(to, line)
    changed = found.check.of("regression", "improvement")
    if shown := [*changed, *(one for one in found.of_headlines() if one.answer and one not in changed)]:
        to.print(_table(sorted(shown, key=lambda one: one.verdict != "regression")))
    for line in _lines(found):
        _say(to, line)


def _say(to: Console, line: str) -> None:
    to.print(Text(plain(line, _MOST)), soft_wrap=True)


def _table(shown: list[Finding]) -> Table:
    table = Table()
    for heading in ("workload@variant", "metric", "reference", "variant", "pairs", "ratio", "verdict", "why"):
        table.add_column(heading, justify="right" if heading in ("reference", "variant", "pairs") else "left",
                         overflow="fold")  # fmt: skip
    for one in shown:
        cells = (plain(words.cell(one), 160), one.metric, words.before(one), words.after(one),
                 str(one.answer.n) if one.answer else "", words.ratio(one))  # fmt: skip
        look = "" if one.emulated else _LOOK.get(one.verdict, "")
        table.add_row(*map(Text, cells), Text(words.verdict(one), look), Text(plain(words.why(one))))
    return table


def _lines(found: Comparison) -> list[str]:
    said: dict[tuple[str, str, str], list[str]] = {}
    for one in found.check.of(*_TOLD_APART):
        said.setdefault((words.verdict(one), words.cell(one), words.why(one)), []).append(one.metric)
    subject = words.subject(found.check)
    return [
        *(f"{variant} could not run: {reason}" for variant, reason in found.unavailable.items()),
        *(f"{cell} was given up: {why}" for cell, why in found.given_up.items()),
        *(f"{verdict}: {cell} {_names(of)}{': ' if why else ''}{why}" for (verdict, cell, why), of in said.items()),
        *(["what differs from the reference:", *(f"  {line}" for line in subject)] if subject else []),
        *found.check.notes,
    ]


def _names(metrics: list[str]) -> str:
    """Return few by name, many by number."""
    return ", ".join(metrics) if len(metrics) <= _NAMED else f"({len(metrics)} metrics)"
