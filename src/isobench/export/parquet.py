"""Parquet: the same rows as CSV, typed; the schema's metadata says what they are."""

from __future__ import annotations

import json

from isobench import __version__
from isobench.model.sample import FORMAT
from isobench.store.frame import COLUMNS, frame
from isobench.store.reader import SessionRecord


def export(session: SessionRecord, /) -> bytes:
    """Return ``isobench.load()``'s frame as a Parquet file; no column has nulls."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    numbers = {"block": pa.int64(), "sample": pa.int64(), "value": pa.float64()}
    schema = pa.schema([pa.field(name, numbers.get(name, pa.string()), nullable=False) for name in COLUMNS])
    table = pa.Table.from_pandas(frame(session), schema=schema, preserve_index=False)
    stream = pa.BufferOutputStream()
    pq.write_table(
        table.replace_schema_metadata({**(table.schema.metadata or {}), **_about(session)}), stream, compression="zstd"
    )
    data: bytes = stream.getvalue().to_pybytes()
    return data


def _about(session: SessionRecord) -> dict[str, str]:
    """Return the metadata: the session format's version, who exported, and session.json's head."""
    kept = ("id", "state", "started_at", "isobench", "environment", "versions")
    head = {key: session.meta[key] for key in kept if key in session.meta}
    return {"isobench.format": str(FORMAT), "isobench.version": __version__, "isobench.session": json.dumps(head)}
