"""A session of variants judged: words, footing, what lacks, exit codes and their order."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from tests.unit.ab.drawn import A, B, of_variants, session, variants

from isobench.ab.comparison import Comparison
from isobench.ab.judge import Rules, judge
from isobench.ab.text import show
from isobench.gate import Check, Override
from isobench.model import Cell

CELL = Cell("idle", B)


def said(found: Check) -> dict[str, str]:
    return {one.name: one.verdict for one in found.findings}


def whole(check: Check, **more: object) -> Comparison:
    made = Comparison(check, (A, B), (("idle", "time_to_ready"),), "decided", 12, 60.0, Path("results/x"), {})
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
    taken = session(tmp_path / "x")
    for target in (A, B):
        noisy = tuple(replace(one, marks=("noisy",)) if one.cell.target == target else one for one in taken.samples)
        found = judge(replace(taken, samples=noisy), variants())
        assert said(found) == {f"idle@{target} time_to_ready": "inconclusive"}
        assert found.notes == (f"idle@{target}: 12 of 12 blocks do not count (noisy)",)


def test_a_variant_that_was_given_up_fails_beside_what_was_found(tmp_path: Path) -> None:
    assert whole(judge(session(tmp_path / "x", 1.5), variants()), ended="failing").codes == (1, 4)
