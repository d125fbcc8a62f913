"""False alarms, counted over every way in which A/A sessions can be judged against one another."""

from __future__ import annotations

import math

import pytest
from tests.unit.calibrate import aa

from isobench.calibrate.gate import CompareGate, Gate, false_alarms, trials


def test_one_baseline_session_makes_every_ordered_pair() -> None:
    assert trials(3, 1) == [((1,), 0), ((2,), 0), ((0,), 1), ((2,), 1), ((0,), 2), ((1,), 2)]
    assert len(trials(10, 1)) == 90


def test_more_baseline_sessions_never_hold_the_judged_one_and_are_all_where_few() -> None:
    assert len(trials(6, 3)) == 6 * math.comb(5, 3)
    assert all(judged not in before for before, judged in trials(6, 3))
    assert trials(3, 5) == [((1, 2), 0), ((0, 2), 1), ((0, 1), 2)]


def test_one_session_far_off_rings_in_every_pair_it_is_in_and_in_no_other() -> None:
    values = aa.sessions(4, 10, 0.001, 0.0)
    values[2] = values[2] * 1.5
    found = false_alarms(CompareGate(), [{aa.READY: one} for one in values])
    assert (found.trials, found.any_headline, found.any_metric) == (12, 6, 6)
    assert found.verdicts[aa.READY] == {"regression": 3, "improvement": 3, "no change": 6}


def test_a_series_off_the_headline_counts_apart() -> None:
    key = aa.READY._replace(metric="guest_available_ready")
    values = aa.sessions(2, 10, 0.0, 0.0, middle=1e9)
    found = false_alarms(CompareGate(), [{key: values[0]}, {key: 2 * values[1]}])
    assert (found.trials, found.any_headline, found.any_metric) == (2, 0, 2)


def test_the_rate_is_the_one_that_the_law_gives() -> None:
    # Medians apart by s.d. √2 · 2 %: P(ratio > 1.02) = 1 - Φ(0.7071).
    gate: Gate = aa.ThresholdGate(1.02)
    found = false_alarms(gate, [{aa.READY: one} for one in aa.sessions(200, 20, 0.001, 0.02)])
    assert found.verdicts[aa.READY]["regression"] / found.trials == pytest.approx(0.2398, abs=0.03)


def test_too_few_values_are_inconclusive_and_never_an_alarm() -> None:
    values = aa.sessions(3, 5, 0.001, 0.3)
    found = false_alarms(CompareGate(), [{aa.READY: one} for one in values])
    assert found.verdicts[aa.READY] == {"inconclusive": 6}


def test_a_series_that_one_session_lacks_is_judged_where_both_have_it() -> None:
    a, b, c = aa.sessions(3, 10, 0.001, 0.0)
    found = false_alarms(CompareGate(), [{aa.READY: a, aa.RATE: a}, {aa.READY: b, aa.RATE: b}, {aa.READY: c}])
    assert found.trials == 6
    assert sum(found.verdicts[aa.READY].values()) == 6
    assert sum(found.verdicts[aa.RATE].values()) == 2
