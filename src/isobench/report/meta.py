"""What session.json says, in words; a report survives one that says next to nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from isobench.model import JOB
from isobench.report.format import human

_NAMES = {"cpu": "CPU", "smt": "SMT", "ksm": "KSM (same-page merging)", "cgroup": "control group", "qemu": "QEMU"}
_SWITCHES = ("smt", "ksm")


@dataclass(frozen=True, slots=True)
class Stopped:
    """Why a cell stopped, and after how many measured samples."""

    workload: str
    target: str
    reason: str
    words: str
    samples: str
    study: str = JOB

    @property
    def on_width(self) -> bool:
        """Whether it stopped because its intervals were narrow enough, which makes them cover a little less."""
        return self.reason == "width"


_STOPPED = dict.fromkeys(("workload", "target", "reason", "words", "samples"), "–") | {"study": JOB}
"""The fields, and what stands where a session does not tell one."""


def stopped(meta: dict[str, Any]) -> list[Stopped]:
    """Return why each cell stopped; empty where the session does not tell."""
    found = meta.get("stopped")
    return [
        Stopped(**{key: str(entry.get(key, otherwise)) for key, otherwise in _STOPPED.items()})
        for entry in (found if isinstance(found, list) else ())
        if isinstance(entry, dict)
    ]


def mapping(value: Any, key: str) -> dict[str, Any]:
    """Return ``value[key]`` where both are dictionaries, else an empty one."""
    found = value.get(key) if isinstance(value, dict) else None
    return found if isinstance(found, dict) else {}


def plain(values: dict[str, Any]) -> list[tuple[str, str]]:
    """Return names and values of a table of session.json as a person would write them."""
    return [(named(str(name)), _words(str(name), value)) for name, value in values.items()]


def named(name: str) -> str:
    """Return a field's name as a person would write it."""
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
