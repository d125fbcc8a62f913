"""CSV: the long frame, one row a metric value, samples that do not count included."""

from __future__ import annotations

import csv

from isobench.store.frame import frame
from isobench.store.reader import SessionRecord

_FORMULA = tuple("=+-@\t\r\n＝＋－＠")
"""What a spreadsheet takes for the beginning of a formula. Source: OWASP, *CSV Injection*."""


def export(session: SessionRecord, /) -> bytes:
    """Return ``isobench.load()``'s frame as UTF-8: a header, text in double quotes, numbers bare and exact."""
    table = frame(session)
    for name in table.select_dtypes(exclude="number"):
        table[name] = table[name].map(_text)
    text: str = table.to_csv(index=False, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n")
    return text.encode("utf-8")


def _text(cell: str) -> str:
    # An apostrophe of its own gets one too, so a reader may always take the first one away.
    return f"'{cell}" if cell.startswith((*_FORMULA, "'")) else cell
