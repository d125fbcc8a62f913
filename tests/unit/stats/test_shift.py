"""The Hodges-Lehmann shift, its ranks and Cliff's delta: against SciPy's tests, by hand, and at their edges."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats as scipy_stats

from isobench.stats import cliffs_delta, paired_shift, shift
from isobench.stats.ranks import mann_whitney_rank, signed_rank

NUMBERS = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=12)


def numbered(values: list[float]) -> dict[int, float]:
    return dict(enumerate(values))


def test_the_published_tables_of_critical_ranks() -> None:
    # Wilcoxon's tables at two-sided 5 %: the largest rejected U and T.
    assert [mann_whitney_rank(n, n, 0.95) for n in (3, 4, 5, 10, 20)] == [None, 0, 2, 23, 127]
    assert [signed_rank(n, 0.95) for n in (5, 6, 7, 10, 20)] == [None, 0, 2, 8, 52]


def test_beyond_the_exact_counts_the_approximation_goes_on_without_a_step() -> None:
    steps = np.diff([mann_whitney_rank(n, 100, 0.95) or 0 for n in (99, 100, 101)])
    assert steps.max() - steps.min() <= 2
    walsh = np.diff([signed_rank(n, 0.95) or 0 for n in (198, 199, 200, 201)])
    assert walsh.max() - walsh.min() <= 3


@pytest.mark.parametrize(("n", "m"), [(4, 9), (8, 8), (20, 13)])
def test_the_interval_is_what_the_mann_whitney_test_does_not_reject(n: int, m: int) -> None:
    draw = np.random.default_rng(n)
    above, below = draw.normal(1, 1, n), draw.normal(0, 1, m)
    found = shift(above, below)
    assert found.low is not None
    assert found.high is not None
    for inside, outside in ((found.low + 1e-9, found.low - 1e-9), (found.high - 1e-9, found.high + 1e-9)):
        p = [scipy_stats.mannwhitneyu(above - by, below, method="exact").pvalue for by in (inside, outside)]
        assert p[0] > 0.05 >= p[1]


def test_the_paired_interval_is_what_the_signed_rank_test_does_not_reject() -> None:
    draw = np.random.default_rng(5)
    above, below = draw.normal(1, 1, 14), draw.normal(0, 1, 14)
    found = paired_shift(numbered(above.tolist()), numbered(below.tolist()))
    assert found.low is not None
    assert found.high is not None
    for inside, outside in ((found.low + 1e-9, found.low - 1e-9), (found.high - 1e-9, found.high + 1e-9)):
        p = [scipy_stats.wilcoxon(above - by, below, method="exact").pvalue for by in (inside, outside)]
        assert p[0] > 0.05 >= p[1]


def test_by_hand_and_at_the_edges() -> None:
    assert shift([3.0, 5.0], [1.0, 2.0]).value == 2.5  # of 2, 1, 4, 3
    assert paired_shift({1: 1.0, 2: 3.0}, {1: 0.0, 2: 0.0}).value == 2.0  # of 1, 2, 3
    assert not shift([1.0], [0.0] * 30).has_interval
    tied = shift([2.0] * 6, [1.0] * 8)
    assert (tied.value, tied.low, tied.high) == (1.0, 1.0, 1.0)
    nothing = paired_shift(numbered([4.0] * 8), numbered([4.0] * 8))
    assert (nothing.value, nothing.low, nothing.high) == (0.0, 0.0, 0.0)


def test_only_common_blocks_count() -> None:
    assert paired_shift({1: 5.0, 2: 9.0, 7: 1.0}, {2: 4.0, 3: 100.0}).value == 5.0
    with pytest.raises(ValueError, match="statistic"):
        paired_shift({1: 5.0}, {2: 5.0})


@pytest.mark.parametrize("bad", [[], [float("nan")], [1.0, float("inf")]])
def test_what_was_not_measured_is_refused(bad: list[float]) -> None:
    for statistic in (shift, cliffs_delta):
        with pytest.raises(ValueError, match="statistic"):
            statistic([1.0], bad)
    with pytest.raises(ValueError, match="statistic"):
        paired_shift(numbered([1.0] * len(bad)), numbered(bad))


@settings(max_examples=40, deadline=None)
@given(NUMBERS, NUMBERS)
def test_exchanging_the_groups_changes_the_sign(one: list[float], other: list[float]) -> None:
    there, back = shift(one, other), shift(other, one)
    assert there.value == -back.value
    if there.low is not None and there.high is not None:
        assert (back.low, back.high) == (-there.high, -there.low)
        assert there.low <= there.value <= there.high
    assert cliffs_delta(one, other) == -cliffs_delta(other, one)


@settings(max_examples=40, deadline=None)
@given(NUMBERS, NUMBERS)
def test_cliffs_delta_is_the_mann_whitney_count_rescaled(one: list[float], other: list[float]) -> None:
    u = scipy_stats.mannwhitneyu(one, other, method="asymptotic").statistic if len({*one, *other}) > 1 else None
    expected = 0.0 if u is None else 2 * u / (len(one) * len(other)) - 1
    assert cliffs_delta(one, other) == pytest.approx(expected, abs=1e-12)
