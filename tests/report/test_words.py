"""The words of the report and of the terminal's table, without a browser. All sessions are test data."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests import synthetic

from isobench.cli.summary import print_summary
from isobench.model import Sample
from isobench.report import trust
from isobench.report.format import digits, human, percent, scale_for, span
from isobench.report.headline import headline
from isobench.report.parity import parity
from isobench.report.series import Data
from isobench.report.tables import overview
from isobench.store.reader import SessionRecord


def data(taken: list[Sample], **more: Any) -> Data:
    return Data(SessionRecord(synthetic.session_meta(**more), tuple(taken), Path("made-up")))


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [
        (0.0123, "s", "12.3 ms"),
        (0.99961, "s", "1 s"),
        (0, "B", "0 B"),
        (1000 * 2**20, "B/s", "0.977 GiB/s"),
        (388 * 1024, "B", "388 KiB"),
        (69_912.3, "1/s", "69.9 k ops/s"),
        (0.25, "1", "0.25"),
    ],
)
def test_a_number_has_three_digits_and_a_unit_fit_for_people(value: float, unit: str, words: str) -> None:
    assert human(value, unit) == words


def test_a_range_whose_ends_read_the_same_says_so() -> None:
    kibibyte = 1024.0
    assert span(388 * kibibyte, 388 * kibibyte, "B") == "all equal"
    assert span(236.9 * kibibyte, 237.1 * kibibyte, "B") == "within 1 %"
    assert span(0.0087, 0.0096, "s") == "8.7–9.6 ms"
    assert span(0.0087, 0.0096, "s", scale=scale_for([1.0], "s")) == "0.0087–0.0096 s"


def test_shares_and_odd_numbers() -> None:
    assert [percent(share) for share in (0.998, 0.0004, 0)] == ["99.8 %", "< 0.1 %", "0.0 %"]
    assert [digits(value) for value in (float("nan"), 1234.5, 12_345_678)] == ["–", "1 230", "1.23e+07"]


def test_workloads_stand_in_the_order_of_the_plan() -> None:
    cells = [{"workload": w, "target": "docker"} for w in ("redis", "idle")]
    plan = {"length": "quick", "cells": cells, "rule": "TEST DATA"}
    workloads = data(synthetic.samples(), plan=plan).workloads
    assert workloads[:2] == ["redis", "idle"]
    assert sorted(workloads) == sorted(synthetic.WORKLOADS)


def test_what_is_left_out_of_medians_is_counted_with_its_reason() -> None:
    draw = random.Random(1)  # noqa: S311
    good = [synthetic.sample(i, "idle", "docker", draw) for i in range(6)]
    late = [replace(good[0], number=10 + i, outcome="clock", metrics={"time_to_ready": 99.0}) for i in range(2)]
    made = data([*good, *late, replace(good[0], number=20, role="warmup")])
    words = trust.counted(made)
    assert words == "6 of 9 samples count; left out: 1 warm-up, 2 clock (guest's clock off by more than 1 %)."
    (row,) = overview(made)
    assert (row.ok, row.left_out) == (6, "2 clock")
    assert row.ready is not None and row.ready.n == 6


@pytest.mark.parametrize(("count", "kind"), [(5, "range"), (6, "95 % interval")])
def test_an_interval_takes_six_samples(count: int, kind: str) -> None:
    draw = random.Random(2)  # noqa: S311
    made = data([synthetic.sample(i, "idle", "docker", draw) for i in range(count)])
    (row,) = overview(made)
    assert row.ready is not None and row.ready.kind == kind
    assert any(kind in sentence for sentence in headline(made))


def test_parity_tells_what_is_common_from_what_differs() -> None:
    common, differs = parity(data(synthetic.samples()))
    assert dict(common)["storage"] == "ext4"
    rows = dict(differs)
    assert rows["acceleration"] == ["none needed", "none needed", "emulated (TCG)", "emulated (TCG)"]
    assert rows["kernel seen inside"] == ["6.1.0-test", "6.1.0-test", "6.1.0-guest", "6.1.0-guest"]
    assert "storage" not in rows


def test_the_terminals_table_fits_a_pipe_of_100_columns(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    taken = [replace(s, metrics={k: v * 7.77 for k, v in s.metrics.items()}) for s in synthetic.samples()]
    folder = synthetic.write(tmp_path / "session", synthetic.session_meta(), taken)
    print_summary(folder)
    printed = capsys.readouterr().out
    assert max(len(line) for line in printed.splitlines()) <= 100
    assert "…" not in printed and "\x1b" not in printed
    assert "k req/s" in printed and "vm-micro*" in printed and "not a guide to KVM" in printed
    assert printed.count("docker") == len(synthetic.WORKLOADS)
