"""The gate's method on draws of known truth: unchanged is never red, a change that counts is found."""

from __future__ import annotations

import math

import numpy as np
import pytest
from tests.unit.gate import drawn

from isobench.calibrate.gate import Gate, false_alarms
from isobench.calibrate.values import SeriesKey
from isobench.gate import Answer, Known, Limits, Question, decide
from isobench.gate.level import level
from isobench.gate.prior import MOST, prior
from isobench.gate.trial import CheckGate

ALARMS = ("regression", "improvement")


def one(question: Question) -> Answer:
    return decide({"series": question})["series"]


def share(verdict: str, questions: list[Question]) -> float:
    return sum(one(question).verdict == verdict for question in questions) / len(questions)


@pytest.mark.parametrize("between", [0.0, 0.01, 0.03])
def test_unchanged_sessions_give_no_alarm_in_200_draws(between: float) -> None:
    draw = np.random.default_rng(1)
    for _ in range(200):
        answers = decide({n: drawn.question(draw, between=between, count=10) for n in range(12)})
        assert not {answer.verdict for answer in answers.values()} & set(ALARMS)


def test_unchanged_sessions_of_unlike_series_give_no_alarm_in_200_draws() -> None:
    draw = np.random.default_rng(2)
    spreads = [(0.002, 0.0), (0.002, 0.05), (0.05, 0.0), (0.02, 0.02), (0.1, 0.1), (0.01, 0.005)] * 2
    for _ in range(200):
        answers = decide({n: drawn.question(draw, sessions=5, within=w, between=b, count=10)
                          for n, (w, b) in enumerate(spreads)})  # fmt: skip
        assert not {answer.verdict for answer in answers.values()} & set(ALARMS)


def test_a_5_percent_throughput_shift_with_1_percent_spread_is_found() -> None:
    draw = np.random.default_rng(3)
    assert share("regression", [drawn.question(draw, judged=0.95, within=0.01) for _ in range(200)]) >= 0.95


def test_it_is_found_among_many_unchanged_series() -> None:
    draw = np.random.default_rng(4)
    found = 0
    for _ in range(50):
        asked = {n: drawn.question(draw, judged=0.95 if n == 0 else 1.0) for n in range(40)}
        found += decide(asked)[0].verdict == "regression"
    assert found >= 48


def test_a_change_within_the_spread_between_sessions_is_inconclusive_however_many_samples() -> None:
    draw = np.random.default_rng(5)
    asked = [drawn.question(draw, judged=0.95, within=0.001, between=0.05, count=50) for _ in range(50)]
    assert share("regression", asked) == 0
    assert share("inconclusive", asked) >= 0.9


@pytest.mark.parametrize(("direction", "verdict"), [("higher", "regression"), ("lower", "improvement")])
def test_direction_makes_the_verdict(direction: str, verdict: str) -> None:
    draw = np.random.default_rng(6)
    assert one(drawn.question(draw, judged=0.8, limits=Limits(direction, 0.03, 0.0))).verdict == verdict


def test_significant_but_smaller_than_what_counts_is_no_change() -> None:
    draw = np.random.default_rng(7)
    answer = one(drawn.question(draw, judged=0.98, within=0.001, limits=Limits("higher", 0.05, 0.0)))
    assert answer.q is not None
    assert answer.q < 1e-6
    assert answer.verdict == "no change"


def test_below_the_floor_is_no_change() -> None:
    draw = np.random.default_rng(8)
    assert one(drawn.question(draw, judged=0.5, limits=Limits("higher", 0.03, 60.0))).verdict == "no change"
    assert one(drawn.question(draw, judged=0.5, limits=Limits("higher", 0.03, 40.0))).verdict == "regression"


def test_beyond_what_counts_but_not_significant_is_inconclusive() -> None:
    draw = np.random.default_rng(9)
    asked = {n: drawn.question(draw, sessions=5, within=0.02, between=0.03) for n in range(9)}
    asked[9] = drawn.question(draw, sessions=5, within=0.02, between=0.03, judged=0.85)
    answer = decide(asked)[9]
    assert answer.verdict == "inconclusive"
    assert "chance is not ruled out" in answer.reason


def test_a_figure_that_never_varied_and_did_is_a_change_and_an_equal_one_is_none() -> None:
    constant = [np.full(5, 95e6)] * 6
    limits = Limits("lower", 0.02, 65536.0)
    assert one(Question(constant, np.full(5, 145e6), limits)).verdict == "regression"
    assert one(Question(constant, np.full(5, 95e6), limits)).verdict == "no change"
    assert one(Question(constant, np.full(5, 95e6 + 4096), limits)).verdict == "no change"


def test_zeros_are_judged_in_the_unit() -> None:
    limits = Limits("lower", 0.02, 1000.0)
    zeros = [np.zeros(5)] * 6
    assert one(Question(zeros, np.zeros(5), limits)).verdict == "no change"
    answer = one(Question(zeros, np.full(5, 1e6), limits))
    assert (answer.verdict, answer.ratio, answer.change) == ("regression", None, (1e6, 1e6))


@pytest.mark.parametrize("sessions", [1, 4])
def test_few_sessions_are_told_and_judged_by_what_is_known(sessions: int) -> None:
    draw = np.random.default_rng(10)
    asked = drawn.question(draw, sessions=sessions, judged=0.95, within=0.002)
    unknown, known, wide = (one(Question(asked.baseline, asked.judged, asked.limits, known))
                            for known in (None, Known(0.001, 10), Known(0.04, 10)))  # fmt: skip
    assert (unknown.verdict, known.verdict, wide.verdict) == ("inconclusive", "regression", "inconclusive")
    assert f"by {sessions} baseline session" in unknown.reason
    assert "assumed to be 10%" in unknown.reason
    assert "known to be 4.0%" in wide.reason


def test_what_never_varies_needs_no_known_spread() -> None:
    same = one(Question([np.full(3, 218e6)], np.full(3, 218e6), Limits("higher", 0.02, 1.0)))
    other = one(Question([np.full(3, 218e6)], np.full(3, 208e6), Limits("higher", 0.02, 1.0)))
    assert (same.verdict, other.verdict) == ("no change", "inconclusive")


def test_half_the_rate_is_found_with_one_session_and_no_profile() -> None:
    assert one(drawn.question(np.random.default_rng(11), sessions=1, judged=0.5)).verdict == "regression"


@pytest.mark.parametrize("count", [1, 2])
def test_too_few_samples_are_inconclusive(count: int) -> None:
    draw = np.random.default_rng(12)
    asked = drawn.question(draw)
    answer = one(Question(asked.baseline, asked.judged[:count], asked.limits))
    assert (answer.verdict, answer.reason) == ("inconclusive", "fewer than 3 samples here")


def test_p_is_uniform_under_no_change() -> None:
    draw = np.random.default_rng(13)
    p = [one(drawn.question(draw, sessions=6, between=0.02, count=8)).p for _ in range(400)]
    for bound in (0.05, 0.2, 0.5):
        seen = sum(x <= bound for x in p if x is not None) / len(p)
        assert abs(seen - bound) <= 4 * math.sqrt(bound * (1 - bound) / len(p))


def test_the_interval_covers_the_truth() -> None:
    draw = np.random.default_rng(14)
    found = [one(drawn.question(draw, sessions=6, judged=0.9, between=0.02)).ratio for _ in range(400)]
    covered = sum(ratio is not None and ratio[1] <= 0.9 <= ratio[2] for ratio in found) / len(found)
    assert 0.86 <= covered <= 0.97


def test_the_level_stands_outliers_and_its_error_is_right() -> None:
    draw = np.random.default_rng(15)
    steady = [*draw.normal(100, 1, 16), 1e6, 1e6]
    assert level(np.array(steady)).value == pytest.approx(100, abs=2)
    levels = [level(draw.normal(0, 1, 20)) for _ in range(2000)]
    spread = float(np.var([one.value for one in levels]))
    assert np.mean([one.variance for one in levels]) == pytest.approx(spread, rel=0.15)


def test_the_prior_finds_what_the_family_was_drawn_from() -> None:
    draw = np.random.default_rng(16)
    alike = draw.chisquare(8, 2000) / 8 * 3
    found = prior(alike.tolist(), [8] * 2000)
    assert found.freedom == MOST
    assert found.ratio == pytest.approx(3, rel=0.1)
    apart = draw.chisquare(8, 2000) / 8 * 3 / (draw.chisquare(4, 2000) / 4)
    found = prior(apart.tolist(), [8] * 2000)
    assert found.freedom == pytest.approx(4, rel=0.2)
    assert found.ratio == pytest.approx(3, rel=0.15)


def test_few_series_tell_nothing_of_their_family() -> None:
    assert prior([2.0] * 5, [8] * 5).freedom == 0


def test_it_can_be_calibrated() -> None:
    gate: Gate = CheckGate(baseline=5)
    draw = np.random.default_rng(17)
    key = SeriesKey("idle", "docker", "time_to_ready")
    neutral = SeriesKey("idle", "docker", "clock_ratio")
    sessions = [{key: drawn.values(draw), neutral: np.ones(20)} for _ in range(6)]
    found = false_alarms(gate, sessions)
    assert (found.trials, found.any_metric, set(found.verdicts)) == (6, 0, {key})
