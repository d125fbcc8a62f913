"""Runs of ``pytest benchmarks/`` in a process of their own, with a session that was made up instead of measured.

No engine can start in them, whatever the plugin does: they have a run folder of their own, and the measuring lock in it
is held here, so an attempt to measure ends in its one line.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from isobench.host.lock import measuring

BENCHMARKS = Path(__file__).resolve().parents[3] / "benchmarks"

_STAND_IN = """
from pathlib import Path
from isobench.pytest_plugin import MEASURED
from isobench.pytest_plugin.session import Measured
from isobench.store.reader import read_session

def pytest_configure(config):
    config.stash[MEASURED] = Measured.of(read_session(Path(r"{folder}")), {unavailable!r})
"""


@dataclass(frozen=True, slots=True)
class Ran:
    """What a run of pytest said, and its exit code."""

    code: int
    said: str

    def one_error(self) -> str:
        """Return the one line of an error of the command line."""
        assert "Traceback" not in self.said, self.said
        (line,) = [line for line in self.said.splitlines() if line.startswith("ERROR: ")]
        return line


def run(cwd: Path, *words: str, files: tuple[Path, ...] = (BENCHMARKS,), **environment: str) -> Ran:
    """Run pytest on the suite, in a folder of its own and with the suite's own configuration."""
    with tempfile.TemporaryDirectory() as folder, measuring(Path(folder), wait=False):
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--color=no", *map(str, files), *words],
            cwd=cwd, capture_output=True, text=True, check=False, timeout=60,
            env={**outside_pytest(), "ISOBENCH_RUN": folder, **environment},
        )  # fmt: skip
    return Ran(done.returncode, done.stdout + done.stderr)


def outside_pytest() -> dict[str, str]:
    """Return this environment without what pytest and its workers have put there for themselves."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}


def stand_in(cwd: Path, session: Path, unavailable: dict[str, str] | None = None) -> tuple[str, ...]:
    """Return the options with which a run takes its figures from that session; ``cwd`` is where it runs."""
    (cwd / "stand_in.py").write_text(_STAND_IN.format(folder=session, unavailable=unavailable or {}))
    return ("-p", "stand_in")


def benchmarks(file: Path) -> dict[str, dict[str, Any]]:
    """Return the benchmarks of a pytest-benchmark JSON, by name."""
    return {one["name"]: one for one in json.loads(file.read_text())["benchmarks"]}
