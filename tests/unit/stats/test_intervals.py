"""Intervals of any summary, of ratios together and of quantiles: against SciPy, by hand, and at their edges."""

from __future__ import annotations

import numpy as np
import pytest
from benchmarks import stats_coverage
from scipy import stats as scipy_stats

from isobench.stats import Refused, bootstrap_interval, fewest_for, geometric_mean, quantile
from isobench.stats.quantile import quantile_ranks


def test_a_bootstrap_interval_is_scipys() -> None:
    values = np.random.default_rng(1).lognormal(size=30)
    for method in ("BCa", "percentile"):
        ours = bootstrap_interval(values, np.mean, method=method, seed=7)
        theirs = scipy_stats.bootstrap(
            (values,), np.mean, method=method, n_resamples=1999, rng=np.random.default_rng(7)
        ).confidence_interval
        assert (ours.low, ours.high) == (theirs.low, theirs.high)
        assert ours.value == pytest.approx(values.mean())


def test_bootstrap_at_its_edges() -> None:
    assert not bootstrap_interval([1.0], np.mean).has_interval
    assert not bootstrap_interval(range(5), np.mean).has_interval
    constant = bootstrap_interval([0.0] * 9, np.mean)
    assert (constant.value, constant.low, constant.high) == (0.0, 0.0, 0.0)
    # A resample without spread has no finite skewness, so the interval has no end.
    assert not bootstrap_interval([0, 0, 0, 0, 0, 0, 1], scipy_stats.skew).has_interval
    with pytest.raises(ValueError, match="summary"):
        bootstrap_interval(range(9), lambda x: float("nan"))
    for bad in ([], [1.0, float("nan")], [float("inf")]):
        with pytest.raises(ValueError, match="statistic"):
            bootstrap_interval(bad, np.mean)


def test_a_geometric_mean_is_scipys_with_students_interval() -> None:
    ratios = [0.5, 1.5, 2.0, 8.0]
    found = geometric_mean(ratios)
    logs = np.log(ratios)
    expected = np.exp(scipy_stats.t.interval(0.95, 3, logs.mean(), scipy_stats.sem(logs)))
    assert found.value == pytest.approx(scipy_stats.gmean(ratios))
    assert (found.low, found.high) == pytest.approx(tuple(expected))
    turned = geometric_mean([1 / ratio for ratio in ratios])
    assert found.low is not None
    assert (turned.value, turned.high) == pytest.approx((1 / found.value, 1 / found.low))


def test_a_geometric_mean_at_its_edges() -> None:
    assert geometric_mean([4.0]).value == pytest.approx(4)
    assert not geometric_mean([4.0]).has_interval
    same = geometric_mean([2.0, 2.0, 2.0])
    assert (same.value, same.low, same.high) == pytest.approx((2, 2, 2))
    for bad in ([], [1.0, 0.0], [-1.0], [float("nan")], [float("inf")]):
        with pytest.raises(ValueError, match="statistic"):
            geometric_mean(bad)


def test_a_quantile_beyond_the_values_is_refused() -> None:
    refused = quantile(range(298), 0.99)
    assert refused == Refused("p99 needs at least 299 values for a 95% interval, this has 298")
    found = quantile(range(299), 0.99)
    assert not isinstance(found, Refused)
    assert found.high == 298
    assert found.coverage >= 0.95
    assert [fewest_for(p) for p in (0.01, 0.5, 0.9, 0.99)] == [299, 6, 29, 299]
    assert isinstance(quantile([1.0], 0.5), Refused)


@pytest.mark.parametrize(("count", "p"), [(6, 0.5), (20, 0.5), (40, 0.25), (40, 0.9), (60, 0.95), (299, 0.99)])
def test_a_quantiles_ranks_are_the_closest_that_reach_the_confidence(count: int, p: float) -> None:
    def covered(low: int, high: int) -> float:  # ranks low + 1 to high + 1 hold it for low + 1 to high values below
        return float(scipy_stats.binom.pmf(np.arange(low + 1, high + 1), count, p).sum())

    ranks = quantile_ranks(count, p)
    assert ranks is not None
    low, high, coverage = ranks
    assert coverage == pytest.approx(covered(low, high))
    closer = [covered(start, start + high - low - 1) for start in range(count - (high - low) + 1)]
    assert max(closer) < 0.95 <= coverage


def test_a_quantile_of_ties_and_nonsense() -> None:
    tied = quantile([0.0] * 50, 0.9)
    assert not isinstance(tied, Refused)
    assert (tied.value, tied.low, tied.high) == (0.0, 0.0, 0.0)
    for p in (0.0, 1.0, -1.0, 99.0):
        with pytest.raises(ValueError, match="quantile"):
            quantile(range(10), p)
    with pytest.raises(ValueError, match="statistic"):
        quantile([float("nan")], 0.5)


def test_the_coverage_table_tells_a_demand_that_is_missed() -> None:
    def never(draw: np.random.Generator) -> tuple[float | None, float | None]:
        return None, None

    def always(draw: np.random.Generator) -> tuple[float | None, float | None]:
        return 0.0, 2.0

    missed = stats_coverage.Case("median", "normal", "10", 1.0, never, (0.93, 1.0))
    assert stats_coverage.simulate(missed, 10, 0).missed
    met = stats_coverage.Case("median", "normal", "10", 1.0, always, (0.93, 1.0))
    assert not stats_coverage.simulate(met, 10, 0).missed
    found = stats_coverage.Case("ratio", "ties", "10", 1.0, always)
    assert stats_coverage.simulate(found, 10, 0).verdict() == "as found, outside 93% to 97%"
