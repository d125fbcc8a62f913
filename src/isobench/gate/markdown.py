"""A check as Markdown, for a job's summary or a comment: verdict, then only what changed, then all, folded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from isobench.gate import words
from isobench.gate.finding import Check, Finding
from isobench.plain import plain

_HEAD = ("workload@target", "metric", "baseline", "session", "sessions, n", "ratio", "verdict", "why")
_ESCAPED = str.maketrans({c: f"\\{c}" for c in "\\`*_{}[]()#+!|~@:"} | {"<": "&lt;", ">": "&gt;", "&": "&amp;"})


def markdown(found: Check, *, headline: str = "", against: str = "") -> str:
    """Return the check as GitHub-flavoured Markdown; foreign text in it is neither mark-up nor HTML.

    ``headline`` and ``against``, a sentence, are the check's own unless told otherwise.
    """
    against = against or f"{found.session} against {len(found.baseline)} baseline sessions."
    return "\n".join(_lines(found, headline or found.headline, against)) + "\n"


def _lines(found: Check, headline: str, against: str) -> Iterator[str]:
    yield f"### isobench: {headline}"
    yield ""
    yield _safe(against)
    changed = [one for one in found.findings if one.verdict not in ("no change", "inconclusive", "new")]
    if changed:
        yield from ("", *_table(changed))
    if subject := words.subject(found):
        yield from ("", "What differs:", "", *(f"- {_safe(s)}" for s in subject))
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
