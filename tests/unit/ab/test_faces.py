"""A comparison as Markdown and JUnit XML: nothing that failed is missing from either."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import cmarkgfm
import pytest
from junitparser import JUnitXml
from tests.unit.ab.test_exit_codes import compared

from isobench.ab import faces
from isobench.cli.verdicts import Faces, say
from isobench.errors import HarnessError


def test_markdown_says_the_verdict_first_then_how_it_ended_and_what_could_not_run() -> None:
    said = faces.markdown(compared(1.5, unavailable={"vm-micro": "no <b>libvirt</b>"}))
    page = cmarkgfm.github_flavored_markdown_to_html(said)
    assert page.startswith("<h3>isobench: failed, exit code 1 (also 4): 1 regression</h3>")
    assert "against" in page
    assert "vm-micro could not run: no &lt;b&gt;libvirt&lt;/b&gt;" in page
    assert said.index("regression") < said.index("<details>")


def test_junit_holds_an_error_for_each_thing_that_failed_besides_the_series() -> None:
    found = compared(1.5, unavailable={"vm-micro": "no libvirt"}, ended="broken", broken="the disk\x00 is full")
    suites = JUnitXml.fromstring(faces.junit(found).encode())
    assert (suites.failures, suites.errors, suites.tests) == (1, 2, 3)
    errors = {case.name: result.message for suite in suites for case in suite for result in case.result
              if suite.name == "isobench ab"}  # fmt: skip
    assert errors == {"vm-micro could not run": "no libvirt", "the harness failed": "the disk\\x00 is full"}


def test_one_that_passed_has_no_error() -> None:
    suites = JUnitXml.fromstring(faces.junit(compared(1.0)).encode())
    assert (suites.failures, suites.errors) == (0, 0)


def test_a_verdict_is_said_once_and_written_beside(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one = Faces(lambda console: console.print("a text"), lambda: "# a\n", lambda: "<a/>\n", lambda: {"a": 1})
    say(one, "json", [("text", tmp_path / "a.txt"), ("junit", tmp_path / "a.xml")])
    assert capsys.readouterr().out == '{\n "a": 1\n}\n'
    assert ((tmp_path / "a.txt").read_text(), (tmp_path / "a.xml").read_text()) == ("a text\n", "<a/>\n")
    say(dataclasses.replace(one), "text", [("markdown", tmp_path / "a.md")])
    assert (capsys.readouterr().out, (tmp_path / "a.md").read_text()) == ("a text\n", "# a\n")


def test_a_file_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    one = Faces(lambda console: None, lambda: "", lambda: "", dict)
    with pytest.raises(HarnessError, match=r"none/a\.md: cannot be written: No such file or directory"):
        say(one, "text", [("markdown", tmp_path / "none" / "a.md")])
