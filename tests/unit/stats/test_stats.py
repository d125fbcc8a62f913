"""The statistics against SciPy, and at their edges."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats as scipy_stats

from isobench.stats import median, median_ratio, outlier_classes, paired_median_ratio, spread
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


def test_a_ratio_by_block_is_the_published_one() -> None:
    # The worked example of Bonett and Price's method in R's statpsych: ci.ratio.median.ps.
    first = [21, 4, 9, 12, 35, 18, 10, 22, 24, 1, 6, 8, 13, 16, 19]
    second = [67, 28, 30, 28, 52, 40, 25, 37, 44, 10, 14, 20, 28, 40, 51]
    by_block = paired_median_ratio(dict(enumerate(first)), dict(enumerate(second)))
    assert by_block is not None
    assert (by_block.value, by_block.low, by_block.high) == pytest.approx((13 / 30, 0.3094838, 0.6067451), abs=1e-7)


def test_an_independent_ratio_agrees_with_the_bootstrap() -> None:
    draw = np.random.default_rng(1)
    above, below = draw.lognormal(1, 0.1, 40), draw.lognormal(0, 0.1, 40)
    ours = median_ratio(above, below)
    theirs = scipy_stats.bootstrap(
        (above, below), lambda a, b, axis: np.median(a, axis=axis) / np.median(b, axis=axis),
        method="percentile", n_resamples=5000, rng=np.random.default_rng(4),
    ).confidence_interval  # fmt: skip
    assert ours is not None
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), rel=0.02)


def test_an_independent_ratio_by_hand() -> None:
    # Against a constant only one interval is left. Of 7 values the outermost leave 2/128 outside, the next 16/128: at
    # 7 % the share is 0.497, hence the weight 6 * share / (1 + 5 * share) = 0.856 of the second and the sixth value.
    found = median_ratio(np.exp([1.0, 2, 3, 4, 5, 6, 7]), [1.0] * 7)
    assert found is not None
    assert found.low is not None
    assert found.high is not None
    share = (0.07 - 2 / 128) / (14 / 128)
    weight = 6 * share / (1 + 5 * share)
    assert np.log([found.low, found.high]) == pytest.approx([1 + weight, 7 - weight])


def test_bimodal_groups_that_are_alike_do_not_differ() -> None:
    draw = np.random.default_rng(3)
    missed = 0
    for _ in range(300):
        above, below = (np.where(draw.random(20) < 0.5, 8.0, 12.0) + draw.normal(0, 0.5, 20) for _ in range(2))
        found = median_ratio(above, below)
        assert found is not None
        missed += not (found.low or 0) <= 1 <= (found.high or 0)
    assert missed / 300 <= 0.07


def test_a_ratio_by_block_leaves_out_what_is_not_common() -> None:
    values = {block: 2.0 + block % 3 for block in range(12)}
    reference = {block: 1.0 + block % 5 for block in range(2, 15)}
    found = paired_median_ratio(values, reference)
    assert found is not None
    assert (found.n, found.n_reference) == (10, 10)
    shared = range(2, 12)
    assert found == paired_median_ratio({b: values[b] for b in shared}, {b: reference[b] for b in shared})
    with pytest.raises(ValueError, match="statistic"):
        paired_median_ratio({1: 1.0}, {2: 1.0})


def test_a_ratio_of_the_same_is_one_and_of_constants_has_no_width() -> None:
    same = {block: 3.0 + block for block in range(20)}
    found = paired_median_ratio(same, same)
    assert found is not None
    assert found.low is not None
    assert found.high is not None
    assert found.low < found.value == 1 < found.high
    constant = median_ratio([6.0] * 7, [4.0] * 9)
    assert constant is not None
    assert (constant.value, constant.low, constant.high) == (1.5, 1.5, 1.5)


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
