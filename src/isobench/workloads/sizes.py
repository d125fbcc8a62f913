"""Sizes as people write them: ``256 MiB`` to bytes."""

from __future__ import annotations

import re
import reprlib
from typing import Annotated

from pydantic import BeforeValidator

_UNITS = {
    "": 1,
    "B": 1,
    "KIB": 1 << 10,
    "MIB": 1 << 20,
    "GIB": 1 << 30,
    "KB": 10**3,
    "MB": 10**6,
    "GB": 10**9,
}
LARGEST = 1 << 60
"""Bytes: more than any disk, and well within what the kernel's interfaces take."""

_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([A-Za-z]*)")


def parse_size(text: object) -> int:
    """Return a size in bytes; raises ValueError (pydantic's way) on anything else."""
    match = _SIZE.fullmatch(str(text).strip()) if isinstance(text, int | float | str) else None
    if match is None or match[2].upper() not in _UNITS:
        raise ValueError(f"{reprlib.repr(text)} is no size; write for example '256 MiB'")
    size = float(match[1]) * _UNITS[match[2].upper()]
    if size > LARGEST:
        raise ValueError(f"{reprlib.repr(text)} is more than any host has")
    return int(size)


Size = Annotated[int, BeforeValidator(parse_size)]
"""A pydantic field that takes ``256 MiB`` and gives bytes."""
