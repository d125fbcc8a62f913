"""Weighted tests: some get more of the false discovery rate, all together no more than it."""

from __future__ import annotations

import math

import numpy as np
import pytest

from isobench.stats import adjusted


def test_weights_share_the_rate_out_and_do_not_raise_it() -> None:
    # By hand: p / (w / mean w) is 0.002, 0.05, 0.05; Benjamini-Hochberg makes 0.006, 0.05, 0.05 of them.
    assert adjusted([0.004, 0.025, 0.025], [4, 1, 1]) == pytest.approx((0.006, 0.05, 0.05))
    assert adjusted([0.004, 0.025, 0.025], [7, 7, 7]) == adjusted([0.004, 0.025, 0.025])
    assert adjusted([None, 0.9], [1, 9]) == (None, 1.0)


@pytest.mark.parametrize("weights", [[1.0], [1.0, 0.0], [1.0, -1.0], [1.0, math.nan], [1.0, math.inf]])
def test_weights_that_are_none_are_refused(weights: list[float]) -> None:
    with pytest.raises(ValueError, match="weight"):
        adjusted([0.1, 0.2], weights)


def test_weighted_discoveries_are_false_at_most_as_often_as_the_rate_says() -> None:
    draw = np.random.default_rng(6)
    weights = [5.0] * 8 + [1.0] * 32
    false = sum(any(q is not None and q <= 0.05 for q in adjusted(draw.random(40), weights)) for _ in range(2000))
    assert false / 2000 < 0.05 + 3 * (0.05 * 0.95 / 2000) ** 0.5
