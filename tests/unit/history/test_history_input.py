"""``isobench history`` of a folder that is not as it should be: all that can be shown is, and the exit code tells."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.unit.gate import drawn
from tests.unit.gate.asked import asked
from tests.unit.parity import made

HISTORY = ("history", "--results", "results")


@pytest.fixture
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ISOBENCH_CACHE", str(tmp_path / "cache"))
    return tmp_path / "results"


def test_one_session_is_a_history_without_change_points(results: Path) -> None:
    drawn.baseline(results, 1)
    code, said = asked(*HISTORY)
    assert code == 0
    assert "1 session, 2 series: 0 changed, 2 did not" in said
    assert "2 series have fewer than 10 sessions" in said


def test_a_metric_that_no_session_has_exits_4(results: Path) -> None:
    drawn.baseline(results, 1)
    code, said = asked(*HISTORY, "--metric", "time_to_service")
    assert code == 4
    assert "missing: no session has time_to_service" in said


@pytest.mark.parametrize(
    ("line", "meta", "code", "said"),
    [
        ("{", {}, 5, "s02/samples.jsonl:3: is not a JSON line"),
        ("", {"format": 2}, 4, "has format 2, this isobench reads 1"),
        ("", {"parity": {"idle@docker": {"vcpus": "many"}}}, 5, "parity.idle@docker.workload: Field required"),
    ],
)
def test_a_session_that_cannot_be_read_is_named_and_the_others_shown(
    results: Path, line: str, meta: dict[str, Any], code: int, said: str
) -> None:
    drawn.baseline(results, 3)
    samples, whole = results / "s02" / "samples.jsonl", results / "s02" / "session.json"
    lines = samples.read_text().splitlines()
    lines[2] = line or lines[2]
    samples.write_text("\n".join(lines) + "\n")
    whole.write_text(json.dumps(json.loads(whole.read_text()) | meta))
    found, words = asked(*HISTORY)
    assert found == code
    assert "2 sessions, 2 series" in words
    assert said in words
    assert json.loads(asked(*HISTORY, "--json")[1])["sessions"] == 2


def test_sessions_that_stand_aside_are_no_part_of_it(results: Path) -> None:
    drawn.baseline(results, 2)
    drawn.session(results / "s03", 3, 9.0, whole=made.meta("s03") | {"ab": {"reference": "docker"}})
    drawn.session(results / "s04", 4, 9.0, whole=made.meta("s04") | {"confirms": "s01"})
    code, said = asked(*HISTORY)
    assert code == 0
    assert "2 sessions, 2 series" in said
    assert "left out: 2 of `isobench ab` or measured once more" in said


def test_only_sessions_that_stand_aside_are_none(results: Path) -> None:
    drawn.session(results / "s03", 3, whole=made.meta("s03") | {"ab": {"reference": "docker"}})
    assert asked(*HISTORY) == (2, "results: there is no session of its own yet; make one with `isobench run`".replace(
        "results", str(results), 1))  # fmt: skip
