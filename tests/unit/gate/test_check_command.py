"""``isobench check`` as CI meets it: exit codes, formats, one line for bad input."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Xml

import pytest
from tests.unit.gate import drawn
from tests.unit.parity import made


def isobench(folder: Path, *words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "isobench", *words], capture_output=True, text=True, check=False, timeout=60, cwd=folder,
        env=os.environ | {"ISOBENCH_CACHE": str(folder / "cache")},
    )  # fmt: skip


def check(folder: Path, *words: str | Path, source: str | Path = "old") -> subprocess.CompletedProcess[str]:
    return isobench(folder, "check", "--baseline", source, *words, "--results", "new")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    drawn.baseline(tmp_path / "old")
    drawn.session(tmp_path / "new" / "x", 30)
    return tmp_path


def worse(place: Path, **more: Any) -> None:
    drawn.session(place / "new" / "x", 30, 1.5, **more)


def test_unchanged_exits_0(place: Path) -> None:
    done = check(place)
    assert (done.returncode, done.stderr) == (0, "")
    assert "x against 6 baseline sessions: passed: 2 no change" in done.stdout


def test_a_regression_exits_1_and_names_cell_and_metric(place: Path) -> None:
    worse(place)
    done = check(place)
    assert done.returncode == 1
    assert "exit code 1: 2 regression" in done.stdout
    assert "idle@docker" in done.stdout
    assert "time_to_ready" in done.stdout


def test_missing_exits_4_and_comes_after_a_regression(place: Path) -> None:
    drawn.session(place / "new" / "x", 30, cells=made.CELLS[:1])
    assert check(place).returncode == 4
    worse(place, cells=made.CELLS[:1])
    done = check(place)
    assert done.returncode == 1
    assert "exit code 1 (also 4)" in done.stdout


def test_few_baseline_sessions_are_told_and_strict_exits_3(place: Path) -> None:
    drawn.session(place / "new" / "x", 30, 1.06)
    words = ("--strict",)
    done = check(place, *words, source="old/s01")
    assert done.returncode == 3
    assert "fewer than 5 comparable baseline sessions of some series (at most 1)" in done.stdout
    assert check(place, source="old/s01").returncode == 0


def test_isobench_toml_of_the_folder_is_heeded(place: Path) -> None:
    worse(place)
    (place / "isobench.toml").write_text('[[gate]]\nseries = "idle@* time_to_ready"\nrelevant_effect = 0.8\n')
    assert check(place).returncode == 0


def test_json(place: Path) -> None:
    worse(place)
    done = check(place, "--format", "json")
    found = json.loads(done.stdout)
    assert done.returncode == found["exit_code"] == 1
    first = found["series"][0]
    assert (first["verdict"], first["metric"], first["unit"]) == ("regression", "time_to_ready", "s")
    assert first["ratio"]["low"] < first["ratio"]["value"] < first["ratio"]["high"]
    assert (first["baseline_sessions"], first["samples"]) == (6, 10)


def test_markdown_says_the_verdict_first_and_folds_the_table(place: Path) -> None:
    worse(place, whole=made.meta("x", kernel="<b>|6.9"))
    done = check(place, "--format", "markdown")
    assert done.returncode == 1
    assert done.stdout.startswith("### isobench: failed, exit code 1: 2 regression")
    assert "<details>" in done.stdout
    assert "<b>" not in done.stdout
    assert "&lt;b&gt;\\|6.9" in done.stdout


def test_junit_counts_what_it_holds(place: Path) -> None:
    worse(place)
    done = check(place, "--format", "junit")
    assert done.returncode == 1
    suites = Xml.fromstring(done.stdout).findall("testsuite")  # noqa: S314
    assert [suite.get("name") for suite in suites] == ["idle@docker", "idle@vm-micro"]
    for suite in suites:
        assert suite.get("failures") == str(len(suite.findall("testcase/failure"))) == "1"
        assert suite.get("tests") == str(len(suite.findall("testcase")))


def test_an_artifact_or_a_cache_is_a_folder_that_comes_back(place: Path) -> None:
    for number in range(1, 7):
        assert isobench(place, "baseline", "add", f"old/s{number:02}", "--dir", "kept").returncode == 0
    packed = shutil.make_archive(str(place / "artifact"), "zip", place / "kept")
    shutil.unpack_archive(packed, place / "fetched")
    assert check(place, source="fetched").returncode == 0
    worse(place)
    assert check(place, source="fetched").returncode == 1
    single = next((place / "fetched").rglob("s01.baseline.json"))
    assert "1 baseline sessions" in check(place, source=single).stdout


def test_a_branch_of_git_is_a_baseline(place: Path) -> None:
    def git(*words: str) -> None:
        named = ("-c", "user.name=test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false")
        subprocess.run(["git", *named, *words], cwd=place, check=True, capture_output=True)

    for number in range(1, 7):
        isobench(place, "baseline", "add", f"old/s{number:02}", "--dir", "kept")
    git("init", "-q", "-b", "baselines")
    git("add", "kept")
    git("commit", "-q", "-m", "baseline")
    shutil.rmtree(place / "kept")
    assert check(place, source="git:baselines:kept").returncode == 0
    worse(place)
    assert check(place, source="git:HEAD:kept").returncode == 1
    for source in ("git:nowhere:kept", "git:HEAD:none", "git:HEAD", "git:--output=x:kept"):
        done = check(place, source=source)
        assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
        assert source in done.stderr


def refused(place: Path, code: int, words: str, source: str | Path = "old") -> None:
    done = check(place, source=source)
    assert done.returncode == code
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 1


def changed(place: Path, name: str, **meta: Any) -> None:
    file = place / "old" / name / "session.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | meta))


def test_a_baseline_of_another_format_exits_4(place: Path) -> None:
    changed(place, "s03", format=2)
    refused(place, 4, "has format 2, this isobench reads 1")


def test_a_truncated_baseline_exits_5(place: Path) -> None:
    file = place / "old" / "s03" / "samples.jsonl"
    file.write_bytes(file.read_bytes()[:-40])
    refused(place, 5, "was cut short")


def test_a_damaged_session_in_the_baseline_exits_5(place: Path) -> None:
    (place / "old" / "s03" / "session.json").write_text('{"format": 1, ')
    refused(place, 5, "is not JSON")


def kept(place: Path) -> Path:
    isobench(place, "baseline", "add", "old/s01", "--dir", "kept")
    return next((place / "kept").rglob("*.baseline.json"))


def test_a_kept_file_that_was_cut_short_exits_5(place: Path) -> None:
    file = kept(place)
    file.write_bytes(file.read_bytes()[:300])
    refused(place, 5, "is no whole record", "kept")


def test_a_kept_file_of_another_format_exits_4(place: Path) -> None:
    file = kept(place)
    file.write_text(json.dumps(json.loads(file.read_text()) | {"format": 9}))
    refused(place, 4, "has format 9", "kept")
    file.write_text('{"format": 9, "everything": "else"}')
    refused(place, 4, "has format 9", "kept")


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [("unit", "ms", "mixed units: ms in the baseline, s here"), ("direction", None, "no direction in the baseline")],
)
def test_mixed_units_and_no_direction_exit_4(place: Path, key: str, value: str | None, words: str) -> None:
    file = kept(place)
    document = json.loads(file.read_text())
    for cell in document["cells"]:
        for series in cell["series"].values():
            series[key] = value
    file.write_text(json.dumps(document))
    refused(place, 4, words, "kept")


def test_another_host_class_exits_4(place: Path) -> None:
    drawn.session(place / "new" / "x", 30, whole=made.meta("x", cpu_model="Another CPU"))
    refused(place, 4, "cpu_model Made-up CPU → Another CPU")


def test_no_overlap_exits_4(place: Path) -> None:
    drawn.session(place / "new" / "x", 30, cells=(("redis", "docker"),))
    refused(place, 4, "no series in common")


def test_an_empty_baseline_exits_4_and_none_2(place: Path) -> None:
    (place / "empty").mkdir()
    refused(place, 4, "holds no session to judge x by", "empty")
    refused(place, 2, "no such baseline", "nowhere")


def test_foreign_text_speaks_to_no_terminal(place: Path) -> None:
    drawn.session(place / "new" / "x", 30, whole=made.meta("x", kernel="[red]6.9[/]\x1b[2J"))
    done = check(place)
    assert "[red]6.9[/]\\x1b[2J" in done.stdout
    assert "\x1b" not in done.stdout
