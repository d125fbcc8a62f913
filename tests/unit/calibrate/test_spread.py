"""Spread within and between sessions, on laws whose spread is known."""

from __future__ import annotations

import numpy as np
import pytest
from tests.unit.calibrate import aa

from isobench.calibrate.spread import spreads
from isobench.stats.values import Values

IQR_OF_NORMAL = 1.349


def mean_between(within: float, between: float, samples: int) -> float:
    """Return the root mean square of the estimate over many calibrations of ten sessions."""
    found = [spreads(aa.sessions(10, samples, within, between, seed=seed)).between for seed in range(200)]
    return float(np.sqrt(np.mean([value**2 for value in found if value is not None])))


@pytest.mark.parametrize("samples", [6, 20])
def test_the_spread_between_sessions_is_found_without_the_sampling_noise_of_their_medians(samples: int) -> None:
    assert mean_between(within=0.05, between=0.04, samples=samples) == pytest.approx(0.04, rel=0.1)


def test_sessions_that_differ_by_sampling_noise_alone_have_next_to_no_spread_between_them() -> None:
    noise_of_a_median = 1.2533 * 0.05 / np.sqrt(20)
    assert mean_between(within=0.05, between=0.0, samples=20) < 0.7 * noise_of_a_median
    found = [spreads(aa.sessions(10, 20, 0.05, 0.0, seed=seed)).between for seed in range(100)]
    assert found.count(0.0) >= 30


def test_the_spread_within_is_the_interquartile_range_and_shifts_of_sessions_do_not_widen_it() -> None:
    for between in (0.0, 0.2):
        found = spreads(aa.sessions(20, 400, 0.02, between, middle=5.0)).within
        assert found == pytest.approx(IQR_OF_NORMAL * 0.02, rel=0.1)


@pytest.mark.parametrize(
    ("values", "within", "between"),
    [
        ([[3.0, 3.0, 3.0], [3.0, 3.0, 3.0]], 0.0, 0.0),
        ([[0.0, 0.0, 0.0], [0.0, 0.0, 0.0]], None, None),
        ([[1.0, 2.0, 3.0]], 0.5, None),
        ([[1.0, 2.0], [1.0, 2.0]], None, None),
        ([[1.0, 2.0, 3.0], [9.0, 9.5]], 0.5, None),
    ],
)
def test_edges_have_defined_answers(values: list[list[float]], within: float | None, between: float | None) -> None:
    found = spreads([np.array(one) for one in values])
    assert (found.within, found.between) == (within, between)


def test_two_steady_sessions_apart_show_their_distance() -> None:
    steady: list[Values] = [np.full(6, 1.0), np.full(6, 1.1)]
    assert spreads(steady).between == pytest.approx(np.std([1.0, 1.1], ddof=1) / 1.05)
