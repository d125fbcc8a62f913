"""What a session knows, as rules ask for it: medians, ratios and facts by target, of the samples that count."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from isobench.metrics import METRICS
from isobench.model import Sample
from isobench.report.format import human, span, times
from isobench.stats import Ratio, median, median_ratio
from isobench.store.reader import SessionRecord

VMS = ("vm-micro", "vm-q35", "vm-full")
"""The VMs that claims are about, the leanest first; others (restored, own) are special cases of them."""
CONTAINER, HOST = "docker", "native"


@dataclass(frozen=True, slots=True)
class Evidence:
    """The good samples of one session, and its session.json.

    Figures are those of samples that count; a fact is one also where its sample is noisy.
    """

    meta: Mapping[str, Any]
    samples: Sequence[Sample]
    by_target: Mapping[str, Sequence[Sample]] = field(init=False)
    counting: Mapping[str, Sequence[Sample]] = field(init=False)

    def __post_init__(self) -> None:
        found: dict[str, list[Sample]] = {}
        for sample in self.samples:
            found.setdefault(sample.cell.target, []).append(sample)
        object.__setattr__(self, "by_target", found)
        # Asked for once for each figure, of a session that may have a million values.
        counting = {name: [sample for sample in own if sample.left_out is None] for name, own in found.items()}
        object.__setattr__(self, "counting", counting)

    @classmethod
    def of(cls, session: SessionRecord) -> Evidence:
        """Return what a session knows; warm-ups and failures take no part."""
        good = [sample for sample in session.samples if sample.outcome == "ok" and sample.role == "measured"]
        return cls(session.meta, good)

    def targets(self, names: Iterable[str], metric: str, workload: str | None = None) -> list[str]:
        """Return those of the targets that have the figure."""
        return [name for name in names if self.values(name, metric, workload)]

    def emulated(self, target: str) -> bool:
        """Return whether a target's VMs were emulated: then no claim rests on its times."""
        return any(sample.facts.get("acceleration") == "tcg" for sample in self.by_target.get(target, ()))

    def values(self, target: str, metric: str, workload: str | None = None) -> list[float]:
        """Return a figure's values on a target, of one workload where one is named."""
        return [
            sample.metrics[metric]
            for sample in self.counting.get(target, ())
            if metric in sample.metrics and workload in (None, sample.cell.workload)
        ]

    def said(self, target: str, metric: str, workload: str | None = None) -> str:
        """Return a median in words, with its interval where there are values enough."""
        found = median(self.values(target, metric, workload))
        unit = METRICS[metric].unit
        words = human(found.value, unit)
        if found.low is None or found.high is None:
            return f"{words} ({found.n} sample{'s' if found.n > 1 else ''})"
        return f"{words} ({span(found.low, found.high, unit)})"

    def ratio(self, metric: str, above: str, below: str, workload: str | None = None) -> Ratio | None:
        """Return the ratio of a figure's medians on two targets, or None where one has none."""
        first, second = self.values(above, metric, workload), self.values(below, metric, workload)
        return median_ratio(first, second) if first and second else None

    def fact(self, target: str, name: str) -> Any:
        """Return a fact as the latest sample of a target that has it tells it, or None."""
        for sample in reversed(self.by_target.get(target, ())):
            if sample.facts.get(name) is not None:
                return sample.facts[name]
        return None

    def facts(self, name: str) -> dict[str, Any]:
        """Return a fact of every target that tells it."""
        found = {target: self.fact(target, name) for target in self.by_target}
        return {target: told for target, told in found.items() if told is not None}

    def reason(self, target: str, metric: str) -> str | None:
        """Return why a figure is not applicable on a target, or None where no sample says so."""
        for sample in self.by_target.get(target, ()):
            if metric in sample.not_applicable:
                return sample.not_applicable[metric]
        return None


def sure_above(ratio: Ratio, bound: float) -> bool:
    """Return whether a ratio is above a bound with all of its interval; without one, by its value."""
    return (ratio.value if ratio.low is None else ratio.low) > bound


def sure_below(ratio: Ratio, bound: float) -> bool:
    """Return whether a ratio is below a bound with all of its interval; without one, by its value."""
    return (ratio.value if ratio.high is None else ratio.high) < bound


def in_words(ratio: Ratio) -> str:
    """Return a ratio as it is said to people."""
    return times(ratio)
