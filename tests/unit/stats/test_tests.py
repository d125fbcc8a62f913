"""Permutation tests and the family of them: against SciPy, by hand, and at their edges."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as scipy_stats

from isobench.stats import adjusted, discoveries, paired_permutation_test, permutation_test


def numbered(values: list[float]) -> dict[int, float]:
    return dict(enumerate(values))


def test_small_groups_are_tested_exactly() -> None:
    above, below = [5.1, 6.2, 7.3, 8.4, 5.5], [4.0, 5.2, 3.3, 6.1, 2.0, 1.0]
    found = permutation_test(above, below)
    assert found.exact
    assert found.p == pytest.approx(scipy_stats.mannwhitneyu(above, below, method="exact").pvalue)
    assert found.resolution == pytest.approx(2 / math.comb(11, 5))


def test_few_blocks_are_tested_exactly() -> None:
    above, below = [5.1, 6.3, 7.2, 8.9, 5.5, 4.1, 7.7], [4.0, 5.4, 3.3, 9.1, 2.0, 5.6, 1.0]
    found = paired_permutation_test(numbered(above), numbered(below))
    assert found.exact
    assert found.p == pytest.approx(scipy_stats.wilcoxon(above, below, method="exact").pvalue)
    assert found.resolution == 2 / 2**7


@pytest.mark.parametrize("threshold", [0.05, 1e-3])
def test_the_resolution_is_ten_times_finer_than_the_threshold(threshold: float) -> None:
    apart = permutation_test(range(100, 115), range(15), threshold=threshold)
    assert not apart.exact
    assert apart.resolution <= threshold / 10
    assert apart.p == pytest.approx(apart.resolution)
    assert apart == permutation_test(range(100, 115), range(15), threshold=threshold)


def test_drawn_and_exact_agree() -> None:
    draw = np.random.default_rng(2)
    above, below = draw.normal(0.5, 1, 30), draw.normal(0, 1, 25)
    exact = scipy_stats.mannwhitneyu(above, below, method="exact").pvalue
    assert permutation_test(above, below).p == pytest.approx(exact, abs=4 * math.sqrt(exact / 9999))


def test_without_evidence_p_is_one() -> None:
    assert permutation_test([3.0] * 5, [3.0] * 9).p == 1
    assert permutation_test([0.0] * 50, [0.0] * 50).p == 1
    assert permutation_test([9.0], [1.0] * 40).p == 1
    assert paired_permutation_test(numbered([2.0] * 12), numbered([2.0] * 12)).p == 1
    assert paired_permutation_test({4: 1.0, 5: 1.0}, {4: 9.0}).p == 1


def test_groups_too_small_cannot_reach_the_threshold() -> None:
    found = permutation_test([7.0, 8.0, 9.0], [1.0, 2.0, 3.0])
    assert found.p == found.resolution == pytest.approx(0.1)


@pytest.mark.parametrize("bad", [[], [float("nan"), 1.0], [float("-inf")]])
def test_what_was_not_measured_is_refused(bad: list[float]) -> None:
    with pytest.raises(ValueError, match="statistic"):
        permutation_test(bad, [1.0, 2.0])
    with pytest.raises(ValueError, match="statistic"):
        paired_permutation_test(numbered(bad), numbered([1.0, 2.0]))
    with pytest.raises(ValueError, match="threshold"):
        permutation_test([1.0, 2.0], [1.0, 2.0], threshold=0)


def test_the_family_of_benjamini_and_hochbergs_own_example() -> None:
    # Their section 3.2: 15 p-values, of which the four smallest are discoveries at 5 %.
    p = [
        0.0001,
        0.0004,
        0.0019,
        0.0095,
        0.0201,
        0.0278,
        0.0298,
        0.0344,
        0.0459,
        0.324,
        0.4262,
        0.5719,
        0.6528,
        0.759,
        1,
    ]
    assert discoveries(p) == (True,) * 4 + (False,) * 11
    assert discoveries(p[::-1]) == (False,) * 11 + (True,) * 4
    assert adjusted(p) == pytest.approx(scipy_stats.false_discovery_control(p))


def test_a_test_that_failed_is_no_discovery_and_helps_no_other() -> None:
    assert discoveries([None, float("nan"), 0.001]) == (False, False, True)
    *failed, sound = adjusted([None, float("nan"), 0.001])
    assert failed == [None, None]
    assert sound == pytest.approx(0.003)
    assert discoveries([None, None]) == (False, False)
    assert discoveries([]) == ()


@pytest.mark.parametrize("bad", [-0.1, 1.5, float("inf")])
def test_what_is_no_p_value_is_refused(bad: float) -> None:
    with pytest.raises(ValueError, match="p-value"):
        adjusted([0.5, bad])


@given(st.lists(st.one_of(st.none(), st.floats(0, 1), st.just(float("nan"))), max_size=20))
def test_adjusting_never_makes_a_p_smaller(p_values: list[float | None]) -> None:
    for p, q in zip(p_values, adjusted(p_values), strict=True):
        assert (q is None) == (p is None or math.isnan(p))
        assert q is None or p is None or p <= q <= 1
