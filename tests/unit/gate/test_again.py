"""A suspected regression measured once more: what stands, what does not, and what each format says of it."""

from __future__ import annotations

import io
import json
import re
from datetime import date
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Xml

import pytest
from rich.console import Console
from tests.unit.gate import drawn
from tests.unit.parity import made

from isobench.baseline import Accepted
from isobench.gate import Check, Rules, check
from isobench.gate.check import Confirm
from isobench.gate.document import document
from isobench.gate.junit import junit
from isobench.gate.markdown import markdown
from isobench.gate.text import show
from isobench.history import Record, record_of
from isobench.model import Cell


@pytest.fixture
def before(tmp_path: Path) -> list[Record]:
    drawn.baseline(tmp_path)
    return [record_of(tmp_path / f"s{number:02}") for number in range(1, 7)]


def worse(folder: Path, **more: Any) -> Record:
    return record_of(drawn.session(folder, 30, 1.5, **more))


def answering(folder: Path, scale: float = 1.5, **more: Any) -> Confirm:
    """Return a confirmation whose session is as drawn."""
    return lambda _: record_of(drawn.session(folder / "again", 31, scale, **more))


def half(tmp_path: Path, before: list[Record]) -> Check:
    """Return a check whose docker cell is confirmed and whose VM's is not."""
    steady = [one for one in made.taken(1.0) if one.cell.target == "vm-micro"]
    folder = made.session(tmp_path / "again", [*made.taken(1.5, cells=made.CELLS[:1]), *steady])
    return check(worse(tmp_path / "x"), before, confirm=lambda _: record_of(folder))


def test_each_format_says_what_was_confirmed_and_by_which_session(tmp_path: Path, before: list[Record]) -> None:
    found = half(tmp_path, before)
    assert (found.exit_code, found.confirming, found.counts) == (1, "again", {"regression": 1, "inconclusive": 1})
    line = "measured once more in again: confirmed idle@docker time_to_ready; not confirmed idle@vm-micro time_to_ready"
    vm = "not confirmed: a regression at first, no change in again"
    text = io.StringIO()
    show(found, Console(file=text))
    for said in (line, vm, "confirmed by again"):
        assert said in text.getvalue()
    table = document(found)
    assert table["confirming"] == "again"
    assert {one["target"]: one["confirmed"] for one in table["series"]} == {"docker": True, "vm-micro": False}
    page = markdown(found)
    assert re.sub(r"([_@:])", r"\\\1", line) in page
    assert "not confirmed\\: a regression at first" in page
    suites = Xml.fromstring(junit(found)).findall("testsuite")  # noqa: S314
    docker, micro = (suite.findall("testcase/*")[0] for suite in suites)
    assert (docker.tag, micro.tag) == ("failure", "skipped")
    assert "confirmed by again" in docker.get("message", "")
    assert vm in micro.get("message", "")


def test_nothing_is_said_of_it_where_nothing_was_measured_again(tmp_path: Path, before: list[Record]) -> None:
    found = check(worse(tmp_path / "x"), before)
    table = document(found)
    assert table["confirming"] is None
    assert {one["confirmed"] for one in table["series"]} == {None}
    assert "once more" not in markdown(found)


@pytest.mark.parametrize(
    ("more", "verdict", "said"),
    [
        ({"outcome": "died"}, "error", "made-up failure"),
        ({"cells": (("idle", "vm-micro"),)}, "missing", ""),
        ({"marks": ("noisy",)}, "inconclusive", ""),
        ({"scale": 0.5}, "inconclusive", ""),
        ({"whole": made.meta("again", kernel="6.9.0-test")}, "incomparable", "host_kernel"),
        ({"whole": made.meta("again", cpu_model="Another CPU")}, "incomparable", "cpu_model"),
        ({"length": "full"}, "missing", ""),
    ],
)  # fmt: skip
def test_what_could_not_be_measured_again_does_not_pass(
    tmp_path: Path, before: list[Record], more: dict[str, Any], verdict: str, said: str
) -> None:
    found = check(worse(tmp_path / "x"), before, confirm=answering(tmp_path, **more))
    docker = found.findings[0]
    assert (str(docker.cell), docker.verdict) == ("idle@docker", verdict)
    assert docker.again is not None
    assert not docker.again.confirmed
    assert said in json.dumps(document(found))
    assert (found.exit_code == 0) == (verdict == "inconclusive")


def test_a_known_change_is_not_measured_again(tmp_path: Path, before: list[Record]) -> None:
    asked: list[tuple[Cell, ...]] = []

    def confirm(cells: tuple[Cell, ...]) -> Record:
        asked.append(cells)
        return worse(tmp_path / "again")

    known = (Accepted("time_to_ready", "idle@docker", "TLS", "2999-01-01"),)
    found = check(worse(tmp_path / "x"), before, Rules(accepted=known, today=date(2026, 6, 1)), confirm)
    assert [tuple(map(str, cells)) for cells in asked] == [("idle@vm-micro",)]
    assert [one.again is None for one in found.findings] == [True, False]
