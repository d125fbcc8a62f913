"""Reading figures from output that may be anything."""

from __future__ import annotations

import math

import jsonpath
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isobench.errors import SampleError
from isobench.workloads.parse import _PLAIN_PATH, check_json_path, figure


def test_a_json_path_finds_its_figure_behind_notes() -> None:
    assert figure('note: x\n{"jobs": [{"read": {"iops": 12.5}}]}\n', "json", "$.jobs[0].read.iops") == 12.5


def test_a_regular_expression_gives_its_first_group() -> None:
    assert figure('"GET","1234.5","0.1"', "regex", '"GET","([0-9.]+)"') == 1234.5


@pytest.mark.parametrize(
    "output", ["", "no json", "{", '{"a": "x"}', '{"a": null}', '{"a": NaN}', '{"b": 1}', "[" * 5000]
)
def test_rubbish_is_called_rubbish(output: str) -> None:
    with pytest.raises(SampleError) as caught:
        figure(output, "json", "$.a")
    assert caught.value.outcome == "rubbish"


@given(st.text())
def test_no_output_breaks_the_reader(output: str) -> None:
    for kind, expression in (("json", "$.a"), ("regex", r"(\d+)")):
        try:
            assert math.isfinite(figure(output, kind, expression))
        except SampleError as error:
            assert error.outcome == "rubbish"


@given(st.from_regex(_PLAIN_PATH, fullmatch=True))
def test_what_is_taken_for_a_plain_path_is_one(path: str) -> None:
    check_json_path(path)
    jsonpath.compile(path)
