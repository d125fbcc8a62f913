"""The raw samples to take along: inside the page while they are small enough, else as Parquet beside it."""

from __future__ import annotations

import base64
import zlib
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from isobench.host.paths import give_to_caller
from isobench.store.frame import frame
from isobench.store.reader import SAMPLES, SessionRecord

MOST = 2_000_000
"""Bytes, compressed, up to which the samples lie inside the page."""
_CHUNK = 1 << 20
_GZIP = 31
"""What zlib calls the format with gzip's head and tail."""


@dataclass(frozen=True, slots=True)
class Raw:
    """Either ``packed``, samples.jsonl by gzip and base64, or ``link``, the address of a Parquet file beside the page.

    ``size`` is in bytes: of samples.jsonl, or of that file.
    """

    name: str
    size: int
    packed: str = ""
    link: str = ""


def raw(session: SessionRecord, page: Path) -> Raw | None:
    """Return what a page at that path offers, having written the Parquet file where it is one.

    None where the session has no samples.jsonl: it was never stored.
    """
    source = session.folder / SAMPLES
    if not source.is_file():
        return None
    if packed := compressed(source, MOST):
        return Raw(f"{session.folder.name}.jsonl", source.stat().st_size, packed=base64.b64encode(packed).decode())
    beside = page.with_name(f"{page.stem}.samples.parquet")
    frame(session).to_parquet(beside, index=False)
    give_to_caller(beside)
    return Raw(beside.name, beside.stat().st_size, link=quote(f"./{beside.name}"))


def compressed(source: Path, most: int) -> bytes | None:
    """Return a file by gzip, None as soon as that takes more than ``most`` bytes."""
    squeeze = zlib.compressobj(6, wbits=_GZIP)
    parts, size = [], 0
    with source.open("rb") as file:
        while chunk := file.read(_CHUNK):
            parts.append(squeeze.compress(chunk))
            size += len(parts[-1])
            if size > most:
                return None
    parts.append(squeeze.flush())
    whole = b"".join(parts)
    return whole if len(whole) <= most else None
