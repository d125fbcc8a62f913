"""How the command line ends when it is interrupted while Python makes code of a string."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

MODULE = """
from isobench import cli
cli.group.main = lambda **_: exec("raise KeyboardInterrupt")
cli.main()
"""


def test_an_interrupt_within_exec_ends_with_130_and_not_by_a_signal(tmp_path: Path) -> None:
    (tmp_path / "interrupted.py").write_text(MODULE)
    ended = subprocess.run(
        [sys.executable, "-m", "interrupted"], capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
    )  # fmt: skip
    assert (ended.returncode, ended.stderr) == (130, "isobench: interrupted\n")
