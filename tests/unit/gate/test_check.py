"""A session against a baseline of sessions: matching, footing, what lacks, what is accepted, what is confirmed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from tests.unit.gate import drawn
from tests.unit.parity import made

from isobench.baseline import Accepted
from isobench.gate import Check, Rules, check
from isobench.history import Record, record_of
from isobench.model import Cell

TODAY = date(2026, 6, 1)


def records(tmp_path: Path, count: int = 6, **more: Any) -> list[Record]:
    drawn.baseline(tmp_path, count, **more)
    return [record_of(tmp_path / f"s{number:02}") for number in range(1, count + 1)]


def record(folder: Path, scale: float = 1.0, **more: Any) -> Record:
    return record_of(drawn.session(folder, 30, scale, **more))


def said(found: Check) -> dict[str, str]:
    return {one.name: one.verdict for one in found.findings}


def test_unchanged_passes_and_worse_names_the_metric(tmp_path: Path) -> None:
    before = records(tmp_path)
    found = check(record(tmp_path / "same"), before)
    assert (found.exit_code, found.counts) == (0, {"no change": 2})
    worse = check(record(tmp_path / "worse", 1.5), before)
    assert said(worse) == {"idle@docker time_to_ready": "regression", "idle@vm-micro time_to_ready": "regression"}
    assert (worse.exit_code, worse.headline) == (1, "failed, exit code 1: 2 regression")


def test_a_session_is_not_its_own_baseline(tmp_path: Path) -> None:
    before = records(tmp_path)
    assert check(before[0], before).baseline == ("s02", "s03", "s04", "s05", "s06")


def test_what_the_session_lacks_is_missing_and_what_is_more_is_new(tmp_path: Path) -> None:
    before = records(tmp_path, stored_bytes=1e8)
    found = check(record(tmp_path / "x", cells=made.CELLS[:1], host_pss_ready=1e8), before)
    assert said(found) == {
        "idle@docker time_to_ready": "no change", "idle@docker stored_bytes": "missing",
        "idle@docker host_pss_ready": "new", "idle@vm-micro time_to_ready": "missing",
        "idle@vm-micro stored_bytes": "missing",
    }  # fmt: skip
    assert found.exit_code == 4


def test_a_figure_that_few_baseline_sessions_had_is_not_missed(tmp_path: Path) -> None:
    before = records(tmp_path)
    odd = record(tmp_path / "odd", cgroup_peak=1e8)
    assert check(record(tmp_path / "x"), [*before, odd]).exit_code == 0


def test_a_cell_that_failed_is_an_error(tmp_path: Path) -> None:
    found = check(record(tmp_path / "x", outcome="died"), records(tmp_path))
    assert {one.verdict for one in found.findings} == {"error"}
    assert "made-up failure" in found.findings[0].reason
    assert found.exit_code == 4


def test_another_host_is_incomparable_and_other_bits_are_the_subject(tmp_path: Path) -> None:
    before = records(tmp_path)
    found = check(record(tmp_path / "x", whole=made.meta("x", cpu_model="Another CPU")), before)
    assert {one.verdict for one in found.findings} == {"incomparable"}
    assert {line.field for one in found.findings for line in one.refused} == {"cpu_model"}
    changed = check(record(tmp_path / "y", whole=made.meta("y", kernel="6.9.0-test")), before)
    assert changed.exit_code == 0
    assert [line.field for line, _ in changed.subject] == ["host_kernel"]


def test_sessions_on_another_footing_are_left_out_and_counted(tmp_path: Path) -> None:
    before = records(tmp_path)
    other = record(tmp_path / "other", 9.0, whole=made.meta("other", cpu_model="Another CPU"))
    found = check(record(tmp_path / "x"), [*before, other])
    assert found.exit_code == 0
    assert "1 of 7 baseline sessions are left out: not comparable with this one" in found.notes


def test_other_parameters_are_incomparable_not_missing(tmp_path: Path) -> None:
    found = check(record(tmp_path / "x", length="full"), records(tmp_path))
    assert {one.verdict for one in found.findings} == {"incomparable"}
    assert {line.field for one in found.findings for line in one.refused} == {"length"}


@pytest.mark.parametrize(
    ("field", "value", "words"), [("unit", "ms", "mixed units: ms"), ("direction", None, "no direction")]
)
def test_another_unit_or_direction_is_incomparable(tmp_path: Path, field: str, value: Any, words: str) -> None:
    def turned(one: Record) -> Record:
        cells = tuple(replace(cell, series={name: replace(s, **{field: value}) for name, s in cell.series.items()})
                      for cell in one.cells)  # fmt: skip
        return replace(one, cells=cells)

    before = [turned(one) for one in records(tmp_path)]
    found = check(record(tmp_path / "x"), before)
    assert {one.verdict for one in found.findings} == {"incomparable"}
    assert words in found.findings[0].reason


def test_a_metric_that_nobody_registered_is_incomparable_and_a_neutral_one_is_not_judged(tmp_path: Path) -> None:
    before = records(tmp_path, own_figure=1.0, clock_ratio=1.0)
    found = said(check(record(tmp_path / "x", own_figure=1.0, clock_ratio=2.0), before))
    assert found["idle@docker own_figure"] == "incomparable"
    assert "idle@docker clock_ratio" not in found


def test_emulated_series_are_marked(tmp_path: Path) -> None:
    def tcg(name: str) -> dict[str, Any]:
        whole = made.meta(name)
        whole["targets"]["vm-micro"]["acceleration"] = "tcg"
        return whole

    before = [record_of(drawn.session(tmp_path / f"s{n}", n, whole=tcg(f"s{n}"))) for n in range(1, 7)]
    found = check(record(tmp_path / "x", whole=tcg("x")), before)
    assert {str(one.cell): one.emulated for one in found.findings} == {"idle@docker": False, "idle@vm-micro": True}
    mixed = check(record(tmp_path / "kvm"), before)
    assert said(mixed)["idle@vm-micro time_to_ready"] == "incomparable"


@pytest.mark.parametrize(("until", "code"), [("2026-06-01", 0), ("2026-05-31", 1)])
def test_a_known_change_is_told_and_fails_only_after_its_last_day(tmp_path: Path, until: str, code: int) -> None:
    known = Accepted("time_to_ready", "idle@*", "TLS by default", until)
    found = check(record(tmp_path / "x", 1.5), records(tmp_path), Rules(accepted=(known,), today=TODAY))
    assert {one.verdict for one in found.findings} == {"regression"}
    assert found.exit_code == code
    assert any("no longer accepted" in note for note in found.notes) == (code == 1)


@pytest.mark.parametrize(("again", "verdict"), [(1.0, "inconclusive"), (1.5, "regression")])
def test_a_suspect_is_measured_once_more_before_red(tmp_path: Path, again: float, verdict: str) -> None:
    asked: list[tuple[Cell, ...]] = []

    def confirm(cells: tuple[Cell, ...]) -> Record:
        asked.append(cells)
        return record(tmp_path / "again", again)

    found = check(record(tmp_path / "x", 1.5), records(tmp_path), confirm=confirm)
    assert {one.verdict for one in found.findings} == {verdict}
    assert [tuple(map(str, cells)) for cells in asked] == [("idle@docker", "idle@vm-micro")]


def test_nothing_is_measured_again_where_nothing_is_suspected(tmp_path: Path) -> None:
    def confirm(cells: tuple[Cell, ...]) -> Record:
        raise AssertionError(cells)

    assert check(record(tmp_path / "x"), records(tmp_path), confirm=confirm).exit_code == 0


def test_several_reasons_have_a_precedence_and_are_all_named(tmp_path: Path) -> None:
    before = records(tmp_path, stored_bytes=1e8)
    found = check(record(tmp_path / "x", 1.5, cells=made.CELLS[:1]), before)
    assert found.codes == (1, 4)
    assert "exit code 1 (also 4)" in found.headline
    assert "1 regression" in found.headline
    assert "missing" in found.headline


def test_inconclusive_fails_a_strict_check_only(tmp_path: Path) -> None:
    before = records(tmp_path, count=2)
    judged = record(tmp_path / "x", 1.06)
    assert check(judged, before).exit_code == 0
    assert check(judged, before, Rules(strict=True)).exit_code == 3


def test_too_few_samples_are_not_said_to_be_too_few_sessions(tmp_path: Path) -> None:
    two = made.taken(steps=made.STEADY[:2])
    before = [record_of(made.session(tmp_path / f"s{number}", two)) for number in range(6)]
    found = check(record(tmp_path / "x"), before)
    assert {one.reason for one in found.findings} == {"fewer than 3 samples in any baseline session"}
    assert found.notes == ()


def test_what_only_noisy_samples_have_is_not_missing(tmp_path: Path) -> None:
    before = records(tmp_path)
    noisy, quiet = made.taken(marks=("noisy",), cells=made.CELLS[:1]), made.taken(cells=made.CELLS[1:])
    found = check(record_of(made.session(tmp_path / "x", [*noisy, *quiet])), before)
    assert said(found) == {"idle@docker time_to_ready": "inconclusive", "idle@vm-micro time_to_ready": "no change"}
    assert found.exit_code == 0
