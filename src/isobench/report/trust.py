"""Parity and trust: what the cells had in common, and how far the figures may be believed."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np

from isobench.report.format import digits, human
from isobench.report.series import Data

_SHARE_NAMES = {
    "samples": "inside samples (request → removed)",
    "settling": "settling before a memory reading (inside samples)",
    "around_samples": "around samples: readings, clean-up",
    "between_samples": "between samples: planning, writing",
    "waiting": "waiting",
}


def parity(data: Data) -> list[tuple[str, list[str]]]:
    """Return a row a fact and a column a target: what the samples themselves say they ran on."""
    facts: dict[str, dict[str, dict[str, None]]] = defaultdict(lambda: defaultdict(dict))
    for sample in data.session.samples:
        for name, value in sample.facts.items():
            text = "yes" if value is True else "no" if value is False else "–" if value is None else str(value)
            facts[name][data.target_of(sample)][text] = None
    rows = [("acceleration", [_acceleration(data, target) for target in data.targets])]
    for name in sorted(facts, key=lambda n: (n != "kernel_seen_inside", n)):
        cells = [list(facts[name].get(target, {})) for target in data.targets]
        rows.append((name.replace("_", " "), [_several(found) for found in cells]))
    return rows


def _several(found: list[str]) -> str:
    return ", ".join(found[:3]) + (f" and {len(found) - 3} more" if len(found) > 3 else "") if found else "–"


def _acceleration(data: Data, target: str) -> str:
    if target in data.emulated:
        return "emulated (TCG)"
    entry = mapping(data.session.meta, "targets").get(target.partition(" [")[0])
    found = str(entry.get("acceleration", "unknown")) if isinstance(entry, dict) else "unknown"
    return {"none": "none needed", "kvm": "KVM"}.get(found, found)


def images(data: Data) -> list[tuple[str, str, str, str]]:
    """Return workload, root file system's digest, its size and resources; one and the same for all targets."""
    resources = mapping(data.session.meta, "workloads")
    rows = []
    for name, image in mapping(data.session.meta, "images").items():
        entry = image if isinstance(image, dict) else {}
        size = entry.get("file_bytes")
        text = human(float(size), "B") if isinstance(size, int | float) else "–"
        given = mapping(resources.get(name), "resources")
        rows.append((str(name), str(entry.get("rootfs_digest", "–")), text, _resources(given)))
    return rows


def _resources(given: dict[str, Any]) -> str:
    if not given:
        return "–"
    cores = given.get("vcpus")
    sizes = [f"{human(float(given[k]), 'B')} {k}" for k in ("memory", "disk") if isinstance(given.get(k), int)]
    return ", ".join([f"{cores} vCPU" if cores else "all cores", *sizes])


def shares(data: Data) -> list[tuple[str, float]]:
    """Return the shares of the session's wall time, in per cent."""
    found = mapping(data.session.meta, "shares").items()
    return [(_SHARE_NAMES.get(k, k), 100 * float(v)) for k, v in found if isinstance(v, int | float)]


def troubled(data: Data) -> list[dict[str, str]]:
    """Return every sample that did not end well, with what is known of it."""
    return [
        {
            "number": str(sample.number),
            "cell": f"{sample.cell.workload} on {data.target_of(sample)}",
            "role": sample.role,
            "outcome": sample.outcome,
            "error": sample.error or "no message",
            "output": sample.output[-4000:],
        }
        for sample in data.session.samples
        if sample.outcome != "ok"
    ]


def marks(data: Data) -> list[tuple[str, int]]:
    """Return each mark with the number of samples that bear it."""
    counted: dict[str, int] = defaultdict(int)
    for sample in data.session.samples:
        for mark in sample.marks:
            counted[mark] += 1
    return sorted(counted.items())


def noise(data: Data) -> list[tuple[str, str, str]]:
    """Return each kind of noise with its median and its worst over all samples."""
    found: dict[str, list[float]] = defaultdict(list)
    for sample in data.session.samples:
        for name, value in sample.noise.items():
            if np.isfinite(value):
                found[name].append(value)
    shares_of_one = ("steal", "cpu_pressure", "harness_cpu")
    return [
        (
            name.replace("_", " "),
            _noise(float(np.median(v)), name in shares_of_one),
            _noise(float(np.max(v)), name in shares_of_one),
        )
        for name, v in found.items()
    ]


def _noise(value: float, share: bool) -> str:
    return f"{digits(100 * value)} %" if share else digits(value)


def absent(data: Data) -> list[tuple[str, str, str]]:
    """Return what did not apply: targets, metric, reason; each once."""
    found: dict[tuple[str, str], dict[str, None]] = defaultdict(dict)
    for sample in data.session.samples:
        for name, reason in sample.not_applicable.items():
            found[name, reason][data.target_of(sample)] = None
    return [(", ".join(targets), name, reason) for (name, reason), targets in found.items()]


def described(data: Data) -> list[tuple[str, str, list[tuple[str, str]]]]:
    """Return each target's name, title and exact commands or domain XML by workload."""
    rows = []
    for name, entry in mapping(data.session.meta, "targets").items():
        if isinstance(entry, dict):
            words = mapping(entry, "describe")
            rows.append((str(name), str(entry.get("title", "")), [(str(w), str(t)) for w, t in words.items()]))
    return rows


def mapping(value: Any, key: str) -> dict[str, Any]:
    """Return ``value[key]`` where both are dictionaries, else an empty one: a report survives a thin session.json."""
    found = value.get(key) if isinstance(value, dict) else None
    return found if isinstance(found, dict) else {}
