"""``isobench export`` as a user meets it: where it writes, what it refuses, and its exit codes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests import synthetic
from tests.unit.export import made

from isobench.cli.export_command import FORMATS as OFFERED
from isobench.export import FORMATS, exporter, write
from isobench.store.reader import read_session

ONE_FILE = sorted(FORMATS.keys() - {"github-action"})


def export(results: Path, *words: str | Path) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "isobench", "export", *words, "--results", results],
        capture_output=True, check=False, timeout=60,
    )  # fmt: skip


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("results")
    made.usual(folder / "made-up")
    return folder


def test_all_formats_are_offered() -> None:
    assert OFFERED.split("|") == list(FORMATS)


@pytest.mark.parametrize("name", ONE_FILE)
def test_one_file_goes_to_standard_output_or_to_the_file_named(results: Path, tmp_path: Path, name: str) -> None:
    document = exporter(name)(read_session(results / "made-up"))
    printed = export(results, "made-up", "--format", name)
    assert (printed.returncode, printed.stderr, printed.stdout) == (0, b"", document)
    to = tmp_path / "new" / "file"
    written = export(results, "made-up", "--format", name, "-o", to)
    assert (written.returncode, written.stdout.decode().strip()) == (0, str(to))
    assert to.read_bytes() == document


def test_the_action_gets_a_folder_of_two_files(results: Path, tmp_path: Path) -> None:
    done = export(results, "made-up", "--format", "github-action", "-o", tmp_path / "bench")
    assert done.returncode == 0
    names = {"customSmallerIsBetter.json", "customBiggerIsBetter.json"}
    assert {path.name for path in (tmp_path / "bench").iterdir()} == names
    assert set(done.stdout.decode().split()) == {str(tmp_path / "bench" / name) for name in names}


def test_a_file_of_an_earlier_session_does_not_pass_for_this_ones(results: Path, tmp_path: Path) -> None:
    write(exporter("github-action")(read_session(results / "made-up")), tmp_path / "bench")
    (tmp_path / "bench" / "kept").touch()
    idle = [one for one in synthetic.samples(1) if one.cell.workload == "idle"]
    write(exporter("github-action")(made.of(tmp_path / "idle", idle)), tmp_path / "bench")
    assert {path.name for path in (tmp_path / "bench").iterdir()} == {"customSmallerIsBetter.json", "kept"}


def test_a_pipe_can_be_named(results: Path) -> None:
    done = export(results, "made-up", "--format", "bencher", "-o", "/dev/stdout")
    assert done.returncode == 0
    assert done.stdout.startswith(b"{")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("made-up",), "no format is named; add --format csv|parquet"),
        (("made-up", "--format", "cvs"), "did you mean 'csv'"),
        (("mad-up", "--format", "csv"), "did you mean 'made-up'"),
        (("made-up", "--format", "github-action"), "is several files; name a folder with -o"),
        (("made-up", "--format", "github-action", "-o", "/dev/null/x"), "Not a directory"),
        (("made-up", "--format", "csv", "-o", "/proc/nowhere/x.csv"), "/proc/nowhere/x.csv: cannot be written"),
        (("made-up", "--format", "csv", "-o", "/tmp"), "/tmp: cannot be written: Is a directory"),
        (("made-up", "--format", "csv", "-o", "x" * 300), "File name too long"),
    ],
)
def test_bad_input_gets_one_line_and_exit_2(results: Path, words: tuple[str, ...], said: str) -> None:
    done = export(results, *words)
    assert done.returncode == 2
    assert said in done.stderr.decode()
    assert len(done.stderr.splitlines()) == 1
    assert done.stdout == b""


def test_a_file_is_no_folder_and_a_full_disk_is_the_hosts_state(results: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    refused = export(results, "made-up", "--format", "github-action", "-o", tmp_path / "file")
    assert (refused.returncode, len(refused.stderr.splitlines())) == (2, 1)
    assert b"is a file" in refused.stderr
    full = export(results, "made-up", "--format", "csv", "-o", "/dev/full")
    assert (full.returncode, len(full.stderr.splitlines())) == (5, 1)


def test_parquet_is_not_written_to_a_terminal(results: Path) -> None:
    ours, theirs = os.openpty()
    try:
        done = subprocess.run(
            [sys.executable, "-m", "isobench", "export", "made-up", "--format", "parquet", "--results", results],
            stdout=theirs, stderr=subprocess.PIPE, check=False, timeout=60,
        )  # fmt: skip
    finally:
        os.close(ours)
        os.close(theirs)
    assert done.returncode == 2
    assert b"no text for a terminal" in done.stderr


def test_a_reader_that_goes_away_gets_no_traceback(results: Path) -> None:
    words = [sys.executable, "-m", "isobench", "export", "made-up", "--format", "csv", "--results", str(results)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        assert process.stderr.read() == b""
