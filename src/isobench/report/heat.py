"""The heat map of the overview: each cell over a reference, for each metric and reference that a reader may pick."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from isobench.metrics import METRICS
from isobench.report.format import around, digits, short
from isobench.report.headline import main_metric, rate_title
from isobench.report.series import REFERENCES, Data, Series
from isobench.stats import Ratio

EDGES = (1.05, 1.25, 2.0, 5.0)
"""Where the colour grows stronger, as factors for the worse or the better: about even steps of a logarithm."""
_METRICS = (
    ("ready", "Time to ready", "time_to_ready"),
    ("memory", "Host memory of an instance", "host_pss_ready"),
    ("further", "Host memory of each further instance", "host_available_drop"),
)
_RATE = ("rate", "Throughput")


@dataclass(frozen=True, slots=True)
class Tile:
    """One cell of the map: its ``kind`` (``ratio``, ``reference``, ``emulated``, ``alone`` or ``none``) and words.

    ``step`` is the strength of its colour: 1 to 4 for the worse, -1 to -4 for the better, 0 for no clear difference.
    """

    kind: str
    step: int = 0
    text: str = "–"
    around: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """A metric to pick; a workload's own in ``metrics``, since throughput is another one for each."""

    key: str
    title: str
    metrics: dict[str, str]


@dataclass(frozen=True, slots=True)
class Heat:
    """All that the map can show. ``tiles`` are by choice, reference, workload, target."""

    choices: list[Choice]
    references: list[str]
    tiles: dict[str, dict[str, list[list[Tile]]]]
    json: str

    @property
    def first(self) -> list[list[Tile]]:
        """The tiles that stand before a reader has picked anything."""
        return self.tiles[self.choices[0].key][self.references[0]]

    @property
    def upright(self) -> bool:
        """Whether a target is a row: where there are more of them than workloads, so that it is less wide."""
        return len(self.first[0]) > len(self.first)


def heat(data: Data) -> Heat | None:
    """Return the map; None where no two targets could be set against each other."""
    choices, references = _choices(data), references_of(data)
    if not choices or not references or len(data.targets) < 2:
        return None
    tiles = {
        choice.key: {
            name: [[_tile(data, choice, w, t, name) for t in data.targets] for w in data.workloads]
            for name in references
        }
        for choice in choices
    }
    return Heat(choices, references, tiles, _written(data, choices, references, tiles))


def references_of(data: Data) -> list[str]:
    """Return the targets that others can be set against, the usual ones first; none that is emulated."""
    real = list(dict.fromkeys(target.partition(" [")[0] for target in data.real))
    return sorted(real, key=lambda name: REFERENCES.index(name) if name in REFERENCES else len(REFERENCES))


def step_of(ratio: Ratio, lower_is_better: bool) -> int:
    """Return the strength of a ratio's colour; 0 also where its interval holds 1."""
    if ratio.value <= 0 or (ratio.low is not None and ratio.high is not None and ratio.low <= 1 <= ratio.high):
        return 0
    factor = max(ratio.value, 1 / ratio.value)
    worse = (ratio.value > 1) == lower_is_better
    return sum(factor >= edge for edge in EDGES) * (1 if worse else -1)


def _choices(data: Data) -> list[Choice]:
    fixed = [Choice(key, title, dict.fromkeys(data.workloads, name)) for key, title, name in _METRICS]
    rates = {w: name for w in data.workloads if (name := main_metric(data, w))}
    found = [*fixed, Choice(*_RATE, rates)]
    return [c for c in found if any(data.get(w, t, m) for w, m in c.metrics.items() for t in data.targets)]


def _series(data: Data, choice: Choice, workload: str, target: str) -> Series | None:
    name = choice.metrics.get(workload)
    return data.get(workload, target, name) if name else None


def _tile(data: Data, choice: Choice, workload: str, target: str, reference: str) -> Tile:
    series = _series(data, choice, workload, target)
    if series is None:
        return Tile("none")
    if not series.comparable:
        return Tile("emulated", text="emulated")
    if data.reference(series, reference) is series:
        return Tile("reference", text="1")
    found = data.ratio(series, reference)
    if found is None:
        return Tile("alone", text=series.text)
    step = step_of(found, METRICS[series.metric.name].direction == "lower")
    return Tile("ratio", step, f"{digits(found.value)}×", around(found))


def _written(
    data: Data, choices: list[Choice], references: list[str], tiles: dict[str, dict[str, list[list[Tile]]]]
) -> str:
    """Return what the page's script needs, as JSON: it paints the tiles and says each in words."""
    medians = {
        c.key: [[s.text if (s := _series(data, c, w, t)) else None for t in data.targets] for w in data.workloads]
        for c in choices
    }
    counts = {
        c.key: [[s.median.n if (s := _series(data, c, w, t)) else 0 for t in data.targets] for w in data.workloads]
        for c in choices
    }
    told: dict[str, Any] = {
        "workloads": [short(w, 40) for w in data.workloads],
        "targets": [short(t, 40) for t in data.targets],
        "bare": [t.partition(" [")[0] for t in data.targets],
        "metrics": [
            {"key": c.key, "title": c.title, "medians": medians[c.key], "counts": counts[c.key],
             "counted": [rate_title(c.metrics[w]) if c.key == _RATE[0] and w in c.metrics else c.title.lower()
                         for w in data.workloads],
             "lower": [METRICS[c.metrics[w]].direction == "lower" if w in c.metrics else True for w in data.workloads],
             "tiles": [[[(t.kind, t.step, t.text, t.around) for t in row] for row in tiles[c.key][name]]
                       for name in references]}
            for c in choices
        ],
    }  # fmt: skip
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"))
