"""What session.json says, in words; a report survives one that says next to nothing."""

from __future__ import annotations

from typing import Any

from isobench.report.format import human

_NAMES = {"cpu": "CPU", "smt": "SMT", "ksm": "KSM (same-page merging)", "cgroup": "control group", "qemu": "QEMU"}
_SWITCHES = ("smt", "ksm")


def mapping(value: Any, key: str) -> dict[str, Any]:
    """Return ``value[key]`` where both are dictionaries, else an empty one."""
    found = value.get(key) if isinstance(value, dict) else None
    return found if isinstance(found, dict) else {}


def plain(values: dict[str, Any]) -> list[tuple[str, str]]:
    """Return names and values of a table of session.json as a person would write them."""
    return [(_name(str(name)), _words(str(name), value)) for name, value in values.items()]


def _name(name: str) -> str:
    words = name.removesuffix("_bytes").split("_")
    return " ".join(_NAMES.get(word, word) for word in words)


def _words(name: str, value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {inner}" for key, inner in value.items()) or "–"
    if isinstance(value, list | tuple):
        return ", ".join(str(inner) for inner in value) or "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if name.endswith("_bytes") and isinstance(value, int | float):
        return human(float(value), "B")
    if name in _SWITCHES and str(value) in ("0", "1"):
        return "on" if str(value) == "1" else "off"
    return "not given" if value is None or value == "" else str(value)
