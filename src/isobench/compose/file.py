"""A Compose file that a user wrote, read within bounds, its variables filled in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from isobench.errors import UsageError
from isobench.plain import plain
from isobench.small_file import read_small
from isobench.toml_file import DEEPEST, LARGEST

_MOST = 10_000
"""Values, those that an alias stands for counted each time: a small file may name billions."""
_VARIABLE = re.compile(
    r"\$(?:(?P<dollar>\$)|(?P<name>[A-Za-z_]\w*)"
    r"|\{(?P<braced>[A-Za-z_]\w*)(?:(?P<how>:?[-+?])(?P<word>[^{}]*))?\}|(?P<wrong>))",
    re.ASCII,
)


def read_compose(file: Path, variables: Mapping[str, str]) -> dict[str, Any]:
    """Return the file's mapping with ``$NAME`` and ``${NAME:-default}`` replaced, as the Compose specification says.

    Raises UsageError, one line, where the file cannot be read, is no YAML mapping, is too long or nests too deep, or
    where a variable that it requires is missing.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    data = read_small(file, LARGEST)
    try:
        # Pure Python, and YAML 1.2: in 1.1 the port mapping 22:22 would be a number in base 60.
        found = YAML(typ="safe", pure=True).load(data.decode("utf-8"))
    except MarkedYAMLError as error:
        line = f":{error.problem_mark.line + 1}" if error.problem_mark else ""
        said = plain(" ".join(str(error.problem or error.context).split()))
        raise UsageError(f"is no YAML: {said}", where=f"{file}{line}", mend="mend that line") from None
    except (YAMLError, ValueError, RecursionError, AttributeError, TypeError, NotImplementedError) as error:
        said = plain(" ".join(str(error).split())) or type(error).__name__
        raise UsageError(f"is no YAML: {said}", where=str(file), mend="mend it") from None
    if not isinstance(found, dict):
        raise UsageError("is no mapping of services", where=str(file), mend="begin it with services:")
    if not _bounded(found, DEEPEST, [_MOST]):
        raise UsageError(
            f"holds more than {_MOST} values, or nests them more than {DEEPEST} deep", where=str(file),
            mend="name another file",
        )  # fmt: skip
    filled: dict[str, Any] = _filled(found, variables, file)
    return filled


def _bounded(value: object, levels: int, left: list[int]) -> bool:
    left[0] -= 1
    if levels < 0 or left[0] < 0:
        return False
    if isinstance(value, dict):
        return all(_bounded(part, levels - 1, left) for pair in value.items() for part in pair)
    return not isinstance(value, list) or all(_bounded(part, levels - 1, left) for part in value)


def _filled(value: Any, variables: Mapping[str, str], file: Path) -> Any:
    if isinstance(value, dict):
        return {key: _filled(inner, variables, file) for key, inner in value.items()}
    if isinstance(value, list):
        return [_filled(inner, variables, file) for inner in value]
    return _VARIABLE.sub(lambda found: _value(found, variables, file), value) if isinstance(value, str) else value


def _value(found: re.Match[str], variables: Mapping[str, str], file: Path) -> str:
    if found["dollar"]:
        return "$"
    if found["wrong"] is not None:
        raise UsageError(f"{plain(found.string, 60)!r} has a lone $", where=str(file), mend="write $$ for a dollar")
    name = found["name"] or found["braced"]
    there, how, word = variables.get(name), found["how"] or "", found["word"] or ""
    # With a colon an empty one counts as missing.
    given = bool(there) if how.startswith(":") else there is not None
    match how[-1:]:
        case "+":
            return word if given else ""
        case "-" if not given:
            return word
        case "?" if not given:
            raise UsageError(f"needs the variable {name}: {plain(word) or 'it is not set'}", where=str(file),
                             mend="set it in the environment")  # fmt: skip
        case _:
            return there or ""
