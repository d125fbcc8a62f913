"""Session B against session A as a page: verdicts first, then every ratio, then what differs between the two."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from isobench.metrics import METRICS
from isobench.parity import Comparison
from isobench.report.comparison.layout import named, write_page
from isobench.report.comparison.names import names_of
from isobench.report.comparison.ratios import panels, place
from isobench.report.format import counted, human, short, times
from isobench.report.meta import mapping
from isobench.stats import Median, Ratio
from isobench.store.reader import SessionRecord
from isobench.verdict.judge import Verdict
from isobench.verdict.sessions import HEADLINE, Row, SessionComparison, compare_sessions
from isobench.verdict.text import difference

ORDER: tuple[Verdict, ...] = (
    "regression", "improvement", "error", "missing", "incomparable", "inconclusive", "no change", "new",
)  # fmt: skip
"""Verdicts in the order of their weight."""
_MOST = 6
"""Changes that the opening tells; the table has them all."""


@dataclass(frozen=True, slots=True)
class Line:
    """A series of the table in words: both medians, the ratio with its interval, why the verdict is no other."""

    row: Row
    a: str
    b: str
    n: str
    ratio: str
    why: str

    @property
    def weighty(self) -> bool:
        """Whether it changed, or could not be compared: what is to be read."""
        return self.row.verdict not in ("inconclusive", "no change", "new")

    @property
    def target(self) -> str:
        """The target, with the study where it is one."""
        return named(self.row.cell)


@dataclass(frozen=True, slots=True)
class Page:
    """What the page and its Markdown say."""

    found: SessionComparison
    answer: list[str]
    lines: list[Line]
    more: list[Line]
    changed: dict[str, str]
    unknown: str


def write_comparison(a: SessionRecord, b: SessionRecord, out: Path) -> Path:
    """Write the page that compares session B with session A and return it.

    Raises UsageError on a session whose parity records cannot be read.
    """
    told = page_of(a, b)
    leading = [row for row in told.found.rows if row.metric in HEADLINE]
    names = names_of((row.cell, row.metric) for row in told.found.rows)
    return write_page(
        "comparison.html.j2",
        out,
        names,
        page=told,
        panels=panels(leading, names),
        metrics=METRICS,
        order=(*ORDER, "emulated"),
        counts=Counter("emulated" if row.emulated else row.verdict for row in leading),
        sessions=[("A", a), ("B", b)],
        facts=list(zip(_facts(a), _facts(b), strict=True)),
        has_emulated=any(row.emulated for row in told.found.rows),
    )


def page_of(a: SessionRecord, b: SessionRecord) -> Page:
    """Return what there is to say of B against A."""
    found = compare_sessions(a, b, every=True)
    ordered = sorted(found.rows, key=lambda row: (ORDER.index(row.verdict), *place(row)))
    return Page(
        found,
        answer=_answer(ordered),
        lines=[_line(row) for row in ordered if row.metric in HEADLINE],
        more=[_line(row) for row in ordered if row.metric not in HEADLINE],
        changed=_changed(found.cells.values()),
        unknown=", ".join(dict.fromkeys(line.field for one in found.cells.values() for line in one.unknown)),
    )


def _answer(rows: list[Row]) -> list[str]:
    """Return the opening: what changed of the headline figures, none of it emulated, and how much did not."""
    shown = [row for row in rows if row.metric in HEADLINE]
    if not shown:
        return ["Nothing to compare: no figure that A has was measured."]
    real = [row for row in shown if not row.emulated]
    sentences = []
    for verdict, word in (("regression", "worse"), ("improvement", "better")):
        changed = [row for row in real if row.verdict == verdict]
        if changed:
            groups = [list(group) for _, group in groupby(changed, key=lambda row: row.metric)]
            told = "; ".join(_told(group) for group in groups[:_MOST])
            more = f"; and {len(groups) - _MOST} more metrics" if len(groups) > _MOST else ""
            sentences.append(f"B is {word} in {len(changed)} of {len(real)} figures: {told}{more}.")
    if not sentences:
        same = sum(row.verdict == "no change" for row in real)
        sentences = [f"No regression and no improvement was found: {same} of {len(real)} figures did not change."]
    others = Counter(row.verdict for row in real)
    rest = ", ".join(f"{others[v]} {v}" for v in ORDER[2:] if others[v])
    return [*sentences, f"Of the others: {rest}."] if rest else sentences


def _told(rows: list[Row]) -> str:
    """Return the cell of one metric that changed most, and how many more did."""
    most = max(rows, key=lambda row: abs(math.log(ratio.value)) if (ratio := _ratio(row)) and ratio.value > 0 else 0)
    told = f"{most.metric} {times(ratio)}" if (ratio := _ratio(most)) else most.metric
    others = f" and {len(rows) - 1} more" if len(rows) > 1 else ""
    return f"{told} of {short(most.cell.workload, 40)} on {short(named(most.cell), 40)}{others}"


def _ratio(row: Row) -> Ratio | None:
    return row.judgement.ratio if row.judgement else None


def _line(row: Row) -> Line:
    judged = row.judgement
    why = "; ".join(difference(line) for line in row.refused) or row.reason
    if judged is None:
        return Line(row, "–", "–", "–", "–", why)
    return Line(
        row, _middle(judged.a, row.metric), _middle(judged.b, row.metric), f"{judged.a.n}, {judged.b.n}",
        times(judged.ratio) if judged.ratio else "–", why,
    )  # fmt: skip


def _middle(middle: Median, metric: str) -> str:
    return human(middle.value, METRICS[metric].unit, counted(metric))


def _changed(cells: Iterable[Comparison]) -> dict[str, str]:
    """Return each difference that may be the subject of the change, with the number of cells that have it."""
    every = list(cells)
    found = Counter(difference(line) for one in every for line in one.subject)
    return {text: "all cells" if n == len(every) else f"{n} of {len(every)} cells" for text, n in found.items()}


def _facts(session: SessionRecord) -> list[tuple[str, str]]:
    environment = mapping(session.meta, "environment")
    facts = {
        "started": str(session.meta.get("started_at", "–")).replace("T", " ").replace("+00:00", " UTC"),
        "state": str(session.meta.get("state", "unknown")),
        "samples": str(len(session.samples)),
        "CPU": str(environment.get("cpu_model", "–")),
        "kernel": str(environment.get("kernel", "–")),
    }
    return list(facts.items())
