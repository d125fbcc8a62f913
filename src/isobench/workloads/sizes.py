"""Sizes as people write them: ``256 MiB`` to bytes."""

from __future__ import annotations

import re
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
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([A-Za-z]*)")


def parse_size(text: object) -> int:
    """Return a size in bytes; raises ValueError (pydantic's way) on anything else."""
    match = _SIZE.fullmatch(str(text).strip())
    if match is None or match[2].upper() not in _UNITS:
        raise ValueError(f"{text!r} is no size; write for example '256 MiB'")
    return int(float(match[1]) * _UNITS[match[2].upper()])


Size = Annotated[int, BeforeValidator(parse_size)]
"""A pydantic field that takes ``256 MiB`` and gives bytes."""
