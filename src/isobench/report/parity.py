"""Parity: what all targets of a session had in common, and where they differ."""

from __future__ import annotations

from collections import defaultdict

from isobench.report.format import human, span
from isobench.report.meta import mapping
from isobench.report.series import Data

Row = tuple[str, list[str]]
_TOLD_ELSEWHERE = ("acceleration", "guest_kernel")


def images(data: Data) -> list[tuple[str, str, str, str, str, str]]:
    """Return workload, root file system's digest and size, vCPUs, memory limit and disk; the same on all targets."""
    given = mapping(data.session.meta, "workloads")
    available = mapping(data.session.meta, "environment").get("cores", "")
    rows = []
    for name, image in mapping(data.session.meta, "images").items():
        entry = image if isinstance(image, dict) else {}
        resources = mapping(given.get(name), "resources")
        cores = str(resources.get("vcpus") or f"all {available}") if resources else "–"
        sizes = (_size(entry.get("file_bytes")), cores, _size(resources.get("memory")), _size(resources.get("disk")))
        rows.append((str(name), str(entry.get("rootfs_digest", "–")), *sizes))
    return rows


def parity(data: Data) -> tuple[list[tuple[str, str]], list[Row]]:
    """Return the facts that all targets share, and a row a fact with a column a target for those they do not."""
    common: list[tuple[str, str]] = []
    differs: list[Row] = [("acceleration", [_acceleration(data, target) for target in data.targets])]
    for name, by_target in _facts(data).items():
        cells = [by_target.get(target, {}) for target in data.targets]
        texts = [_several(list(dict.fromkeys(text for found in cell.values() for text in found))) for cell in cells]
        words = name.replace("_", " ")
        if all(cell == cells[0] for cell in cells):
            common.append((words, texts[0]))
        else:
            differs.append((words, texts))
    differs += _seen_inside(data)
    named = _named(data)
    if named and len(set(named)) == 1:
        common.insert(0, ("commands that name this root file system", named[0]))
    elif named:
        differs.append(("commands that name this root file system", named))
    return common, differs


def _facts(data: Data) -> dict[str, dict[str, dict[str, dict[str, None]]]]:
    """Return what the samples say they ran on: fact → target → workload → texts."""
    found: dict[str, dict[str, dict[str, dict[str, None]]]] = defaultdict(lambda: defaultdict(dict))
    for sample in data.session.samples:
        for name, value in sample.facts.items():
            text = "yes" if value is True else "no" if value is False else "–" if value is None else str(value)
            if name not in _TOLD_ELSEWHERE:
                found[name][data.target_of(sample)].setdefault(sample.cell.workload, {})[text] = None
    return dict(sorted(found.items(), key=lambda item: (item[0] != "kernel_seen_inside", item[0])))


def _seen_inside(data: Data) -> list[Row]:
    """Return the memory that each target's workloads saw inside, from the smallest to the largest."""
    cells = []
    for target in data.targets:
        values = [s.median.value for s in data.of_metric("guest_total") if s.target == target]
        ends = (min(values), max(values)) if values else None
        exact = ends is not None and human(ends[0], "B") == human(ends[1], "B")
        cells.append("–" if ends is None else human(ends[0], "B") if exact else span(*ends, "B"))
    return [("memory seen inside", cells)] if any(cell != "–" for cell in cells) else []


def _named(data: Data) -> list[str]:
    """Return for each target how many workloads' commands name the image or the root file system by its digest."""
    found = mapping(data.session.meta, "images")
    cells = []
    for target in data.targets:
        words = mapping(mapping(mapping(data.session.meta, "targets"), target.partition(" [")[0]), "describe")
        named = sum(_names(str(words[name]), image) for name, image in found.items() if name in words)
        cells.append(f"{named} of {len(found)} workloads")
    return cells if found else []


def _names(command: str, image: object) -> bool:
    digests = [image.get(key) for key in ("image", "rootfs_digest")] if isinstance(image, dict) else []
    return any(str(d).removeprefix("sha256:")[:16] in command for d in digests if d)


def _acceleration(data: Data, target: str) -> str:
    if target in data.emulated:
        return "emulated (TCG)"
    entry = mapping(data.session.meta, "targets").get(target.partition(" [")[0])
    found = str(entry.get("acceleration", "unknown")) if isinstance(entry, dict) else "unknown"
    return {"none": "none needed", "kvm": "KVM"}.get(found, found)


def _several(found: list[str]) -> str:
    return ", ".join(found[:3]) + (f" and {len(found) - 3} more" if len(found) > 3 else "") if found else "–"


def _size(value: object) -> str:
    return human(float(value), "B") if isinstance(value, int | float) else "–"
