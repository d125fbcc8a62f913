"""What tools print, and the expressions that look into it: a finite figure, or ``rubbish`` in one line, in time."""

from __future__ import annotations

import json
import math
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.fuzz.hostile import DEPTH, Damage, damaged, damages, refused_as

from isobench.errors import SampleError
from isobench.workloads import parse

FIO = b'fio: note\n{"jobs": [{"read": {"iops": 12.5, "lat_ns": {"percentile": {"50.000000": 1800}}}}]}\nbye\n'
PATHS = ["$.a", "$..a", "$.jobs[0].read.iops", "$..percentile", "$.*", "$", "$.a[-1:]", "$..[?@.a > 1].a"]
PATTERNS = [r"(\d+)", r"(\S+)", r"a|(b)", r'"GET","([0-9.]+)"', r"^(.*)$", r"(?s)(.*)", r"([\d.e+-]+)\s*$"]
_LEAVES = ["NaN", "Infinity", "1e999", "9" * 400, "9" * 5000, "true", "null", '"nan"', '"-inf"', '"1e3"', '"\\ud800"',
           '"1_0"', "[]", "{}", "[" * 900 + "]" * 900, "-0.0"]  # fmt: skip
_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", "jobs"]), inner, max_size=3),
    max_leaves=10,
)


def try_figure(output: str, kind: str, expression: str) -> None:
    with refused_as(SampleError, outcome="rubbish"):
        assert math.isfinite(parse.figure(output, kind, expression))


@given(st.text(max_size=400), st.sampled_from(PATHS), st.sampled_from(PATTERNS))
def test_anything_at_all(output: str, path: str, pattern: str) -> None:
    try_figure(output, "json", path)
    try_figure(output, "regex", pattern)


@given(damages, st.sampled_from(PATHS), st.sampled_from(PATTERNS))
def test_damaged_output(damage: Damage, path: str, pattern: str) -> None:
    output = damaged(FIO, damage).decode("utf-8", "replace")
    try_figure(output, "json", path)
    try_figure(output, "regex", pattern)


@given(_values, st.sampled_from(PATHS))
def test_json_that_holds_anything(value: Any, path: str) -> None:
    try_figure(json.dumps({"a": value, "jobs": value}), "json", path)


@given(st.sampled_from(_LEAVES), st.sampled_from(PATHS))
def test_numbers_that_are_none(leaf: str, path: str) -> None:
    try_figure(f'{{"a": {leaf}, "jobs": [{{"read": {{"iops": {leaf}}}}}]}}', "json", path)


_TOKENS = ["$", "..", ".", "*", "[", "]", "?", "(", ")", "@", "a", "'x'", '"', "0", "-1", ":", ",", "==", "&&", "!",
           "match(@.a, '(a+)+$')", "length(", "~", "#", "^", "|", "&", "_", "\\u0000", "\ud800"]  # fmt: skip


@given(st.lists(st.sampled_from(_TOKENS), max_size=14).map("".join) | st.text(max_size=30), _values)
def test_a_path_is_no_path_or_can_be_followed(path: str, value: Any) -> None:
    try:
        parse.check_json_path(path)
    except ValueError:
        return
    try_figure(json.dumps({"a": value}), "json", path)


def test_nesting_without_end_is_rubbish() -> None:
    for output in ('{"a":' * DEPTH, "[" * DEPTH, '{"a":' + "[" * 980 + "]" * 980 + "}"):
        with pytest.raises(SampleError):
            parse.figure(output, "json", "$..b")


@pytest.mark.parametrize(("kind", "expression"), [("regex", r"(a+)+!"), ("json", "$..[?search(@.a, '(a+)+!')].a")])
def test_a_hundred_megabytes_cannot_hold_up_the_session(
    monkeypatch: pytest.MonkeyPatch, kind: str, expression: str
) -> None:
    monkeypatch.setattr(parse, "_PATIENCE", 0.3)
    line = "a" * (100 << 20)
    output = line if kind == "regex" else '{"x": {"a": "' + "a" * 60 + '"}}' + line
    began = time.monotonic()
    with pytest.raises(SampleError, match=r"found nothing in 0\.3 s of searching") as caught:
        parse.figure(output, kind, expression)
    assert caught.value.outcome == "rubbish"
    assert time.monotonic() - began < 10
