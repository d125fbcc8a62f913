"""The sequential test: what it says of known differences, and that its rate holds however often one looks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.unit.ab.drawn import TIME, pairs

from isobench.ab import Pairs, Spending, decide
from isobench.gate import Limits
from isobench.gate.decide import RATE


def test_the_looks_spend_the_whole_rate_and_never_more() -> None:
    for least, most in ((4, 4), (4, 5), (6, 40), (10, 1000)):
        spending = Spending(least, most)
        planned = spending.planned()
        assert list(planned) == sorted(set(planned))
        assert (planned[0], planned[-1]) == (least, most)
        for blocks in range(1, most + 1):
            shares = [share for _, share in spending.looks(blocks)]
            assert min(shares) > 0
            assert sum(shares) == pytest.approx(blocks / most)


def test_known_differences_are_named() -> None:
    found = decide({"same": pairs(1), "worse": pairs(2, 1.2), "better": pairs(3, 0.8)}, 40)
    assert {key: answer.verdict for key, answer in found.items()} == {
        "same": "no change", "worse": "regression", "better": "improvement",
    }  # fmt: skip
    worse = found["worse"]
    assert worse.ratio is not None
    assert worse.ratio[1] < 1.2 < worse.ratio[2]
    assert worse.n == 40


def test_a_rate_that_falls_is_the_regression() -> None:
    rate = Limits("higher", 0.03, 0.0)
    assert decide({"x": pairs(2, 0.8, limits=rate)}, 40)["x"].verdict == "regression"


def test_a_large_difference_is_decided_at_the_first_look_and_a_small_one_is_not() -> None:
    def first(ratio: float) -> str:
        one = pairs(5, ratio)
        early = Pairs({b: v for b, v in one.reference.items() if b <= 6},
                      {b: v for b, v in one.variant.items() if b <= 6}, TIME)  # fmt: skip
        return decide({"x": early}, 6)["x"].verdict

    assert first(2.0) == "regression"
    assert first(1.06) == "inconclusive"


def test_below_the_floor_nothing_counts() -> None:
    found = decide({"x": pairs(2, 1.2, limits=Limits("lower", 0.05, 0.5))}, 40)["x"]
    assert found.verdict == "no change"


def test_blocks_that_one_side_lacks_are_left_out() -> None:
    whole = pairs(2, 1.2)
    some = Pairs({b: v for b, v in whole.reference.items() if b % 2}, whole.variant, TIME)
    assert decide({"x": some}, 40)["x"].n == 20
    few = decide({"x": Pairs({1: 1.0, 2: 1.0, 3: 1.0}, whole.variant, TIME)}, 40)["x"]
    assert (few.verdict, few.n, few.p) == ("inconclusive", 3, None)


def test_what_never_varies_is_sure_at_once_only_where_it_is_counted() -> None:
    sizes = Pairs(dict.fromkeys(range(1, 7), 100.0), dict.fromkeys(range(1, 7), 150.0), TIME, counted=True)
    assert decide({"x": sizes}, 6)["x"].verdict == "regression"
    stepped = Pairs(sizes.reference, sizes.variant, TIME)
    assert decide({"x": stepped}, 6)["x"].verdict == "inconclusive"
    equal = decide({"x": Pairs(sizes.reference, sizes.reference, TIME)}, 6)["x"]
    assert (equal.verdict, equal.p) == ("no change", 1.0)


def test_a_series_that_reaches_zero_is_judged_in_its_unit() -> None:
    draw = np.random.default_rng(1)
    zero = {block: float(max(0, draw.normal(0, 1))) for block in range(1, 41)}
    more = {block: value + 100 for block, value in zero.items()}
    found = decide({"x": Pairs(zero, more, Limits("lower", 0.05, 10.0))}, 40)["x"]
    assert (found.verdict, found.ratio) == ("regression", None)
    assert found.change is not None
    assert found.change[0] > 90


def test_a_difference_that_turned_while_measuring_is_no_verdict() -> None:
    draw = np.random.default_rng(1)
    reference = {b: float(np.exp(draw.normal(0, 0.01))) for b in range(1, 41)}
    variant = {b: value * (1.5 if b <= 10 else 0.5) for b, value in reference.items()}
    found = decide({"x": Pairs(reference, variant, TIME)}, 40)["x"]
    assert found.verdict == "inconclusive"


@pytest.mark.parametrize("kind", ["normal", "bimodal", "heavy"])
def test_under_no_change_the_rate_holds_over_all_looks(kind: str) -> None:
    """2000 series looked at after every planned number of blocks: p ≤ 5 % at any of them in at most 5 %, + 3 errors."""
    draw = np.random.default_rng(7)
    count, blocks = 2000, 40
    shape = (2, count, blocks)
    logs = {
        "normal": draw.normal(0, 0.03, shape),
        "bimodal": draw.choice([0.0, 0.3], shape) + draw.normal(0, 0.01, shape),
        "heavy": 0.03 * draw.standard_t(3, shape),
    }[kind]
    at = range(1, blocks + 1)
    series = {
        number: Pairs(dict(zip(at, one, strict=True)), dict(zip(at, other, strict=True)), TIME)
        for number, (one, other) in enumerate(zip(*np.exp(logs).tolist(), strict=True))
    }
    found = decide(series, blocks, Spending(6, blocks))
    alarms = sum(answer.p is not None and answer.p <= 0.05 for answer in found.values())
    assert alarms / count <= 0.05 + 3 * (0.05 * 0.95 / count) ** 0.5
    assert alarms > 0  # a test that never rejects would pass as well
    assert not any(answer.q is not None and answer.q <= RATE for answer in found.values())


def test_a_size_that_grew_is_a_regression_at_every_look() -> None:
    """Equal differences average to values that differ by rounding: their intervals must not exclude one another."""
    for blocks in range(6, 41):
        at = range(1, blocks + 1)
        grown = Pairs(dict.fromkeys(at, 1982404.0), dict.fromkeys(at, 54411225.0), TIME, counted=True)
        assert decide({"x": grown}, blocks)["x"].verdict == "regression"


def test_a_series_that_left_has_the_answer_of_its_last_block_and_spends_nothing_later() -> None:
    whole = pairs(2, 1.02)
    for left in Spending().planned():
        early = {block: value for block, value in whole.variant.items() if block <= left}
        there = decide({"x": Pairs(whole.reference, early, TIME)}, left)["x"]
        for blocks in (left, 40):
            assert decide({"x": replace(whole, left=left)}, blocks)["x"] == there
    # Without leaving, a later look would have judged the same few pairs with its own, larger share.
    few = Pairs(whole.reference, {block: value for block, value in whole.variant.items() if block <= 6}, TIME)
    assert (decide({"x": few}, 40)["x"].p or 1) < (decide({"x": replace(few, left=6)}, 40)["x"].p or 0)


@pytest.mark.parametrize("kind", ["at its best", "when it seems decided"])
def test_under_no_change_the_rate_holds_whenever_a_series_leaves(kind: str) -> None:
    """1000 series, each leaving at a look that its own values choose: p ≤ 5 % in at most 5 %, + 3 errors."""
    values = np.exp(np.random.default_rng(11).normal(0, 0.03, (2, 1000, 40))).tolist()
    count, at = 1000, range(1, 41)
    series = {
        number: Pairs(dict(zip(at, one, strict=True)), dict(zip(at, other, strict=True)), TIME)
        for number, (one, other) in enumerate(zip(*values, strict=True))
    }
    open_ones, left = set(series), {}
    for block in Spending().planned():
        for number, answer in decide({n: series[n] for n in open_ones}, block).items():
            best = answer.p is not None and answer.p <= 0.05
            if best if kind == "at its best" else answer.verdict != "inconclusive":
                left[number] = block
        open_ones -= left.keys()
    found = decide({n: replace(one, left=left.get(n)) for n, one in series.items()}, 40)
    alarms = sum(answer.p is not None and answer.p <= 0.05 for answer in found.values())
    assert len(left) > (0 if kind == "at its best" else count // 2)
    assert 0 < alarms / count <= 0.05 + 3 * (0.05 * 0.95 / count) ** 0.5
    assert not any(answer.verdict in ("regression", "improvement") for answer in found.values())
