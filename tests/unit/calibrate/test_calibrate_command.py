"""``isobench calibrate`` as a user mistypes it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("-w", "rediss"), "did you mean 'redis'"),
        (("-t", "dockr"), "did you mean 'docker'"),
        (("--sessions", "1"), "1 is not in the range x>=2"),
        (("--samples", "0"), "0 is not in the range x>=1"),
        (("--budget", "soon"), "is no duration"),
    ],
)
def test_bad_input_gets_one_line_and_exit_2(words: tuple[str, ...], said: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "isobench", "calibrate", *words], capture_output=True, text=True, check=False,
        cwd=tmp_path, timeout=60,
    )  # fmt: skip
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
