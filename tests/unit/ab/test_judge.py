"""A session of variants judged: words, footing, what lacks, exit codes and their order."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console
from tests.unit.ab.drawn import A, B, C, Drawn, of_variants, session, variants

from isobench.ab import Spending
from isobench.ab.comparison import Comparison
from isobench.ab.judge import Rules, judge
from isobench.ab.text import show
from isobench.gate import Check, Override
from isobench.model import Cell
from isobench.stats import adjusted

CELL = Cell("idle", B)


def said(found: Check) -> dict[str, str]:
    return {one.name: one.verdict for one in found.findings}


def whole(check: Check, **more: object) -> Comparison:
    made = Comparison(check, (A, B), (("idle", "time_to_ready"),), "decided", 12, 60.0, Path("results/x"))
    return replace(made, **more)  # type: ignore[arg-type]


def test_unchanged_passes_and_worse_names_the_metric(tmp_path: Path) -> None:
    same = judge(session(tmp_path / "same", stored_bytes=1e8), variants())
    assert said(same) == {f"idle@{B} time_to_ready": "no change", f"idle@{B} stored_bytes": "no change"}
    assert whole(same).exit_code == 0
    worse = judge(session(tmp_path / "worse", 1.5), variants())
    assert said(worse) == {f"idle@{B} time_to_ready": "regression"}
    assert whole(worse).headline == "failed, exit code 1: 1 regression"


def test_of_several_codes_all_are_named_in_their_order(tmp_path: Path) -> None:
    taken = session(tmp_path / "x", 1.5, stored_bytes=1e8)
    lacking = [replace(one, metrics={"time_to_ready": one.metrics["time_to_ready"]}) if one.cell.target == B else one
               for one in taken.samples]  # fmt: skip
    found = judge(replace(taken, samples=tuple(lacking)), variants(), Rules(strict=True))
    assert said(found)[f"idle@{B} stored_bytes"] == "missing"
    assert whole(found).codes == (1, 4)
    broken = whole(found, broken="the disk is full", ended="broken")
    assert broken.codes == (5, 1, 4)
    assert broken.headline.startswith("failed, exit code 5 (also 1, 4): ")
    assert broken.document()["exit_codes"] == [5, 1, 4]
    assert whole(found, ended="interrupted").exit_code == 130


def test_inconclusive_fails_only_where_strict(tmp_path: Path) -> None:
    taken = session(tmp_path / "x", 1.05)
    assert whole(judge(taken, variants())).exit_code == 0
    assert whole(judge(taken, variants(), Rules(strict=True))).exit_code == 3


def test_a_variant_whose_samples_all_fail_is_an_error_and_so_is_the_reference(tmp_path: Path) -> None:
    found = judge(session(tmp_path / "x", outcome="failed"), variants())
    assert said(found) == {f"idle@{B} time_to_ready": "error"}
    assert whole(found).exit_code == 4
    assert found.notes == (f"idle@{B}: 12 of 12 blocks do not count (failed)",)
    turned = judge(session(tmp_path / "y", outcome="failed"), variants(B, A))
    assert said(turned) == {f"idle@{B} time_to_ready": "error"}


def test_another_kind_is_incomparable_and_other_options_are_the_subject(tmp_path: Path) -> None:
    other = judge(session(tmp_path / "x", meta=of_variants("x", kind="native")), variants())
    assert said(other) == {f"idle@{B} time_to_ready": "incomparable"}
    assert whole(other).exit_code == 4
    changed = judge(session(tmp_path / "y", meta=of_variants("y", options={"read_only": True})), variants())
    assert [(line.field, line.b, cells) for line, cells in changed.subject] == [
        ("options.read_only", True, (f"idle@{B}",))
    ]


def test_limits_of_a_variant_are_those_of_its_target(tmp_path: Path) -> None:
    taken = session(tmp_path / "x", 1.5)
    wide = Rules(overrides=(Override("idle@docker time_to_ready", relevant_effect=0.9),))
    assert said(judge(taken, variants(), wide)) == {f"idle@{B} time_to_ready": "no change"}


def test_the_text_says_verdict_headline_and_what_differs(tmp_path: Path) -> None:
    meta = of_variants("y", options={"read_only": True})
    console = Console(record=True, file=io.StringIO(), highlight=False)
    show(whole(judge(session(tmp_path / "y", 1.5, meta), variants()), unavailable={"vm": "no KVM"}), console)
    lines = console.export_text().splitlines()
    assert lines[0] == f"{B} against {A}: failed, exit code 1 (also 4): 1 regression"
    assert lines[1] == "12 blocks in 60 s; every headline series is decided"
    assert any("time_to_ready" in line and "1.5" in line and "regression" in line for line in lines)
    assert "vm could not run: no KVM" in lines
    assert "what differs from the reference:" in lines


def test_where_all_samples_are_noisy_nothing_is_said(tmp_path: Path) -> None:
    taken = session(tmp_path / "x", meta=of_variants("x", options={"read_only": True}))
    for target in (A, B):
        noisy = tuple(replace(one, marks=("noisy",)) if one.cell.target == target else one for one in taken.samples)
        found = judge(replace(taken, samples=noisy), variants())
        assert said(found) == {f"idle@{target} time_to_ready": "inconclusive"}
        assert found.notes == (f"idle@{target}: 12 of 12 blocks do not count (noisy)",)
        assert [line.field for line, _ in found.subject] == ["options.read_only"]


def test_a_variant_that_was_given_up_fails_beside_what_was_found_and_is_named(tmp_path: Path) -> None:
    found = whole(judge(session(tmp_path / "x", 1.5), variants()), given_up={f"idle@{B}": "3 samples in a row failed"})
    assert found.codes == (1, 4)
    console = Console(record=True, file=io.StringIO(), highlight=False)
    show(found, console)
    assert f"idle@{B} was given up: 3 samples in a row failed" in console.export_text().splitlines()
    assert found.document()["given_up"] == {f"idle@{B}": "3 samples in a row failed"}


def test_all_series_of_all_variants_and_workloads_are_one_family() -> None:
    cells = {Cell(workload, target): 1.0 for workload in ("idle", "cpu", "disk") for target in (A, B, C)}
    cells[Cell("cpu", C)] = 1.5
    run = Drawn(cells, rules=Rules(Spending(6, 10)))
    found = run.carried_out().judged()
    p, q = zip(*((one.answer.p, one.answer.q) for one in found.findings if one.answer), strict=True)
    assert len(p) == 6  # three workloads, two variants of each
    assert q == tuple(adjusted(p))
    # Benjamini and Hochberg: the smallest p is multiplied by the number of all series.
    assert min(q) == pytest.approx(6 * min(p))
    assert {one.name for one in found.findings if one.verdict == "regression"} == {f"cpu@{C} time_to_ready"}


def test_what_a_reference_shows_later_is_not_missing_in_a_variant_that_had_left(tmp_path: Path) -> None:
    taken = session(tmp_path / "x", 1.5)
    samples = [one for one in taken.samples if one.cell.target == A or one.block <= 6]
    later = [replace(one, metrics=one.metrics | {"stop_time": 0.1}) if one.block > 6 else one for one in samples]
    assert said(judge(replace(taken, samples=tuple(later)), variants())) == {f"idle@{B} time_to_ready": "regression"}
    early = [replace(one, metrics=one.metrics | {"stop_time": 0.1}) if one.cell.target == A else one for one in samples]
    assert said(judge(replace(taken, samples=tuple(early)), variants()))[f"idle@{B} stop_time"] == "missing"


def test_a_variant_without_any_sample_yet_is_inconclusive(tmp_path: Path) -> None:
    taken = session(tmp_path / "x")
    alone = [one for one in taken.samples if one.cell.target == A]
    meta = taken.meta | {"plan": taken.meta["plan"] | {"cells": [{"workload": "idle", "target": t} for t in (A, B)]}}
    found = judge(replace(taken, meta=meta, samples=tuple(alone)), variants(), Rules(strict=True))
    assert said(found) == {f"idle@{B} time_to_ready": "inconclusive"}
    assert whole(found).exit_code == 3
