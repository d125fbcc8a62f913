"""Change points on series of known truth."""

from __future__ import annotations

import numpy as np
import pytest

from isobench.history import MIN_SEGMENT, steps
from isobench.stats.values import Values


def series(*levels: tuple[float, int], noise: float = 0.01, seed: int = 1) -> Values:
    draw = np.random.default_rng(seed)
    return np.concatenate([level * np.exp(draw.normal(0, noise, count)) for level, count in levels])


def test_a_step_is_found_where_it_is_with_its_size_and_interval() -> None:
    (step,) = steps(series((1.0, 30), (1.1, 30)).tolist())
    assert abs(step.first - 30) <= 1
    assert step.low is not None
    assert step.high is not None
    assert step.low < 1.1 < step.high
    assert step.ratio == pytest.approx(1.1, rel=0.01)
    assert step.before == pytest.approx(1.0, rel=0.01)
    assert step.after == pytest.approx(1.1, rel=0.01)


@pytest.mark.parametrize("second", [1.55, 1.45, 1.0])
def test_a_large_step_does_not_hide_a_later_one(second: float) -> None:
    found = steps(series((1.0, 40), (1.5, 40), (second, 20)).tolist())
    assert [abs(step.first - at) <= 1 for step, at in zip(found, (40, 80), strict=True)] == [True, True]


def test_no_change_point_in_200_unchanged_series() -> None:
    assert sum(len(steps(series((1.0, 100), seed=seed).tolist())) for seed in range(200)) <= 1


def test_a_few_odd_sessions_are_no_change_and_hide_none() -> None:
    values = series((1.0, 40), (1.1, 40))
    values[[10, 11, 12]] *= 10
    values[60] *= 0.1
    (step,) = steps(values.tolist())
    assert abs(step.first - 40) <= 1


def test_a_step_is_found_as_soon_as_the_segment_is_whole() -> None:
    assert [step.first for step in steps(series((1.0, 30), (1.2, MIN_SEGMENT)).tolist())] == [30]
    assert steps(series((1.0, 30), (1.2, MIN_SEGMENT - 1)).tolist()) == []


def test_smaller_steps_than_asked_for_are_left_out() -> None:
    values = series((1.0, 50), (1.03, 50)).tolist()
    assert len(steps(values)) == 1
    assert steps(values, least=0.05) == []


def test_figures_that_never_vary() -> None:
    assert steps([95.0] * 40) == []
    (step,) = steps([95.0] * 20 + [145.0] * 20)
    assert (step.first, step.before, step.after) == (20, 95.0, 145.0)
    assert step.ratio == pytest.approx(145 / 95)


def test_few_sessions_have_no_change_point_and_bad_levels_are_refused() -> None:
    assert steps([1.0] * 4 + [9.0] * 5) == []
    for bad in ([0.0] * 20, [float("nan")] * 20, []):
        with pytest.raises(ValueError, match=r"refuses|needs"):
            steps(bad)
