"""``isobench compare`` as a user meets it: what it prints, and its exit codes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.unit.parity import made


def compare(results: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "isobench", "compare", *words, "--results", results],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip


def two(results: Path, scale: float = 1.0, whole: dict[str, Any] | None = None) -> Path:
    made.session(results / "a", made.taken())
    made.session(results / "b", made.taken(scale), whole)
    return results


def test_an_unchanged_pair_exits_0_and_says_so(tmp_path: Path) -> None:
    done = compare(two(tmp_path), "a", "b")
    assert (done.returncode, done.stderr) == (0, "")
    assert "idle@docker" in done.stdout
    assert "series: 2 no change" in done.stdout


def test_a_regression_is_told_and_is_no_failure(tmp_path: Path) -> None:
    done = compare(two(tmp_path, 1.5), "a", "b")
    assert done.returncode == 0
    assert "regression" in done.stdout
    assert "1.500 (1.49" in done.stdout


def test_another_definition_refuses_that_metric_alone(tmp_path: Path) -> None:
    for name, version in (("a", 1), ("b", 2)):
        record = {"workload": "idle", "target": "docker", "acceleration": "none", "length": "quick", "cache": "warm",
                  "metrics": {"time_to_ready": version, "stored_bytes": 1}}  # fmt: skip
        whole = made.meta(name) | {"parity": {"idle@docker": record}}
        made.session(tmp_path / name, made.taken(cells=made.CELLS[:1], stored_bytes=1e8), whole)
    done = compare(tmp_path, "a", "b")
    assert done.returncode == 4
    assert "incomparable: idle@docker time_to_ready: metrics.time_to_ready 1 → 2" in done.stdout
    assert "series: 1 incomparable, 1 no change" in done.stdout


def test_the_subject_of_the_change_is_listed_beside_the_verdict(tmp_path: Path) -> None:
    whole = made.meta("b", kernel="6.9.0-test")
    whole["images"]["idle"]["rootfs_digest"] = "sha256:" + "f" * 64
    done = compare(two(tmp_path, 1.0, whole), "a", "b")
    assert done.returncode == 0
    assert "host_kernel 6.1.0-test → 6.9.0-test  (all cells)" in done.stdout
    assert "rootfs sha256:" in done.stdout


def test_the_incomparable_cell_is_refused_by_its_line_and_the_others_go_on(tmp_path: Path) -> None:
    whole = made.meta("b")
    whole["targets"]["docker"]["kind"] = "podman"
    done = compare(two(tmp_path, 1.0, whole), "a", "b")
    assert done.returncode == 4
    assert "incomparable: idle@docker: kind docker → podman" in done.stdout
    assert "series: 1 incomparable, 1 no change" in done.stdout


def test_allow_compares_with_a_label(tmp_path: Path) -> None:
    whole = made.meta("b", cpu_model="Another CPU")
    done = compare(two(tmp_path, 1.5, whole), "a", "b", "--allow")
    assert done.returncode == 0
    assert "regression, allowed" in done.stdout
    assert "allowed though: idle@docker, idle@vm-micro: cpu_model Made-up CPU → Another CPU" in done.stdout


@pytest.mark.parametrize("words", [(), ("--allow",)])
def test_emulation_is_never_compared_with_virtualisation(tmp_path: Path, words: tuple[str, ...]) -> None:
    whole = made.meta("b")
    whole["targets"]["vm-micro"]["acceleration"] = "tcg"
    done = compare(two(tmp_path, 1.0, whole), "a", "b", *words)
    assert done.returncode == 4
    assert "incomparable: idle@vm-micro: acceleration kvm → tcg" in done.stdout


def test_emulated_pairs_are_marked(tmp_path: Path) -> None:
    results = two(tmp_path)
    for name in ("a", "b"):
        whole = made.meta(name)
        whole["targets"]["vm-micro"]["acceleration"] = "tcg"
        made.session(results / name, made.taken(), whole)
    done = compare(results, "a", "b")
    assert done.returncode == 0
    assert "idle@vm-micro (emulated)" in done.stdout
    assert "not a guide to KVM" in done.stdout


def test_a_missing_cell_exits_4_and_a_new_one_0(tmp_path: Path) -> None:
    made.session(tmp_path / "a", made.taken())
    made.session(tmp_path / "b", made.taken(cells=made.CELLS[:1]))
    missing, new = compare(tmp_path, "a", "b"), compare(tmp_path, "b", "a")
    assert (missing.returncode, new.returncode) == (4, 0)
    assert "missing: idle@vm-micro: B has no sample of this cell that counts" in missing.stdout
    assert "new: idle@vm-micro" in new.stdout


def test_json_holds_the_same(tmp_path: Path) -> None:
    whole = made.meta("b", cpu_model="Another CPU")
    done = compare(two(tmp_path, 1.5, whole), "a", "b", "--json")
    found = json.loads(done.stdout)
    assert done.returncode == found["exit_code"] == 4
    assert {entry["verdict"] for entry in found["series"]} == {"incomparable"}
    refused = {"field": "cpu_model", "a": "Made-up CPU", "b": "Another CPU"}
    assert found["series"][0]["refused"] == [refused]
    assert refused in found["cells"][0]["incomparable"]
    allowed = json.loads(compare(tmp_path, "a", "b", "--json", "--allow").stdout)["series"][0]
    assert (allowed["verdict"], allowed["a"]["n"], allowed["refused"]) == ("regression", 10, [refused])
    assert allowed["ratio"]["value"] == pytest.approx(1.5)
    assert allowed["ratio"]["low"] < 1.5 < allowed["ratio"]["high"]


def test_foreign_text_is_neither_markup_nor_a_terminal_command(tmp_path: Path) -> None:
    whole = made.meta("b", kernel="[red]6.9[/]\x1b[2J")
    done = compare(two(tmp_path, 1.0, whole), "a", "b")
    assert done.returncode == 0
    assert "[red]6.9[/]\\x1b[2J" in done.stdout
    assert "\x1b" not in done.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [(("a", "bb"), "no session is called 'bb'"), (("a", "a"), "A and B are both a"), (("b",), "A and B are both b")],
)
def test_bad_input_gets_one_line_and_exit_2(tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    done = compare(two(tmp_path), *words)
    assert done.returncode == 2
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_damaged_record_gets_one_line_and_exit_2(tmp_path: Path) -> None:
    done = compare(two(tmp_path, 1.0, made.meta("b") | {"parity": {"idle@docker": 7}}), "a", "b")
    assert done.returncode == 2
    assert "parity.idle@docker" in done.stderr
    assert len(done.stderr.splitlines()) == 1
