"""The smallest effect found, against gates and laws of which it is known."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pytest
from tests.unit.calibrate import aa

from isobench.calibrate.gate import CompareGate
from isobench.calibrate.power import GRID, LEVELS, SIZES, Power, powers
from isobench.calibrate.values import SeriesKey
from isobench.metrics import METRICS

BOUND = 0.05


def effect_of(found: tuple[Power, ...], samples: int, level: float) -> float | None:
    return next(one.effect for one in found if (one.samples, one.level) == (samples, level))


def on_grid(effect: float) -> set[float]:
    """Return the least effect of the grid that reaches this one, and its neighbours: simulation may miss by one."""
    place = next(n for n, step in enumerate(GRID) if step >= effect)
    return set(GRID[max(place - 1, 0) : place + 2])


@pytest.mark.parametrize("samples", SIZES)
@pytest.mark.parametrize("level", LEVELS)
def test_the_least_effect_is_the_one_that_the_normal_law_gives(samples: int, level: float) -> None:
    # The medians' difference has s.d. √2 · 1.2533 · 4 % / √n; the effect must clear the bound by z of them.
    found = powers(aa.ThresholdGate(1 + BOUND), aa.READY, aa.sessions(10, 2000, 0.04, 0.0), draws=400)
    error = np.sqrt(2) * 1.2533 * 0.04 / np.sqrt(samples)
    assert effect_of(found, samples, level) in on_grid(BOUND + NormalDist().inv_cdf(level) * error)


def test_the_spread_between_sessions_counts_and_more_samples_do_not_help_against_it() -> None:
    found = powers(aa.ThresholdGate(1 + BOUND), aa.READY, aa.sessions(40, 200, 0.001, 0.05), draws=400)
    for samples in SIZES:
        assert effect_of(found, samples, 0.80) in on_grid(BOUND + 0.8416 * np.sqrt(2) * 0.05)


def test_where_higher_is_better_the_rate_is_made_smaller() -> None:
    found = powers(aa.ThresholdGate(1.25), aa.RATE, aa.sessions(3, 20, 0.0, 0.0, middle=900.0))
    # 1 / (1 - 0.20) = 1.25 is not beyond the bound, 1 / (1 - 0.25) is.
    assert {one.effect for one in found} == {0.25}


def test_a_steady_series_needs_no_more_than_the_smallest_effect_that_counts() -> None:
    assert METRICS["time_to_ready"].relevant_effect == 0.05
    found = powers(CompareGate(), aa.READY, aa.sessions(3, 10, 0.0, 0.0))
    assert len(found) == len(SIZES) * len(LEVELS)
    # At the bound itself rounding decides.
    assert {one.effect for one in found} <= {0.05, 0.06}


def test_below_the_floor_no_effect_up_to_half_is_found() -> None:
    assert METRICS["time_to_ready"].floor == 0.005
    found = powers(CompareGate(), aa.READY, aa.sessions(3, 10, 0.0, 0.0, middle=0.009))
    assert {one.effect for one in found} == {None}


def test_a_gate_with_several_baseline_sessions_gets_different_ones_of_the_same_size() -> None:
    seen: set[tuple[int, ...]] = set()

    class Watching(aa.ThresholdGate):
        def verdicts(self, baseline, session):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
            # Each session is constant, so its value tells which one it is.
            levels = [round(float(values[aa.READY][0]), 6) for values in baseline]
            assert len(set(levels)) == len(levels) == 3
            seen.add(tuple(values[aa.READY].size for values in (*baseline, session)))
            return super().verdicts(baseline, session)

    powers(Watching(1.05, baseline=3), aa.READY, aa.sessions(5, 10, 0.0, 0.02), draws=20)
    assert seen == {(size,) * 4 for size in SIZES}


@pytest.mark.parametrize(
    ("metric", "count", "samples"), [("clock_ratio", 5, 10), ("time_to_ready", 1, 10), ("time_to_ready", 5, 2)]
)
def test_there_is_no_power_where_neither_way_is_better_or_too_little_is_known(
    metric: str, count: int, samples: int
) -> None:
    key = SeriesKey("idle", "docker", metric)
    assert powers(CompareGate(), key, aa.sessions(count, samples, 0.01, 0.0)) == ()


def test_of_nothing_no_factor_makes_more() -> None:
    assert powers(CompareGate(), aa.READY, aa.sessions(3, 10, 0.0, 0.0, middle=0.0)) == ()


def test_the_same_sessions_give_the_same_answer() -> None:
    values = aa.sessions(5, 6, 0.05, 0.02)
    first, second = (powers(CompareGate(), aa.READY, values, draws=50) for _ in range(2))
    assert first == second
