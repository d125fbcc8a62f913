"""The report as Markdown: the answer, what it rests on, the overview, what does not count, the claims.

Names and messages come from files of others: nothing in them becomes mark-up, HTML or a link.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from isobench.claims import judged
from isobench.plain import plain
from isobench.report import tables, trust
from isobench.report.best import Best, bests
from isobench.report.format import short
from isobench.report.headline import emulated_note, headline, scope
from isobench.report.series import Data
from isobench.sanity import check
from isobench.store.reader import SessionRecord

_ESCAPED = str.maketrans({c: f"\\{c}" for c in "\\`*_[]#!|~@"} | {"<": "&lt;", ">": "&gt;", "&": "&amp;"})
_HEAD = ("workload", "target", "samples", "time to ready", "× docker", "× native", "host memory", "disk added",
         "throughput")  # fmt: skip
_BEST = ("need", "best", "its figure", "the next", "without isolation", "how sure")
_NOTE = "Medians; in brackets the 95 % interval, below 6 samples [the range]. Host memory: Pss at ready + 1 s."
_LONG = 600


def markdown(session: SessionRecord) -> str:
    """Return the session's report as GitHub-flavoured Markdown."""
    return "\n".join(_lines(Data(session))) + "\n"


def safe(text: str, most: int = _LONG) -> str:
    """Return foreign text as Markdown that shows it and nothing else, on one line, cut to ``most`` characters."""
    # GitHub makes links of bare addresses.
    return plain(short(text, most), most).translate(_ESCAPED).replace("://", ":\\//").replace("www.", "www\\.")


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Yield the lines of a table; cells are taken as they are."""
    yield f"| {' | '.join(head)} |"
    yield f"|{' --- |' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"


def _lines(data: Data) -> Iterator[str]:
    yield f"# isobench: {safe(data.session.id, 80)}"
    for sentence in (*headline(data), scope(data), emulated_note(data)):
        if sentence:
            yield from ("", safe(sentence))
    if lines := bests(data):
        yield from ("", "## Which target for what", "")
        yield from table(_BEST, ([safe(text) for text in _best(line)] for line in lines))
    yield from ("", "## Overview", "")
    yield from table(_HEAD, (_row(row) for row in tables.overview(data)))
    yield from ("", _NOTE)
    yield from ("", "## What does not count", "", *(f"- {safe(note)}" for note in _left_out(data)))
    yield from ("", "## What is commonly claimed", "")
    yield from table(
        ("claim", "answer", "evidence"),
        ((safe(one.claim.said), one.answer, safe(one.evidence)) for one in judged(data.session)),
    )


def _best(line: Best) -> tuple[str, ...]:
    need = f"{line.need} ({line.workload}, {line.among})" if line.workload else f"{line.need} ({line.among})"
    return need, line.targets, line.figure, line.behind, line.alone, line.sure


def _row(row: tables.Overview) -> tuple[str, ...]:
    target = safe(row.target, 40) + (" (emulated)" if row.emulated else "")
    rate = f"{_figure(row.rate)} `{row.rate_name}`" if row.rate else "–"
    return (
        safe(row.workload, 40), target, str(row.counted), _figure(row.ready), _ratio(row.docker), _ratio(row.native),
        _figure(row.memory), _figure(row.disk), rate,
    )  # fmt: skip


def _figure(figure: tables.Figure | None) -> str:
    if figure is None:
        return "–"
    if figure.n == 1:
        return figure.text
    return f"{figure.text} [{figure.around}]" if figure.kind == "range" else f"{figure.text} ({figure.around})"


def _ratio(pair: tables.Pair) -> str:
    return f"{pair[0]} ({pair[1]})" if pair[1] else pair[0]


def _left_out(data: Data) -> Iterator[str]:
    yield trust.counted(data)
    yield from trust.remarks(data)
    yield from filter(None, (tables.width_note(data), tables.few_note(data)))
    yield from (f"Implausible: {finding.line()}" for finding in check(data.session))
