"""A session read back: whole, half-written, damaged, absent."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests import synthetic

import isobench
from isobench.errors import UsageError
from isobench.store.frame import COLUMNS
from isobench.store.reader import find_session, read_session


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return synthetic.write(tmp_path / "made-up", synthetic.session_meta(), synthetic.samples(6))


def test_what_was_written_is_read(folder: Path) -> None:
    record = read_session(folder)
    assert record.samples == tuple(synthetic.samples(6))
    assert not record.dropped_tail


def test_a_half_written_last_line_is_dropped_and_said(folder: Path) -> None:
    path = folder / "samples.jsonl"
    path.write_bytes(path.read_bytes()[:-9] + "é".encode()[:1])
    record = read_session(folder)
    assert record.dropped_tail
    assert len(record.samples) == len(synthetic.samples(6)) - 1


@pytest.mark.parametrize("line", ["{", '{"format": 9}', '{"format": 1}', "[]", '{"format": NaN}'])
def test_other_damage_is_one_line_with_file_and_line(folder: Path, line: str) -> None:
    path = folder / "samples.jsonl"
    first, rest = path.read_text().split("\n", 1)
    path.write_text(f"{first}\n{line}\n{rest}")
    with pytest.raises(UsageError) as caught:
        read_session(folder)
    assert "samples.jsonl:2" in caught.value.line()
    assert "\n" not in caught.value.line()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": 2}', "\xff"])
def test_a_damaged_session_json_is_refused(folder: Path, text: str) -> None:
    (folder / "session.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(UsageError, match=r"session\.json"):
        read_session(folder)


def test_missing_files(folder: Path) -> None:
    (folder / "samples.jsonl").unlink()
    assert read_session(folder).samples == ()
    (folder / "session.json").unlink()
    with pytest.raises(UsageError, match="missing"):
        read_session(folder)
    with pytest.raises(UsageError, match="no such session"):
        read_session(folder / "nowhere")


def test_sessions_are_found_by_name_path_and_age(folder: Path) -> None:
    results = folder.parent
    later = synthetic.write(results / "nade-up", synthetic.session_meta(), [])
    assert find_session("made-up", results) == folder
    assert find_session(folder, results / "else") == folder
    assert find_session(None, results) == later
    with pytest.raises(UsageError, match="did you mean 'made-up'"):
        find_session("made-upp", results)
    with pytest.raises(UsageError, match="no session yet"):
        find_session(None, results / "none")


def test_the_frame_has_a_row_a_value(folder: Path) -> None:
    frame = isobench.load(folder)
    assert list(frame.columns) == list(COLUMNS)
    assert len(frame) == sum(len(s.metrics) for s in synthetic.samples(6))
    assert set(frame["acceleration"]) == {"none", "tcg"}
    assert set(frame["unit"]) <= {"s", "B", "1/s", "B/s"}


def test_an_empty_session_makes_an_empty_frame(tmp_path: Path) -> None:
    folder = synthetic.write(tmp_path / "empty", synthetic.session_meta(), [])
    assert isobench.load(folder).empty
    assert json.loads((folder / "session.json").read_text())["format"] == 1
