"""Reading figures from what a tool printed: by JSON path or by regular expression. Output is data, never trusted."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable

from isobench.errors import SampleError
from isobench.patience import OutOfPatience, cpu_limit

_LARGEST = 1 << 20
_PATIENCE = 5.0
_PLAIN_PATH = re.compile(
    r"\$(?:\.[A-Za-z_][A-Za-z0-9_]{0,63}|\[(?:0|[1-9][0-9]{0,8})\]|\['[A-Za-z0-9_. -]{0,64}'\]){0,32}"
)


def check_json_path(path: str) -> None:
    """Raise ValueError when ``path`` is no JSON path (RFC 9535)."""
    # Names and places in a row are one; the parser is loaded for what is more than that only.
    if _PLAIN_PATH.fullmatch(path):
        return
    import jsonpath

    try:
        jsonpath.compile(path)
    except (jsonpath.JSONPathError, RecursionError, ValueError) as error:
        raise ValueError(f"{path!r} is no JSON path: {error}") from error


def figure(output: str, kind: str, expression: str) -> float:
    """Return the one figure that the expression finds in a tool's output; ``kind`` names the parser that follows it.

    Only the first MiB is looked at, and for no more than 5 s of CPU time. Raises SampleError ``rubbish`` when there
    is none, or when it is no finite number.
    """
    try:
        with cpu_limit(_PATIENCE):
            found = _PARSERS[kind](output[:_LARGEST], expression)
    except OutOfPatience:
        raise SampleError("rubbish", f"{expression!r} found nothing in {_PATIENCE:g} s of searching") from None
    value = _number(found)
    if value is None:
        raise SampleError("rubbish", f"{expression!r} gave {str(found)[:80]!r}, which is no number")
    if not math.isfinite(value):
        raise SampleError("rubbish", f"{expression!r} gave {value}")
    return value


def _number(found: object) -> float | None:
    if not isinstance(found, int | float | str):
        return None
    try:
        # By way of text, an integer too large for a float is infinite, and True is no number.
        return float(str(found))
    except ValueError:
        return None


def _by_path(text: str, path: str) -> object:
    import jsonpath

    start = text.find("{")
    try:
        # Tools print notes before their JSON, and may print more behind it.
        document, _ = json.JSONDecoder().raw_decode(text, max(start, 0))
    except (ValueError, RecursionError) as error:  # ValueError: also an integer of too many digits
        raise SampleError("rubbish", f"no JSON in the output: {text[:80]!r}") from error
    try:
        match = jsonpath.match(path, document)
    except (jsonpath.JSONPathError, RecursionError) as error:
        raise SampleError("rubbish", f"{path!r} cannot be followed in the output") from error
    if match is None:
        raise SampleError("rubbish", f"{path!r} found nothing in the output")
    return match.obj


def _by_regex(text: str, pattern: str) -> object:
    match = re.search(pattern, text)
    if match is None:
        raise SampleError("rubbish", f"{pattern!r} did not match the output: {text[-80:]!r}")
    return match[1]


_PARSERS: dict[str, Callable[[str, str], object]] = {"json": _by_path, "regex": _by_regex}
