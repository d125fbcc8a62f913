"""A/A samples for ``gate_quality.py``: recorded ones read from CSV, or made up; and what changes are put into them."""

from __future__ import annotations

import csv
import gzip
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from isobench.gate.limits import Limits
from isobench.metrics import METRICS
from isobench.stats import spread
from isobench.stats.values import Values

Sessions = Mapping[str, Values]
"""One session: the values of each series, in order."""
Samples = dict[str, list[Values]]
"""Each series' values, session by session."""
STEADY = 0.03


def limits_of(series: str) -> Limits:
    """Return the limits of the metric that ends a series' name; an unknown one is better lower, by 5 %."""
    metric = METRICS.get(metric_of(series))
    return Limits.of(metric) if metric else Limits("lower", 0.05, 0.0)


def family_of(series: str) -> str:
    """Return the family of a series' metric; nothing for one that isobench does not register."""
    metric = METRICS.get(metric_of(series))
    return metric.family if metric else ""


def metric_of(series: str) -> str:
    """Return the metric that ends a series' name."""
    return series.rsplit(maxsplit=1)[-1] if series.strip() else ""


def injected(kind: str, change: float, series: str, values: Values) -> Values:
    """Return the values made worse by ``change``, as ``shift``, ``tails`` or ``drift``."""
    if kind == "shift":
        by = np.full(values.size, change)
    elif kind == "drift":
        by = np.linspace(0, 2 * change, values.size)
    else:
        bad = values if limits_of(series).direction == "lower" else -values
        by = np.where(bad >= np.quantile(bad, 0.8), change, 0.0)
    worse: Values = values * (1 + by if limits_of(series).direction == "lower" else 1 - by)
    return worse


def counts(series: str, change: float, values: Values) -> bool:
    """Whether a change is beyond the series' absolute floor: below it no gate is to find anything."""
    return change * abs(float(np.median(values))) > limits_of(series).floor


def steady_series(samples: Samples) -> set[str]:
    """Return the throughput series whose A/A spread (IQR over median of all samples) is at most 3 %."""
    found = set()
    for name, sessions in samples.items():
        metric = METRICS.get(name.split()[-1])
        share = spread(np.concatenate(sessions)).relative
        if metric and metric.family == "throughput" and metric.direction == "higher" and share and share <= STEADY:
            found.add(name)
    return found


def made_up(series: int, sessions: int, samples: int, seed: int) -> Samples:
    """Return synthetic A/A samples: log-normal, spreads of 0.3 to 6 % within and 0.1 to 3 % between sessions."""
    draw = np.random.default_rng(seed)
    metrics = ("requests_per_second", "cpu_events", "time_to_ready", "host_pss_ready", "seq_read")
    scale = {
        "requests_per_second": 8e4,
        "cpu_events": 900,
        "time_to_ready": 0.9,
        "host_pss_ready": 9e7,
        "seq_read": 9e8,
    }
    found: Samples = {}
    for number in range(series):
        metric = metrics[number % len(metrics)]
        within, between = np.exp(draw.uniform(np.log([0.003, 0.001]), np.log([0.06, 0.03])))
        found[f"made-up-{number:02}@docker {metric}"] = [
            scale[metric] * np.exp(draw.normal(draw.normal(0, between), within, samples)) for _ in range(sessions)
        ]
    return found


def read_samples(file: Path) -> Samples:
    """Return recorded samples; series that some session lacks are left out. Raises ValueError, naming the line."""
    rows: dict[str, dict[str, list[tuple[float, float]]]] = defaultdict(lambda: defaultdict(list))
    opening = gzip.open if file.suffix == ".gz" else open
    with opening(file, "rt", newline="", encoding="utf-8") as opened:
        for number, row in enumerate(csv.DictReader(opened), start=2):
            try:
                rows[row["series"]][row["session"]].append((float(row["order"]), float(row["value"])))
            except (KeyError, TypeError, ValueError):
                raise ValueError(f"{file}:{number}: wants series, session, order, value") from None
    names = {session for sessions in rows.values() for session in sessions}
    whole = {name: sessions for name, sessions in rows.items() if len(sessions) == len(names) and _gated(name)}
    if len(names) < 2 or not whole:
        raise ValueError(f"{file}: holds no series of two sessions or more")
    return {name: [np.array([value for _, value in sorted(sessions[session])]) for session in sorted(names)]
            for name, sessions in whole.items()}  # fmt: skip


def _gated(series: str) -> bool:
    return limits_of(series).direction != "neutral"
