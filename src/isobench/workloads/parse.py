"""Reading figures from what a tool printed: by JSON path or by regular expression. Output is data, never trusted."""

from __future__ import annotations

import json
import math
import re

from isobench.errors import SampleError

_LARGEST = 1 << 20


def check_json_path(path: str) -> None:
    """Raise ValueError when ``path`` is no JSON path (RFC 9535)."""
    import jsonpath

    try:
        jsonpath.compile(path)
    except jsonpath.JSONPathError as error:
        raise ValueError(f"{path!r} is no JSON path: {error}") from error


def figure(output: str, kind: str, expression: str) -> float:
    """Return the one figure that the expression finds in a tool's output.

    Raises SampleError ``rubbish`` when there is none, or when it is no finite number.
    """
    text = output[:_LARGEST]
    found = _by_path(text, expression) if kind == "json" else _by_regex(text, expression)
    try:
        value = float(str(found))
    except (TypeError, ValueError):
        raise SampleError("rubbish", f"{expression} gave {str(found)[:80]!r}, which is no number") from None
    if not math.isfinite(value):
        raise SampleError("rubbish", f"{expression} gave {value}")
    return value


def _by_path(text: str, path: str) -> object:
    import jsonpath

    start = text.find("{")
    try:
        # Tools print notes before their JSON, and may print more behind it.
        document, _ = json.JSONDecoder().raw_decode(text, max(start, 0))
    except (json.JSONDecodeError, RecursionError) as error:
        raise SampleError("rubbish", f"no JSON in the output: {text[:80]!r}") from error
    match = jsonpath.match(path, document)
    if match is None:
        raise SampleError("rubbish", f"{path} found nothing in the output")
    return match.obj


def _by_regex(text: str, pattern: str) -> object:
    match = re.search(pattern, text)
    if match is None:
        raise SampleError("rubbish", f"{pattern!r} did not match the output: {text[-80:]!r}")
    return match[1]
