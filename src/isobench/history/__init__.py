"""Sessions over time: each condensed to its series, and the points at which a series changed (docs/gate.md)."""

from isobench.history.change import MIN_SEGMENT, Step, steps
from isobench.history.index import record_of
from isobench.history.record import CellRecord, Record, Series, condense
from isobench.history.series import History, Track, history_of

__all__ = [
    "MIN_SEGMENT", "CellRecord", "History", "Record", "Series", "Step", "Track", "condense", "history_of",
    "record_of", "steps",
]  # fmt: skip
