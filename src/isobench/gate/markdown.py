"""A check as Markdown, for a job's summary or a comment: verdict, then only what changed, then all, folded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from isobench.gate import words
from isobench.gate.finding import Check, Finding
from isobench.plain import plain

_HEAD = ("workload@target", "metric", "baseline", "session", "sessions, n", "ratio", "verdict", "why")
_ESCAPED = str.maketrans({c: f"\\{c}" for c in "\\`*_{}[]()#+!|~@:"} | {"<": "&lt;", ">": "&gt;", "&": "&amp;"})


def markdown(found: Check) -> str:
    """Return the check as GitHub-flavoured Markdown; foreign text in it is neither mark-up nor HTML."""
    return "\n".join(_lines(found)) + "\n"


def _lines(found: Check) -> Iterator[str]:
    yield f"### isobench: {found.headline}"
    yield ""
    yield f"{_safe(found.session)} against {len(found.baseline)} baseline sessions."
    changed = [one for one in found.findings if one.verdict not in ("no change", "inconclusive", "new")]
    if changed:
        yield from ("", *_table(changed))
    if subject := words.subject(found):
        yield from ("", "What changed since the latest baseline session:", "", *(f"- {_safe(s)}" for s in subject))
    if found.notes:
        yield from ("", *(f"- {_safe(note)}" for note in found.notes))
    if found.findings:
        yield from ("", "<details><summary>every series</summary>", "", *_table(found.findings), "", "</details>")


def _table(findings: Iterable[Finding]) -> Iterator[str]:
    yield _row(_HEAD)
    yield _row("---" for _ in _HEAD)
    for one in findings:
        cells = (words.cell(one), one.metric, words.before(one), words.after(one), words.count(one), words.ratio(one),
                 words.verdict(one), words.why(one))  # fmt: skip
        yield _row(map(_safe, cells))


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _safe(text: str) -> str:
    return plain(text).translate(_ESCAPED)
