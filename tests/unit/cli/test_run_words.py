"""What ``isobench run`` says: of bad input, of failures once a cell, of cells with too few samples. Test data."""

from __future__ import annotations

import random
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from tests import synthetic

from isobench.cli.run_command import failures
from isobench.cli.summary import print_summary
from isobench.model import Sample
from isobench.report.page import render
from isobench.report.series import Data
from isobench.report.tables import few_note
from isobench.store.reader import read_session


def sample(number: int, target: str, error: str | None = None) -> Sample:
    made = synthetic.sample(number, "idle", target, random.Random(1))  # noqa: S311
    return made if error is None else replace(made, outcome="failed", error=error, metrics={})


def test_a_cell_that_fails_in_one_way_has_one_line() -> None:
    failed = [sample(0, "native", "x"), sample(1, "docker", "x"), sample(4, "native", "x"), sample(5, "native", "y")]
    assert failures(failed) == [
        "sample 0 (idle@native): failed: x (and 1 more: sample 4)",
        "sample 1 (idle@docker): failed: x",
        "sample 5 (idle@native): failed: y",
    ]


def test_cells_below_three_samples_are_marked_and_those_without_any_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    three, two = [sample(n, "native") for n in range(3)], [sample(n, "docker") for n in (3, 4)]
    taken = [*three, *two, sample(5, "vm-q35", "x")]
    cells = [{"workload": "idle", "target": t} for t in ("native", "docker", "vm-q35", "vm-micro")]
    meta = synthetic.session_meta(plan={"cells": [*cells, 7], "rule": "TEST DATA"})
    session = read_session(synthetic.write(tmp_path / "made", meta, taken))
    note = "Fewer than 3 samples that count: idle on docker (2), idle on vm-q35 (none), idle on vm-micro (none)."
    assert few_note(Data(session)) == note
    page = render(session)
    assert note in page
    assert page.count("<small>fewer than 3</small>") == 2
    print_summary(session.folder)
    said = capsys.readouterr().out
    assert note in " ".join(said.split())
    rows = [line.split() for line in said.splitlines()]
    assert [row[2] for row in rows if row[:1] == ["idle"]] == ["3", "2†", "0†"]
    whole = synthetic.write(tmp_path / "whole", synthetic.session_meta(), synthetic.samples())
    assert few_note(Data(read_session(whole))) == ""


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--ready", "up"), "--ready says how to run an image that is brought; add --image"),
        (("--image", "./gone.tar"), "./gone.tar: no such file or folder"),
        (("--image", "no image"), "--image: 'no image' is no image"),
        (("--image", "redis", "--ready", "("), "is no regular expression"),
        (("--image", "redis", "--command", "'"), "cannot be split into words"),
        (("--image", "redis"), "redis is not one of isobench's own workloads, and native would run it"),
        (("--image", "idle", "-w", "idle"), "would be called idle, as a workload of this session is"),
    ],
)
def test_a_wrong_image_is_refused_in_one_line_before_an_engine_starts(
    words: tuple[str, ...], said: str, tmp_path: Path
) -> None:
    argv = [sys.executable, "-m", "isobench", "run", *words]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, cwd=tmp_path, timeout=60)
    assert done.returncode == 2
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1
