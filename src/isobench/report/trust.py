"""Trust: what counts and what is left out, why each cell stopped, and how the time was spent."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Protocol

from isobench.model import Sample
from isobench.report.format import percent, short
from isobench.report.meta import mapping
from isobench.report.series import Data

_SHARE_NAMES = {
    "samples": "inside samples (request → removed)",
    "settling": "of it: settling before a memory reading",
    "around_samples": "around samples: readings, clean-up",
    "between_samples": "between samples: planning, writing",
    "waiting": "waiting",
}
_RULES = {
    "warm-up": "its cell's first, before the measured blocks",
    "failed": "its outcome is neither ok nor clock",
    "clock": "its guest's clock ran more than 1 % off the host's",
    "noisy": "a noise figure beside it was over its bound",
}
"""The reasons of ``Sample.left_out``: the first that holds is the one."""


class Resolves(Protocol):
    """What ``isobench calibrate`` has found out about this host."""

    def resolution(self, workload: str, target: str, metric: str) -> float | None:
        """Return the smallest relative effect found with 80 % power at 20 samples; None where it was not tried."""
        ...


def left_out(samples: Iterable[Sample]) -> list[str]:
    """Return why these samples do not count but for warm-ups, with their numbers: ``2 failed (2 timeout)``."""
    taken = list(samples)
    found = Counter(sample.left_out for sample in taken)
    failures = Counter(sample.outcome for sample in taken if sample.left_out == "failed")
    words = ", ".join(f"{count} {outcome}" for outcome, count in failures.items() if outcome != "failed")
    more = {"failed": f" ({words})" if words else ""}
    return [f"{found[name]} {name}{more.get(name, '')}" for name in ("failed", "clock", "noisy") if found[name]]


def counted(data: Data) -> str:
    """Return in words how many samples the medians rest on, and why the others are left out."""
    samples = data.session.samples
    warm = sum(sample.left_out == "warm-up" for sample in samples)
    parts = [f"{warm} warm-up{'' if warm == 1 else 's'}"] if warm else []
    parts += left_out(samples)
    good = sum(sample.left_out is None for sample in samples)
    return f"{good} of {len(samples)} samples count; left out: {', '.join(parts) or 'none'}."


def remarks(data: Data) -> list[str]:
    """Return what a reader should know before any figure: how the session ended, and what did not run."""
    meta, found = data.session.meta, []
    if (state := meta.get("state")) == "out of budget":
        found.append("The session ended at its time budget, before all intervals were as narrow as planned.")
    elif state != "complete":
        found.append(f"This session is not complete: {state or 'state unknown'}. It rests on the samples so far.")
    if data.session.dropped_tail:
        found.append("The last line of samples.jsonl was half-written and is left out.")
    absent = {**mapping(meta, "unavailable"), **mapping(meta, "unsuitable")}
    return found + [f"Not run: {short(str(name), 60)}: {reason}" for name, reason in absent.items()]


def rules(data: Data) -> list[tuple[str, str, int]]:
    """Return each reason to leave a sample out, what it means, and for how many samples it is the one."""
    found = Counter(sample.left_out for sample in data.session.samples)
    return [(name, words, found[name]) for name, words in _RULES.items()]  # type: ignore[index]


def stops(data: Data) -> str:
    """Return in words how many cells stopped for which reason; empty where the session does not tell."""
    return ", ".join(f"{n} {reason}" for reason, n in Counter(s.reason for s in data.stopped).most_common())


def shares(data: Data) -> list[tuple[str, float]]:
    """Return the shares of the session's wall time, of one."""
    found = mapping(data.session.meta, "shares").items()
    return [(_SHARE_NAMES.get(k, k), float(v)) for k, v in found if isinstance(v, int | float)]


def troubled(data: Data) -> list[dict[str, str]]:
    """Return every sample that did not end well, with what is known of it."""
    return [
        _named(data, sample) | {
            "outcome": sample.outcome,
            "error": sample.error or "no message",
            "output": sample.output[-4000:],
        }
        for sample in data.session.samples
        if sample.outcome != "ok"
    ]  # fmt: skip


def noisy(data: Data) -> list[dict[str, str]]:
    """Return every sample that was marked noisy, with the bounds that it broke."""
    return [
        _named(data, sample) | {"reasons": str(sample.facts.get("noisy") or "not recorded")}
        for sample in data.session.samples
        if "noisy" in sample.marks
    ]


def _named(data: Data, sample: Sample) -> dict[str, str]:
    cell = f"{sample.cell.workload} on {data.target_of(sample)}"
    return {"number": str(sample.number), "cell": cell, "role": sample.role, "left_out": sample.left_out or ""}


def marks(data: Data) -> list[tuple[str, int]]:
    """Return each mark with the number of samples that bear it."""
    return sorted(Counter(mark for sample in data.session.samples for mark in sample.marks).items())


def resolved(data: Data, profile: Resolves) -> list[tuple[str, str, list[str]]]:
    """Return workload, metric, and for each target the smallest effect that this host tells from none."""
    rows = []
    for workload, metric in dict.fromkeys((w, m) for w, _, m in data.series):
        found = [profile.resolution(workload, t.partition(" [")[0], metric) for t in data.targets]
        if any(effect is not None for effect in found):
            rows.append((workload, metric, ["–" if effect is None else percent(effect) for effect in found]))
    return rows


def absent(data: Data) -> list[tuple[str, str, str]]:
    """Return what did not apply: targets, metric, reason; each once."""
    found: dict[tuple[str, str], dict[str, None]] = defaultdict(dict)
    for sample in data.session.samples:
        for name, reason in sample.not_applicable.items():
            found[name, reason][data.target_of(sample)] = None
    return [(", ".join(targets), name, reason) for (name, reason), targets in found.items()]


def described(data: Data) -> list[tuple[str, str, list[tuple[str, str]]]]:
    """Return each target's name, title and exact commands or domain XML, of each workload that was measured on it."""
    rows = []
    taken = {(sample.cell.workload, sample.cell.target) for sample in data.session.samples}
    for name, entry in mapping(data.session.meta, "targets").items():
        if isinstance(entry, dict):
            words = mapping(entry, "describe")
            rows.append((str(name), str(entry.get("title", "")), [
                (str(workload), str(text)) for workload, text in words.items()
                if not taken or (workload, name) in taken
            ]))  # fmt: skip
    return rows
