"""A session as a pandas DataFrame in long form: one row a metric value."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from isobench.metrics import METRICS
from isobench.store.reader import SessionRecord, read_session

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = (
    "session", "workload", "target", "params", "block", "sample", "role", "outcome", "left_out", "metric", "value",
    "unit", "scope", "instant", "family", "direction", "acceleration",
)  # fmt: skip


def load(path: str | Path) -> pd.DataFrame:
    """Return the session in that folder as a long DataFrame; raises UsageError when it is damaged."""
    return frame(read_session(path))


def frame(session: SessionRecord) -> pd.DataFrame:
    """Return a read session as a long DataFrame with ``COLUMNS``, in the order of its samples.

    ``left_out`` says why summaries leave a sample out; it is empty for those that count. A metric that this
    isobench does not register keeps its value; what is not known of it is an empty string.
    """
    import pandas as pd

    table = pd.DataFrame(list(_rows(session)), columns=list(COLUMNS))
    return table.astype({"block": "int64", "sample": "int64", "value": "float64"})


def acceleration(session: SessionRecord, target: str) -> str:
    """Return ``none``, ``kvm`` or ``tcg`` as the session recorded it for a target; ``unknown`` where it did not."""
    targets = session.meta.get("targets")
    entry = targets.get(target) if isinstance(targets, dict) else None
    return str(entry.get("acceleration", "unknown")) if isinstance(entry, dict) else "unknown"


def _rows(session: SessionRecord) -> Iterator[tuple[Any, ...]]:
    for sample in session.samples:
        cell = sample.cell
        head = (
            sample.session, cell.workload, cell.target, cell.parameters.text(), sample.block, sample.number,
            sample.role, sample.outcome, sample.left_out or "",
        )  # fmt: skip
        how = acceleration(session, cell.target)
        for name, value in sample.metrics.items():
            known = METRICS.get(name)
            told = (known.unit, known.scope, known.instant, known.family, known.direction) if known else ("",) * 5
            yield (*head, name, value, *told, how)
