"""``isobench check`` and what it must not take: one line each, 4 or 5 for sessions, 2 for what was asked for."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.unit.gate import drawn
from tests.unit.gate.asked import asked
from tests.unit.parity import made

CHECK = ("check", "--baseline", "old", "--results", "new")
AB = {"ab": {"reference": "docker", "variants": []}}
AGAIN = {"confirms": "x"}


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    drawn.baseline(tmp_path / "old")
    drawn.session(tmp_path / "new" / "x", 30)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ISOBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    return tmp_path


def changed(session: Path, **meta: Any) -> None:
    file = session / "session.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | meta))


def damaged(session: Path) -> None:
    """Make a line in the middle unreadable."""
    lines = (session / "samples.jsonl").read_text().splitlines()
    lines[2] = lines[2][:40]
    (session / "samples.jsonl").write_text("\n".join(lines) + "\n")


def cut(session: Path) -> None:
    file = session / "samples.jsonl"
    file.write_bytes(file.read_bytes()[:-40])


def of_ab(*sessions: Path) -> None:
    for session in sessions:
        changed(session, **AB)


BASELINES: dict[str, tuple[Callable[[Path], object], int, str]] = {
    "a line in the middle": (lambda old: damaged(old / "s03"), 5, "s03/samples.jsonl:3: is not a JSON line"),
    "cut short": (lambda old: cut(old / "s03"), 5, "was cut short"),
    "another format": (lambda old: changed(old / "s03", format=2), 4, "has format 2"),
    "no parity record": (lambda old: changed(old / "s03", parity={"idle@docker": {"vcpus": "many"}}), 5, "parity"),
    "known changes": (lambda old: (old / "accepted.json").write_text("{"), 5, "no list of known changes"),
    "only of ab": (lambda old: of_ab(*old.iterdir()), 4, "holds no session to judge x by"),
}  # fmt: skip


@pytest.mark.parametrize("kind", BASELINES)
def test_a_baseline_that_cannot_be_judged_by(place: Path, kind: str) -> None:
    spoil, code, said = BASELINES[kind]
    spoil(place / "old")
    found = asked(*CHECK)
    assert found[0] == code
    assert said in found[1]


SESSIONS: dict[str, tuple[Callable[[Path], object], int, str]] = {
    "a line in the middle": (lambda new: damaged(new / "x"), 5, "x/samples.jsonl:3: is not a JSON line"),
    "cut short": (lambda new: cut(new / "x"), 5, "was cut short"),
    "another format": (lambda new: changed(new / "x", format=2), 4, "has format 2"),
    "no JSON": (lambda new: (new / "x" / "session.json").write_text("{"), 5, "is not JSON"),
    "all noisy": (lambda new: drawn.session(new / "x", 30, marks=("noisy",)), 4, "no sample of x counts: only noisy"),
    "all failed": (lambda new: drawn.session(new / "x", 30, outcome="died"), 4, "no sample of x counts: died"),
    "another host": (lambda new: changed(new / "x", environment={"cpu_model": "Another"}), 4, "incomparable"),
    "none": (lambda new: shutil.rmtree(new / "x"), 2, "there is no session yet"),
    "no folder": (shutil.rmtree, 2, "there is no session yet"),
    "only of ab": (lambda new: of_ab(new / "x"), 2, "no session of its own yet: x is a session of"),
}  # fmt: skip


@pytest.mark.parametrize("kind", SESSIONS)
def test_a_session_that_cannot_be_judged(place: Path, kind: str) -> None:
    spoil, code, said = SESSIONS[kind]
    spoil(place / "new")
    found = asked(*CHECK)
    assert found[0] == code
    assert said in found[1]


def test_results_that_are_a_file_are_refused(place: Path) -> None:
    shutil.rmtree(place / "new")
    (place / "new").write_text("")
    for words in (CHECK, ("history", "--results", "new"), ("baseline", "add", "--results", "new")):
        assert asked(*words) == (2, "Invalid value for '--results': Directory 'new' is a file.")


@pytest.mark.parametrize(
    ("source", "code", "said"),
    [
        ("nowhere", 2, "no such baseline"),
        ("n" * 300, 2, "no such baseline"),
        ("noise", 5, "is no whole record of a session"),
        ("git:HEAD:kept", 2, "not a git repository"),
        ("git:HEAD:/etc", 2, "is no git:REF:PATH"),
        ("git:HEAD:../old", 2, "is no git:REF:PATH"),
        ("git:HEAD:", 2, "is no git:REF:PATH"),
    ],
)
def test_a_source_that_is_no_baseline(place: Path, source: str, code: int, said: str) -> None:
    (place / "noise").write_bytes(bytes(range(256)))
    found = asked("check", "--baseline", source, "--results", "new")
    assert found[0] == code
    assert said in found[1]


@pytest.mark.parametrize("more", [AB, AGAIN])
def test_the_latest_session_of_its_own_is_taken_and_what_is_newer_named(place: Path, more: dict[str, Any]) -> None:
    drawn.session(place / "new" / "y", 31, 9.0, whole=made.meta("y") | more)
    code, said = asked(*CHECK)
    assert code == 0
    assert said.startswith("· taken: x, the latest session of its own; y is a se")
    assert "x against 6 baseline sessions" in said
    assert "y against 6" in asked(*CHECK, "y")[1]


@pytest.mark.parametrize("more", [AB, AGAIN])
def test_what_stands_aside_is_no_part_of_a_baseline(place: Path, more: dict[str, Any]) -> None:
    drawn.session(place / "old" / "s99", 59, 9.0, whole=made.meta("s99") | more)
    code, said = asked(*CHECK)
    assert code == 0
    assert "x against 6 baseline sessions" in said


@pytest.mark.parametrize(
    ("more", "said"), [(AB, "it is a session of `isobench ab`"), (AGAIN, "second measurement of x")]
)
def test_what_stands_aside_cannot_be_gone_on_with(place: Path, more: dict[str, Any], said: str) -> None:
    drawn.session(place / "new" / "y", 31, whole=made.meta("y") | more)
    code, words = asked("run", "--resume", "y", "--results", "new")
    assert code == 2
    assert "cannot be gone on with" in words
    assert said in words


def test_options_of_a_second_measurement_need_one(place: Path) -> None:
    code, said = asked(*CHECK, "--wait")
    assert code == 2
    assert "add --confirm" in said
