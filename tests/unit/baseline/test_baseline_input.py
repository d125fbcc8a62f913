"""``isobench baseline`` and what it must not take: one line each, nothing changed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.unit.gate import drawn
from tests.unit.gate.asked import asked
from tests.unit.parity import made

AB = {"ab": {"reference": "docker", "variants": []}}
AGAIN = {"confirms": "x"}


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A results folder with two sessions, the first of them kept."""
    drawn.baseline(tmp_path / "results", 2)
    monkeypatch.chdir(tmp_path)
    assert asked("baseline", "add", "s01", "--results", "results")[0] == 0
    return tmp_path


def files(place: Path) -> dict[str, bytes]:
    return {str(file.relative_to(place)): file.read_bytes() for file in (place / "baseline").rglob("*.json")}


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("add", "s09", "--results", "results"), 2, "no session is called 's09'"),
        (("add", "--results", "empty"), 2, "there is no session yet"),
        (("accept", "time_to_redy", "--reason", "x", "--until", "2999-01-01"), 2, "did you mean 'time_to_ready'"),
        (("accept", "clock_ratio", "--reason", "x", "--until", "2999-01-01"), 2, "has no direction"),
        (("accept", "time_to_ready", "--reason", "x", "--until", "2020-01-01"), 2, "2020-01-01 has passed"),
        (("accept", "time_to_ready", "--reason", "x", "--until", "soon"), 2, "is no date"),
        (("accept", "time_to_ready", "--until", "2999-01-01"), 2, "Missing option '--reason'"),
        (("prune", "--keep", "0"), 2, "0 is not in the range x>=1"),
    ],
)
def test_bad_input_changes_nothing(place: Path, words: tuple[str, ...], code: int, said: str) -> None:
    before = files(place)
    found = asked("baseline", *words)
    assert found[0] == code
    assert said in found[1]
    assert files(place) == before


def test_to_keep_more_than_there_are_removes_none(place: Path) -> None:
    before = files(place)
    assert asked("baseline", "prune", "--keep", "5") == (0, "nothing to remove\n")
    assert files(place) == before


@pytest.mark.parametrize(
    ("text", "code", "said"), [("{", 5, "is no whole record"), ('{"format": 9}', 4, "has format 9, this isobench")]
)
def test_a_kept_file_that_cannot_be_read_is_told_by_all_that_read_it(
    place: Path, text: str, code: int, said: str
) -> None:
    assert asked("baseline", "add", "s02", "--results", "results")[0] == 0
    next((place / "baseline").rglob("s01*")).write_text(text)
    before = files(place)
    for words in (("show",), ("prune", "--keep", "1"), ("add", "s02", "--results", "results")):
        found = asked("baseline", *words)
        assert found[0] == code
        assert said in found[1]
    assert files(place) == before


def test_damaged_known_changes_keep_sessions_from_being_pruned(place: Path) -> None:
    assert asked("baseline", "add", "s02", "--results", "results")[0] == 0
    (place / "baseline" / "accepted.json").write_text("{")
    before = files(place)
    assert asked("baseline", "prune", "--keep", "1")[0] == 5
    assert files(place) == before


@pytest.mark.parametrize(("text", "code"), [('{"format": 1, ', 5), ('{"format": 2}', 4)])
def test_a_session_that_cannot_be_read_is_not_kept(place: Path, text: str, code: int) -> None:
    (place / "results" / "s02" / "session.json").write_text(text)
    assert asked("baseline", "add", "s02", "--results", "results")[0] == code
    assert len(files(place)) == 1


@pytest.mark.parametrize("more", [AB, AGAIN])
def test_a_session_that_stands_aside_is_passed_over_or_refused(place: Path, more: dict[str, Any]) -> None:
    drawn.session(place / "results" / "s03", 3, whole=made.meta("s03") | more)
    code, said = asked("baseline", "add", "--results", "results")
    assert code == 0
    assert said.startswith("· taken: s02, the latest session of its own; s03 is a se")
    code, said = asked("baseline", "add", "s03", "--results", "results")
    assert code == 2
    assert "no session to go by" in said
    assert {json.loads(content)["session"] for content in files(place).values()} == {"s01", "s02"}
