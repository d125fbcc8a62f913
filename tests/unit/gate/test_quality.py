"""``benchmarks/gate_quality.py`` runs on recorded and on made-up samples, and says which."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

SCRIPT = Path(__file__).parents[3] / "benchmarks" / "gate_quality.py"


def quality(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, SCRIPT, "--trials", "1", *words], capture_output=True, text=True,
                          check=False, timeout=120)  # fmt: skip


def test_made_up_samples_are_said_to_be_so() -> None:
    done = quality("--series", "4", "--sessions", "4")
    assert (done.returncode, done.stderr) == (0, "")
    assert "SYNTHETIC (made up, not measured): 4 series, 4 sessions" in done.stdout
    assert "no claim on a host rests on them" in done.stdout
    gates = ("isobench check", "isobench ab", "pytest-benchmark min:5%", "ratio 200 %", "Welch's t, 0.05",
             "fixed band ±5 %")  # fmt: skip
    for gate in gates:
        assert done.stdout.count(f"\n{gate} ") == 4


def test_recorded_samples_are_judged_by_what_is_demanded(tmp_path: Path) -> None:
    draw = np.random.default_rng(1)
    rows = [f"redis@docker requests_per_second,{session},{order},{draw.normal(100, 1)}"
            for session in "abcdefgh" for order in range(20)]  # fmt: skip
    file = tmp_path / "aa.csv"
    file.write_text("\n".join(["series,session,order,value", *rows]) + "\n")
    done = quality("--samples", file)
    assert "recorded in aa.csv: 1 series, 8 sessions" in done.stdout
    assert "met: isobench check: sessions with any false alarm: 0.00%" in done.stdout
    assert done.returncode == ("MISSED" in done.stdout)


@pytest.mark.parametrize("text", ["", "series,session\na,b\n", "series,session,order,value\na,b,1,x\n"])
def test_bad_samples_get_a_line(tmp_path: Path, text: str) -> None:
    (tmp_path / "aa.csv").write_text(text)
    done = quality("--samples", tmp_path / "aa.csv")
    assert done.returncode == 2
    assert "aa.csv" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
