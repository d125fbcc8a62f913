"""One session against another: every series matched, its footing checked, then judged."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from isobench.metrics import METRICS
from isobench.model import Cell
from isobench.parity import Comparison, Line, compare, of_session
from isobench.parity.fields import ParityRecord
from isobench.store.reader import SessionRecord
from isobench.verdict.judge import Judgement, Verdict, judge

HEADLINE = (
    "time_to_ready", "time_to_service", "host_pss_ready", "instance_disk_done", "stored_bytes", "cpu_events",
    "cpu_events_all", "mem_triad", "seq_read", "seq_write", "rand_read_iops", "rand_write_iops",
    "requests_per_second", "request_latency_p50", "compress_rate", "mem_latency", "syscall_latency",
    "net_throughput_in", "net_throughput_out", "net_rr_latency_p50", "transactions_per_second",
)  # fmt: skip
"""The figures shown where nobody asks for all."""

Values = dict[str, list[float]]


@dataclass(frozen=True, slots=True)
class Row:
    """One series' verdict. ``refused`` are the lines of the records that forbid the comparison (or that ``--allow``
    passed over: then there is a judgement as well); ``emulated`` marks a figure on which no claim may rest."""

    cell: Cell
    metric: str
    verdict: Verdict
    reason: str = ""
    judgement: Judgement | None = None
    refused: tuple[Line, ...] = ()
    emulated: bool = False


@dataclass(frozen=True, slots=True)
class SessionComparison:
    """Two sessions: their cells' parity (keyed by A's cell) and a row a series, in the order of A."""

    a: SessionRecord
    b: SessionRecord
    cells: dict[Cell, Comparison]
    rows: tuple[Row, ...]

    @property
    def exit_code(self) -> int:
        """4 where a series is incomparable, missing or failed to run, else 0: a comparison is no gate."""
        return 4 if any(row.verdict in ("incomparable", "missing", "error") for row in self.rows) else 0


@dataclass
class _Side:
    """One session's cells with their values by metric, and why a metric has none."""

    session: SessionRecord
    records: dict[Cell, ParityRecord]
    values: dict[Cell, Values] = field(default_factory=lambda: defaultdict(lambda: defaultdict(list)))
    absent: dict[Cell, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))
    failed: dict[Cell, str] = field(default_factory=dict)


def compare_sessions(
    a: SessionRecord, b: SessionRecord, *, allow: bool = False, every: bool = False
) -> SessionComparison:
    """Compare B with A: the ``HEADLINE`` figures, or ``every`` one that a sample has.

    ``allow`` judges incomparable series too, their ``refused`` lines kept as the label; emulation against KVM
    stays refused. Raises UsageError on a session whose parity records cannot be read.
    """
    first, second = _side(a), _side(b)
    cells: dict[Cell, Comparison] = {}
    rows: list[Row] = []
    matched = _matched(first, second)
    for cell, partner in matched.items():
        if partner is None:
            rows += _lacking(first, cell, second.failed.get(cell), every)
            continue
        cells[cell] = compare(first.records[cell], second.records[partner])
        rows += _judged(first, second, cell, partner, cells[cell], allow, every)
    for cell in second.records:
        if cell in second.values and cell not in matched.values():
            rows += [Row(cell, name, "new") for name in _names(second.values[cell], {}, every)]
    return SessionComparison(a, b, cells, tuple(rows))


def _side(session: SessionRecord) -> _Side:
    side = _Side(session, of_session(session))
    for sample in session.samples:
        if sample.left_out == "failed":
            side.failed[sample.cell] = f"{sample.outcome}: {sample.error}"
        if sample.left_out:
            continue
        side.absent[sample.cell] |= sample.not_applicable
        for name, value in sample.metrics.items():
            if math.isfinite(value):
                side.values[sample.cell][name].append(value)
    return side


def _matched(first: _Side, second: _Side) -> dict[Cell, Cell | None]:
    """Return each of A's measured cells with B's of the same name and parameters.

    A cell that B measured with other parameters is its partner too, so that the record says what differs.
    """
    measured = (cell for cell in first.records if cell in first.values)
    return {cell: cell if cell in second.values else _otherwise(cell, first, second) for cell in measured}


def _otherwise(cell: Cell, first: _Side, second: _Side) -> Cell | None:
    name = (cell.workload, cell.target)
    return next((c for c in second.values if (c.workload, c.target) == name and c not in first.values), None)


def _names(values: Mapping[str, object], other: Mapping[str, object], every: bool) -> list[str]:
    found = {*values, *other}
    order = [name for name in METRICS if name in found and (every or name in HEADLINE)]
    return order + sorted(name for name in found if every and name not in METRICS)


def _lacking(first: _Side, cell: Cell, failed: str | None, every: bool) -> Iterator[Row]:
    for name in _names(first.values[cell], {}, every):
        yield (
            Row(cell, name, "error", failed)
            if failed
            else Row(cell, name, "missing", "B has no sample of this cell that counts")
        )


def _judged(
    first: _Side, second: _Side, cell: Cell, partner: Cell, parity: Comparison, allow: bool, every: bool
) -> Iterator[Row]:
    ours, theirs = first.values[cell], second.values[partner]
    emulated = "tcg" in (first.records[cell].acceleration, second.records[partner].acceleration)
    for name in _names(ours, theirs, every):
        refused = parity.refusals(name)
        if name not in theirs:
            yield Row(cell, name, "missing", second.absent[partner].get(name, "B's samples have no such figure"))
        elif name not in ours:
            yield Row(cell, name, "new", emulated=emulated)
        elif name not in METRICS:
            yield Row(cell, name, "incomparable", "this isobench does not register it")
        elif refused and (not allow or parity.forbidden):
            yield Row(cell, name, "incomparable", "not on equal footing", None, refused, emulated)
        else:
            judgement = judge(METRICS[name], ours[name], theirs[name])
            yield Row(cell, name, judgement.verdict, judgement.reason, judgement, refused, emulated)
