"""The statistics against SciPy, and at their edges."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats as scipy_stats

from isobench.stats import median, median_ratio, outlier_classes, spread
from isobench.stats.median import interval_ranks


@pytest.mark.parametrize("n", [6, 7, 8, 10, 15, 30, 101])
def test_the_median_interval_is_scipys_quantile_test(n: int) -> None:
    values = np.random.default_rng(n).lognormal(size=n)
    ours = median(values)
    theirs = scipy_stats.quantile_test(values, q=0, p=0.5).confidence_interval(0.95)
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high))
    assert ours.coverage is not None
    assert ours.coverage >= 0.95


@pytest.mark.parametrize("n", [1, 2, 5])
def test_below_six_there_is_no_interval(n: int) -> None:
    found = median(range(1, n + 1))
    assert not found.has_interval
    assert (found.smallest, found.largest) == (1, n)
    assert interval_ranks(n) is None


def test_ties_and_zero() -> None:
    tied = median([3.0] * 9)
    assert (tied.value, tied.low, tied.high) == (3.0, 3.0, 3.0)
    assert median([0.0]).value == 0
    assert spread([0.0, 0.0]).relative is None
    assert outlier_classes([2.0] * 5) == ("inside",) * 5


@pytest.mark.parametrize("bad", [[], [1.0, float("nan")], [float("inf")]])
def test_what_was_not_measured_is_refused(bad: list[float]) -> None:
    for statistic in (median, spread, outlier_classes):
        with pytest.raises(ValueError, match="statistic"):
            statistic(bad)
    with pytest.raises(ValueError, match="statistic"):
        median_ratio([1.0], bad)


def test_a_ratio_agrees_with_scipys_bootstrap() -> None:
    draw = np.random.default_rng(1)
    above, below = draw.lognormal(1, 0.1, 40), draw.lognormal(0, 0.1, 40)
    ours = median_ratio(above, below, seed=3, resamples=5000)
    theirs = scipy_stats.bootstrap(
        (above, below), lambda a, b, axis: np.median(a, axis=axis) / np.median(b, axis=axis),
        method="percentile", n_resamples=5000, rng=np.random.default_rng(4),
    ).confidence_interval  # fmt: skip
    assert ours is not None
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), rel=0.02)
    assert ours == median_ratio(above, below, seed=3, resamples=5000)


def test_a_ratio_at_its_edges() -> None:
    assert median_ratio([1.0], [0.0]) is None
    single = median_ratio([4.0], [2.0])
    assert single is not None
    assert (single.value, single.low) == (2.0, None)
    unbounded = median_ratio([1.0] * 8, [0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0, 1.0])
    assert unbounded is not None
    assert unbounded.low is None


def test_spread_agrees_with_scipy_and_outliers_with_tukey() -> None:
    values = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 13.5, 40.0]
    assert spread(values).iqr == pytest.approx(scipy_stats.iqr(values))
    assert outlier_classes(range(1, 9)) == ("inside",) * 8
    assert outlier_classes([1, 2, 3, 4, 5, 6, 7, 8, 40])[-1] == "severe"
    assert outlier_classes([1, 2, 3, 4, 5, 6, 7, 8, 14])[-1] == "mild"
