"""A TOML file that a user wrote, read within bounds."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

from isobench.errors import UsageError
from isobench.plain import plain
from isobench.small_file import read_small

LARGEST, DEEPEST = 1 << 20, 32
"""Bytes, and tables within tables; what is longer or deeper was not written by a person."""


def read_toml(file: Path) -> dict[str, Any]:
    """Return the file's tables; raises UsageError when it cannot be read or is no TOML."""
    data = read_small(file, LARGEST)
    try:
        table = tomllib.loads(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        # ValueError is more than TOMLDecodeError: no UTF-8, or a number of too many digits.
        said = str(error)
        line = f":{found[1]}" if (found := re.search(r"at line (\d+)", said)) else ""
        raise UsageError(f"is no TOML: {plain(said)}", where=f"{file}{line}", mend="mend that line") from error
    if _deeper(table, DEEPEST):
        # To print such a value in a message, pydantic and ``repr`` would recurse beyond Python's limit.
        raise UsageError(f"nests tables more than {DEEPEST} deep", where=str(file), mend="name another file")
    return table


def _deeper(value: object, levels: int) -> bool:
    if not isinstance(value, dict | list):
        return False
    inner = value.values() if isinstance(value, dict) else value
    return levels == 0 or any(_deeper(each, levels - 1) for each in inner)
