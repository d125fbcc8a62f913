"""Parity: what all targets of a session had in common, and where they differ (docs/parity.md)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, fields

from isobench.model.sample import Fact
from isobench.parity import Footing, Line, ParityRecord, footings
from isobench.report.format import human, span
from isobench.report.meta import mapping, named
from isobench.report.series import Data
from isobench.verdict.text import difference

Row = tuple[str, list[str]]
_SIZES = ("memory", "disk", "host_memory", "last_level_cache")
_TOLD_ELSEWHERE = (
    "acceleration", "guest_kernel", "runtime", "storage", "durability", "rootfs_digest", "cpuset", "memory_limit",
    "cgroup_driver", "machine", "noisy",
)  # fmt: skip
"""Facts of samples that the parity record, the table of images or the list of noisy samples shows."""
_IN_FULL = {"configuration"}
"""Lines whose text stands whole under the exact commands: its digest tells a reader nothing."""
_WORDS = {"none": "none needed", "kvm": "KVM", "tcg": "emulated (TCG)", "None": "unknown"}

Told = dict[str, dict[str, Fact]]
"""What a line of the record says: target → workload → value."""


@dataclass(frozen=True, slots=True)
class Parity:
    """The session's targets against each other: rows have a cell a target.

    ``broken`` is what should have been the same, with the pairs of targets; ``own`` what each target declares,
    ``seen`` what its samples reported beside that; ``common`` what all share; ``unknown`` what one of them does not
    tell.
    """

    broken: list[tuple[str, str]]
    own: list[Row]
    seen: list[Row]
    common: list[tuple[str, str]]
    unknown: list[str]


def parity(data: Data) -> Parity:
    """Return the footing of every target against docker (without one, each workload's first target)."""
    broken: dict[str, list[str]] = defaultdict(list)
    told: dict[str, Told] = defaultdict(lambda: defaultdict(dict))
    own: dict[str, None] = {}
    unknown: dict[str, None] = {}
    for (reference, cell), found in footings(data.session).items():
        pair = f"{cell.workload}: {data.named(reference)} → {data.named(cell)}"
        for line in found.broken:
            broken[difference(line)].append(pair)
        own |= dict.fromkeys(line.field for line in found.declared)
        unknown |= dict.fromkeys(line.field for line in found.unknown)
        for line in _lines(found):
            told[line.field][data.named(reference)][cell.workload] = line.a
            told[line.field][data.named(cell)][cell.workload] = line.b
    differ = {line.partition(" ")[0] for line in broken}
    return Parity(
        broken=[(text, ", ".join(pairs)) for text, pairs in broken.items()],
        own=_own(data, told, own.keys() - _IN_FULL),
        seen=[*_facts(data), *_seen_inside(data)],
        common=_common(data, {f: t for f, t in told.items() if f not in {*own, *unknown, *differ}}),
        unknown=[_name(f) for f in unknown],
    )


def images(data: Data) -> list[dict[str, str]]:
    """Return each workload's root file system and limits, as its samples confirm them."""
    given = mapping(data.session.meta, "workloads")
    rows = []
    for name, image in mapping(data.session.meta, "images").items():
        entry = image if isinstance(image, dict) else {}
        resources = mapping(given.get(name), "resources")
        facts = [sample.facts for sample in data.session.samples if sample.cell.workload == name]
        carried = [told["rootfs_digest"] for told in facts if "rootfs_digest" in told]
        digest = str(entry.get("rootfs_digest", "–"))
        limits = {told["memory_limit"] for told in facts if "memory_limit" in told} or {resources.get("memory")}
        rows.append({
            "name": str(name),
            "digest": digest,
            "confirmed": f"{carried.count(digest)} of {len(carried)} samples ran it" if carried else "",
            "files": _size(entry.get("file_bytes")),
            "vcpus": str(resources.get("vcpus") or "all") if resources else "–",
            "cpuset": " / ".join(sorted({str(told["cpuset"]) for told in facts if "cpuset" in told})),
            "memory": " / ".join(sorted(_size(limit) for limit in limits)),
            "disk": _size(resources.get("disk")),
        })  # fmt: skip
    return rows


def _lines(found: Footing) -> Iterable[Line]:
    return (*found.common, *found.declared, *found.broken, *found.unknown)


def _name(field: str) -> str:
    table, _, entry = field.partition(".")
    return named(table) + (f": {entry}" if entry else "")


def _own(data: Data, told: dict[str, Told], lines: set[str]) -> list[Row]:
    """Return a row a field of the record; of tables (versions, layers) each target's entries in one cell."""
    rows = []
    for field in (field.name for field in fields(ParityRecord)):
        found = [line for line in told if line in lines and line.partition(".")[0] == field]
        if found:
            rows.append((_name(field), [_cell(field, found, told, target) for target in data.targets]))
    return rows


def _cell(field: str, lines: list[str], told: dict[str, Told], target: str) -> str:
    if lines == [field]:
        return _several(field, told[field].get(target, {}))
    texts = {line.partition(".")[2]: _several(line, told[line].get(target, {})) for line in lines}
    return ", ".join(f"{named(name)} {text}" for name, text in texts.items() if text not in ("–", "none")) or "–"


def _several(field: str, by_workload: dict[str, Fact]) -> str:
    """Return what a target says of a line in all its workloads."""
    found = list(dict.fromkeys(_value(field, value) for value in by_workload.values()))
    return ", ".join(found[:3]) + (f" and {len(found) - 3} more" if len(found) > 3 else "") if found else "–"


def _value(field: str, value: Fact) -> str:
    if field == "acceleration":
        return _WORDS.get(str(value), str(value))
    if value is None:
        return "(digest not recorded)" if field.startswith("layers.") else "–"
    if field.partition(".")[0] in _SIZES and isinstance(value, int):
        return human(float(value), "B")
    text = str(value)
    return f"{text[:19]}…" if text.startswith("sha256:") else text


def _common(data: Data, told: dict[str, Told]) -> list[tuple[str, str]]:
    """Return what all targets share: one value, or one a workload."""
    rows = []
    lines = [field for field in told if not field.startswith("metrics.")]
    for field in lines:
        texts = {w: _value(field, v) for by_workload in told[field].values() for w, v in by_workload.items()}
        alike = set(texts.values())
        of = "" if len(texts) == len(data.workloads) else f" ({', '.join(texts)})"
        text = next(iter(alike)) + of if len(alike) == 1 else "; ".join(f"{w}: {t}" for w, t in texts.items())
        rows.append((_name(field), text))
    if definitions := len(told) - len(lines):
        rows.append(("metric definitions", f"{definitions}, each in the same version"))
    return rows


def _facts(data: Data) -> list[Row]:
    """Return what the samples say of where they ran beside what the parity records hold."""
    found: dict[str, dict[str, dict[str, None]]] = defaultdict(lambda: defaultdict(dict))
    for sample in data.session.samples:
        for name, value in sample.facts.items():
            text = "yes" if value is True else "no" if value is False else "–" if value is None else str(value)
            if name not in _TOLD_ELSEWHERE:
                found[name][data.target_of(sample)][text] = None
    rows = sorted(found.items(), key=lambda item: (item[0] != "kernel_seen_inside", item[0]))
    return [(_name(name), [", ".join(list(by.get(t, {}))[:3]) or "–" for t in data.targets]) for name, by in rows]


def _seen_inside(data: Data) -> list[Row]:
    """Return the memory that each target's workloads saw inside, from the smallest to the largest."""
    cells = []
    for target in data.targets:
        values = [s.median.value for s in data.of_metric("guest_total") if s.target == target]
        ends = (min(values), max(values)) if values else None
        exact = ends is not None and human(ends[0], "B") == human(ends[1], "B")
        cells.append("–" if ends is None else human(ends[0], "B") if exact else span(*ends, "B"))
    return [("memory seen inside", cells)] if any(cell != "–" for cell in cells) else []


def _size(value: object) -> str:
    return human(float(value), "B") if isinstance(value, int | float) else "–"
