"""Sessions of a folder as series, the index, and ``isobench history``."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.unit.gate import drawn
from tests.unit.parity import made

from isobench.history import history_of, record_of
from isobench.history.index import FOLDER
from isobench.history.record import DamagedError


def stepped(results: Path) -> Path:
    for number in range(1, 25):
        drawn.session(results / f"s{number:02}", number, 1.0 if number < 9 else 1.2 if number < 17 else 1.5,
                      cells=made.CELLS[:1])  # fmt: skip
    return results


def test_steps_are_told_with_the_first_session_after_them(tmp_path: Path) -> None:
    (track,) = history_of(stepped(tmp_path)).tracks
    assert [track.sessions[step.first] for step in track.steps] == ["s09", "s17"]
    assert [round(step.ratio, 1) for step in track.steps] == [1.2, 1.2]


def test_sessions_on_another_footing_are_left_out_and_unreadable_ones_named(tmp_path: Path) -> None:
    drawn.baseline(tmp_path, 12, cells=made.CELLS[:1])
    drawn.session(tmp_path / "s03", 3, 9.0, whole=made.meta("s03", cpu_model="Another CPU"), cells=made.CELLS[:1])
    (tmp_path / "s05" / "session.json").write_text("{")
    found = history_of(tmp_path)
    (track,) = found.tracks
    assert (len(track.sessions), track.left_out, track.steps) == (10, 1, ())
    assert len(found.unreadable) == 1
    assert "s05" in found.unreadable[0]


def test_the_index_answers_as_the_session_does_and_notices_a_change(tmp_path: Path) -> None:
    folder, cache = drawn.session(tmp_path / "s", 1), tmp_path / "cache"
    fresh = record_of(folder)
    assert record_of(folder, cache) == fresh
    (entry,) = (cache / FOLDER).iterdir()
    assert record_of(folder, cache) == fresh
    drawn.session(folder, 1, 1.5, stored_bytes=1.0)
    assert record_of(folder, cache) == record_of(folder) != fresh
    assert len(list((cache / FOLDER).iterdir())) == 1
    assert not entry.exists()


def test_a_damaged_entry_is_made_anew_and_an_unwritable_index_is_none(tmp_path: Path) -> None:
    folder, cache = drawn.session(tmp_path / "s", 1), tmp_path / "cache"
    fresh = record_of(folder, cache)
    (entry,) = (cache / FOLDER).iterdir()
    entry.write_text("{")
    assert record_of(folder, cache) == fresh
    assert entry.read_text() != "{"
    (tmp_path / "file").write_text("")
    assert record_of(folder, tmp_path / "file") == fresh


def test_a_session_that_ended_but_is_cut_short_is_damaged(tmp_path: Path) -> None:
    folder = drawn.session(tmp_path / "s", 1)
    samples = folder / "samples.jsonl"
    samples.write_bytes(samples.read_bytes()[:-9])
    with pytest.raises(DamagedError, match="cut short"):
        record_of(folder)


def history(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "isobench", "history", "--results", "results", *words],
                          capture_output=True, text=True, check=False, timeout=60, cwd=folder,
                          env=os.environ | {"ISOBENCH_CACHE": str(folder / "cache")})  # fmt: skip


def test_the_command_prints_steps_and_json(tmp_path: Path) -> None:
    stepped(tmp_path / "results")
    done = history(tmp_path, "--metric", "time_to_ready")
    assert (done.returncode, done.stderr) == (0, "")
    assert "s09" in done.stdout
    assert "worse" in done.stdout
    assert "24 sessions, 1 series: 1 changed, 0 did not" in done.stdout
    found = json.loads(history(tmp_path, "--json").stdout)
    assert [step["first"] for step in found["series"][0]["steps"]] == ["s09", "s17"]
    assert len(found["series"][0]["medians"]) == 24


@pytest.mark.parametrize(
    ("words", "said"), [((), "there is no session yet"), (("--metric", "time_to_redy"), "did you mean")]
)
def test_bad_input_gets_one_line(tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    done = history(tmp_path, *words)
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert said in done.stderr
