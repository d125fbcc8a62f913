"""The table at the end of a run is readable in terminals of 60, 80 and 120 columns: nothing in it is cut. Test data."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from rich.console import Console
from tests import synthetic

from isobench.cli.summary import print_summary

NAMES = ("native", "docker-hardened", "docker-with-a-long-name-of-its-own")


@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize("workload", ["idle", "a-workload-with-a-long-name"])
def test_nothing_is_cut(width: int, workload: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = random.Random(1)  # noqa: S311
    taken = [synthetic.sample(n, workload, target, made) for n, target in enumerate(name for name in NAMES * 7)]
    folder = synthetic.write(tmp_path / "made", synthetic.session_meta(), taken)
    print_summary(folder, Console(width=width, highlight=False))
    said = capsys.readouterr().out
    assert "…" not in said
    assert max(map(len, said.splitlines())) <= width
    for word in (workload, *NAMES):
        assert word in said
    assert said.count("7") >= len(NAMES)  # n


def test_a_wide_terminal_has_a_row_a_cell_and_a_narrow_one_lines(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    taken = [synthetic.sample(n, "idle", "docker-hardened", random.Random(n)) for n in range(7)]  # noqa: S311
    folder = synthetic.write(tmp_path / "made", synthetic.session_meta(), taken)
    print_summary(folder, Console(width=120, highlight=False))
    wide = capsys.readouterr().out
    (row,) = (line for line in wide.splitlines() if "docker-hardened" in line)
    assert row.split()[:3] == ["idle", "docker-hardened", "7"]
    print_summary(folder, Console(width=50, highlight=False))
    narrow = capsys.readouterr().out
    assert "idle on docker-hardened, n = 7" in narrow
    for figure in row.split()[3:]:
        assert figure == "–" or figure in narrow
