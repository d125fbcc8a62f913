"""Trust: how far the figures may be believed."""

from __future__ import annotations

from collections import Counter, defaultdict

import numpy as np

from isobench.report.format import digits, percent
from isobench.report.meta import mapping
from isobench.report.series import Data

_SHARE_NAMES = {
    "samples": "inside samples (request → removed)",
    "settling": "of it: settling before a memory reading",
    "around_samples": "around samples: readings, clean-up",
    "between_samples": "between samples: planning, writing",
    "waiting": "waiting",
}
_OUTCOMES = {
    "clock": "guest's clock off by more than 1 %",
    "failed": "a command's exit status",
    "timeout": "not done in time",
    "died": "ended by itself",
    "rubbish": "output could not be read",
    "error": "refused by the engine",
}
_NOISE = {
    "steal": "share of all cores' time that the host's own hypervisor gave to others",
    "cpu_pressure": "share of the time in which some task waited for a core (PSI)",
    "throttled_seconds": "CPU time that a quota withheld",
    "harness_cpu": "cores that the harness used itself",
    "run_queue": "tasks that ran or wanted to, a core",
    "other_cpu": "share of all cores' time that others used, while no instance ran",
    "swapped_pages": "pages of 4 KiB swapped in or out",
}


def counted(data: Data) -> str:
    """Return in words how many samples the medians rest on, and why the others are left out."""
    samples = data.session.samples
    good = sum(sample.role == "measured" and sample.outcome == "ok" for sample in samples)
    warm = sum(sample.role == "warmup" for sample in samples)
    rest = Counter(s.outcome for s in samples if s.role == "measured" and s.outcome != "ok")
    parts = [f"{warm} warm-up{'' if warm == 1 else 's'}"] if warm else []
    parts += [f"{count} {outcome} ({_OUTCOMES.get(outcome, 'see Trust')})" for outcome, count in rest.items()]
    return f"{good} of {len(samples)} samples count; left out: {', '.join(parts) or 'none'}."


def shares(data: Data) -> list[tuple[str, float]]:
    """Return the shares of the session's wall time, of one."""
    found = mapping(data.session.meta, "shares").items()
    return [(_SHARE_NAMES.get(k, k), float(v)) for k, v in found if isinstance(v, int | float)]


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


def noise(data: Data) -> list[tuple[str, str, str, str]]:
    """Return each kind of noise, what it means, its median and its worst over all samples."""
    found: dict[str, list[float]] = defaultdict(list)
    for sample in data.session.samples:
        for name, value in sample.noise.items():
            if np.isfinite(value):
                found[name].append(value)
    shares_of_one = ("steal", "cpu_pressure", "harness_cpu", "other_cpu")
    return [
        (
            name.replace("_", " "),
            _NOISE.get(name, ""),
            _noise(float(np.median(v)), name in shares_of_one),
            _noise(float(np.max(v)), name in shares_of_one),
        )
        for name, v in found.items()
    ]


def _noise(value: float, share: bool) -> str:
    return percent(value) if share else digits(value)


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
