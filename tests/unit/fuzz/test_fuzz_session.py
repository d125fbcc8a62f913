"""Sessions from anywhere: read and fit for the report, or refused in one line naming the file."""

from __future__ import annotations

import json
import math
import os
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests import synthetic
from tests.unit.fuzz.hostile import DEPTH, Damage, damaged, damages, refused_as

from isobench.errors import UsageError
from isobench.store.frame import frame
from isobench.store.reader import META, SAMPLES, find_session, read_session

META_BYTES = json.dumps(synthetic.session_meta()).encode()
with tempfile.TemporaryDirectory() as made:
    synthetic.write(Path(made) / "s", synthetic.session_meta(), synthetic.samples(1)[:3])
    LINES = (Path(made) / "s" / SAMPLES).read_bytes()
SAMPLE = json.loads(LINES.split(b"\n")[0])

_NUMBERS = ["NaN", "-Infinity", "1e999", "-1e400", "9" * 40, "9" * 5000, "-0", "1e-400", "true", "null", '"\\ud800"']
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def try_session(meta: bytes, samples: bytes) -> None:
    """Read a session; what is accepted must be finite, writable again, and fit for a frame."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / META).write_bytes(meta)
        (folder / SAMPLES).write_bytes(samples)
        with refused_as(UsageError):
            record = read_session(folder)
            json.dumps(record.meta, allow_nan=False, ensure_ascii=False).encode()
            assert all(math.isfinite(value) for sample in record.samples for value in sample.metrics.values())
            assert all(math.isfinite(sample.duration) for sample in record.samples)
            if record.samples:
                frame(record)


@given(st.binary(max_size=300), st.binary(max_size=300))
def test_anything_at_all(meta: bytes, samples: bytes) -> None:
    try_session(meta, b"")
    try_session(META_BYTES, samples)


@given(damages)
def test_a_damaged_session_json(damage: Damage) -> None:
    try_session(damaged(META_BYTES, damage), b"")


@given(damages, st.integers(0, len(LINES)))
def test_damaged_and_truncated_samples(damage: Damage, length: int) -> None:
    try_session(META_BYTES, damaged(LINES, damage)[:length])


@given(st.sampled_from(sorted(SAMPLE)), _JSON)
def test_a_field_that_holds_anything(field: str, value: Any) -> None:
    try_session(META_BYTES, json.dumps(SAMPLE | {field: value}).encode() + b"\n")


@given(st.sampled_from(["metrics", "events", "noise", "facts", "number", "request_ns"]), st.sampled_from(_NUMBERS))
def test_numbers_that_are_none(field: str, number: str) -> None:
    inside = isinstance(SAMPLE[field], dict)
    line = json.dumps(SAMPLE | {field: {"ready": "HERE"} if inside else "HERE"})
    try_session(META_BYTES, line.replace('"HERE"', number).encode() + b"\n")


@given(_JSON)
def test_a_session_json_that_holds_anything(value: Any) -> None:
    try_session(json.dumps({"format": 1, "id": value, "targets": value}).encode(), b"")


@given(st.text(st.characters(exclude_characters="\0/", exclude_categories=["Cs"]), max_size=400))
def test_any_name_of_a_session(name: str) -> None:
    with tempfile.TemporaryDirectory() as results:
        with refused_as(UsageError):
            find_session(name, Path(results))


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e999", "9" * 40])
def test_no_figure_is_infinite(tmp_path: Path, number: str) -> None:
    (tmp_path / META).write_bytes(META_BYTES)
    line = json.dumps(SAMPLE | {"metrics": {"time_to_ready": "HERE"}}).replace('"HERE"', number)
    (tmp_path / SAMPLES).write_text(line + "\n")
    with pytest.raises(UsageError, match=r"samples\.jsonl:1: is not a JSON line"):
        read_session(tmp_path)


@pytest.mark.parametrize("file", [META, SAMPLES])
def test_nesting_without_end_is_one_line(tmp_path: Path, file: str) -> None:
    synthetic.write(tmp_path, synthetic.session_meta(), [])
    (tmp_path / file).write_text("[" * DEPTH + "\n")
    with pytest.raises(UsageError, match=r"is not (a )?JSON"):
        read_session(tmp_path)


@pytest.mark.parametrize("file", [META, SAMPLES])
def test_a_pipe_a_device_and_a_bomb_are_refused_unread(tmp_path: Path, file: str) -> None:
    synthetic.write(tmp_path, synthetic.session_meta(), [])
    path = tmp_path / file
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(UsageError, match=f"{file}: is no file"):
        read_session(tmp_path)
    path.unlink()
    path.symlink_to("/dev/zero")
    with pytest.raises(UsageError, match=f"{file}: is no file"):
        read_session(tmp_path)


def test_half_a_surrogate_is_read_and_can_be_written_again(tmp_path: Path) -> None:
    synthetic.write(tmp_path, synthetic.session_meta(command=["isobench", "\udcff"]), [])
    assert read_session(tmp_path).meta["command"] == ["isobench", "?"]
