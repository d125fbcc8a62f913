"""A baseline's folder: sessions by class of host, known changes, and what `isobench baseline` prints."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from tests.unit.gate import drawn
from tests.unit.parity import made

from isobench.baseline import accept, accepted_for, add, kept, load, prune, read_accepted
from isobench.errors import UsageError
from isobench.history import record_of
from isobench.history.record import DamagedError, dump, parse
from isobench.model import Cell

TODAY = date(2026, 6, 1)


def test_a_record_survives_its_file(tmp_path: Path) -> None:
    record = record_of(drawn.session(tmp_path / "s", 1, stored_bytes=0.1 + 0.2))
    assert parse(dump(record), "here") == record


def test_sessions_of_one_class_share_a_folder_and_others_do_not(tmp_path: Path) -> None:
    hosts = {"a": {}, "b": {"memory_bytes": int((8 << 30) * 0.96)}, "c": {"cores": 4}}
    for number, (name, facts) in enumerate(hosts.items()):
        record = record_of(drawn.session(tmp_path / name, number, whole=made.meta(name, **facts)))
        add(tmp_path / "kept", record)
    assert [(one.host, one.record.session) for one in kept(tmp_path / "kept")] == [
        ("made-up-cpu-2c-8g", "a"), ("made-up-cpu-2c-8g", "b"), ("made-up-cpu-4c-8g", "c"),
    ]  # fmt: skip
    assert {one.session for one in load(str(tmp_path / "kept")).records} == {"a", "b", "c"}


def test_adding_again_changes_nothing(tmp_path: Path) -> None:
    record = record_of(drawn.session(tmp_path / "s", 1))
    first = add(tmp_path / "kept", record)
    content = first.read_bytes()
    assert add(tmp_path / "kept", record) == first
    assert first.read_bytes() == content


def test_what_cannot_be_a_baseline_is_refused(tmp_path: Path) -> None:
    record = record_of(drawn.session(tmp_path / "s", 1))
    with pytest.raises(UsageError, match="does not tell its host"):
        add(tmp_path / "kept", replace(record, environment={}))
    with pytest.raises(UsageError, match="no sample that counts"):
        add(tmp_path / "kept", record_of(drawn.session(tmp_path / "f", 2, outcome="died")))


def test_the_oldest_of_each_class_are_pruned_and_what_is_over(tmp_path: Path) -> None:
    drawn.baseline(tmp_path / "old", 4)
    for number in range(1, 5):
        add(tmp_path / "kept", record_of(tmp_path / "old" / f"s{number:02}"))
    accept(tmp_path / "kept", "time_to_ready", reason="known", until="2026-05-31", today=date(2026, 1, 1))
    accept(tmp_path / "kept", "stored_bytes", reason="known", until="2026-06-01", today=TODAY)
    removed = prune(tmp_path / "kept", 3, TODAY)
    assert removed == ["made-up-cpu-2c-8g/s01", "accepted * time_to_ready, over since 2026-05-31"]
    assert [one.record.session for one in kept(tmp_path / "kept")] == ["s02", "s03", "s04"]
    assert [one.metric for one in read_accepted(tmp_path / "kept")] == ["stored_bytes"]


def test_a_known_change_covers_its_cells_until_its_last_day(tmp_path: Path) -> None:
    accept(tmp_path, "time_to_ready", reason="first", until="2026-06-01", cell="idle@*", today=TODAY)
    accept(tmp_path, "time_to_ready", reason="TLS", until="2026-06-01", cell="idle@*", today=TODAY)
    known = read_accepted(tmp_path)
    assert len(known) == 1
    found = accepted_for(Cell("idle", "docker"), "time_to_ready", known, TODAY)
    assert found is not None
    assert found.reason == "TLS"
    assert accepted_for(Cell("redis", "docker"), "time_to_ready", known, TODAY) is None
    assert accepted_for(Cell("idle", "docker"), "stored_bytes", known, TODAY) is None
    assert accepted_for(Cell("idle", "docker"), "time_to_ready", known, date(2026, 6, 2)) is None


@pytest.mark.parametrize(
    ("metric", "reason", "until", "said"),
    [
        ("time_to_redy", "x", "2026-06-01", "did you mean 'time_to_ready'"),
        ("time_to_ready", " ", "2026-06-01", "needs a reason"),
        ("time_to_ready", "x", "soon", "is no date"),
        ("time_to_ready", "x", "2026-05-31", "2026-05-31 has passed"),
        ("clock_ratio", "x", "2026-06-01", "clock_ratio has no direction"),
    ],
)
def test_a_known_change_without_sense_is_refused(
    tmp_path: Path, metric: str, reason: str, until: str, said: str
) -> None:
    with pytest.raises(UsageError) as caught:
        accept(tmp_path, metric, reason=reason, until=until, today=TODAY)
    assert said in caught.value.line()
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("text", ["{", "[{}]", '[{"metric":"a","cell":"*","reason":"r","until":"soon"}]'])
def test_damaged_known_changes_are_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "accepted.json").write_text(text)
    with pytest.raises(DamagedError, match="no list of known changes"):
        read_accepted(tmp_path)


def test_the_command_adds_accepts_shows_and_prunes(tmp_path: Path) -> None:
    drawn.baseline(tmp_path / "results", 2)

    def baseline(*words: str) -> str:
        done = subprocess.run([sys.executable, "-m", "isobench", "baseline", *words], cwd=tmp_path, check=True,
                              capture_output=True, text=True, timeout=60)  # fmt: skip
        return done.stdout

    assert "holds no session" in baseline("show")
    for name in ("s01", "s02"):
        assert f"{name}.baseline.json" in baseline("add", name, "--results", "results")
    assert "accepted until 2999-01-01" in baseline("accept", "time_to_ready", "--reason", "x", "--until", "2999-01-01")
    shown = baseline("show")
    assert "made-up-cpu-2c-8g: 2 sessions" in shown
    assert "accepted until 2999-01-01: * time_to_ready (x)" in shown
    assert "removed made-up-cpu-2c-8g/s01" in baseline("prune", "--keep", "1")
    assert "nothing to remove" in baseline("prune", "--keep", "1")
