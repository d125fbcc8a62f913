"""Parity: what two cells, or two sessions, have in common and where they differ (docs/parity.md)."""

from isobench.parity.difference import Comparison, Line, compare
from isobench.parity.fields import ParityRecord
from isobench.parity.footing import Footing, footing, footings
from isobench.parity.reader import of_session
from isobench.parity.record import of_cell

__all__ = ["Comparison", "Footing", "Line", "ParityRecord", "compare", "footing", "footings", "of_cell", "of_session"]
