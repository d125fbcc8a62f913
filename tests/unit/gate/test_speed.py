"""Large baselines and long histories: 200 series of 50 samples in 50 sessions, and 1,000 sessions."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
from tests.unit.gate import drawn

from isobench.history import CellRecord, Record, Series, record_of
from isobench.history.record import dump
from isobench.history.series import tracks_of
from isobench.metrics import METRICS
from isobench.model import Cell

NAMES = [metric for metric in METRICS.values() if metric.direction != "neutral"][:20]
CELLS = [Cell(f"workload-{number}", "docker") for number in range(10)]


PEAK = """
import resource, subprocess, sys
code = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(code)
"""
"""A small process between us and the measured one: a child's peak begins with what its parent had."""


def large(name: str, like: Record, draw: np.random.Generator, count: int) -> Record:
    parity = like.cells[0].parity
    cells = tuple(
        CellRecord(cell, replace(parity, workload=cell.workload), {
            m.name: Series(m.unit, m.direction, tuple(draw.normal(1e8, 1e6, count).tolist())) for m in NAMES
        })
        for cell in CELLS
    )  # fmt: skip
    return replace(like, session=name, started_at=name, cells=cells)


def cpu() -> float:
    """Return the CPU seconds of this process and its children: on a busy host hardly more than on a quiet one."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def test_a_check_of_200_series_against_50_sessions_takes_5_seconds_and_500_mb_at_most(tmp_path: Path) -> None:
    like = record_of(drawn.session(tmp_path / "like", 1))
    draw = np.random.default_rng(1)
    (tmp_path / "kept" / "host").mkdir(parents=True)
    for number in range(50):
        record = large(f"s{number:02}", like, draw, 50)
        (tmp_path / "kept" / "host" / f"{record.session}.baseline.json").write_bytes(dump(record))
    drawn.session(tmp_path / "new" / "x", 2)
    began = cpu()
    done = subprocess.run(
        [sys.executable, "-c", PEAK, sys.executable, "-m", "isobench", "check", "--baseline", "kept", "--results",
         "new"],
        cwd=tmp_path, capture_output=True, text=True, check=False, env=os.environ | {"ISOBENCH_CACHE": str(tmp_path)},
    )  # fmt: skip
    assert done.returncode == 4  # another workload than the made-up session's: all is missing
    assert cpu() - began <= 5
    assert int(done.stdout) <= 500 * 1024


def test_all_of_it_is_judged_within_the_same_time(tmp_path: Path) -> None:
    from isobench.gate import check

    like = record_of(drawn.session(tmp_path / "like", 1))
    draw = np.random.default_rng(2)
    before = [large(f"s{number:02}", like, draw, 50) for number in range(50)]
    began = cpu()
    found = check(large("x", like, draw, 50), before)
    assert cpu() - began <= 3
    assert found.counts == {"no change": 200}


def test_a_history_of_1000_sessions_takes_10_seconds_at_most(tmp_path: Path) -> None:
    like = record_of(drawn.session(tmp_path / "like", 1))
    draw = np.random.default_rng(3)
    records = [large(f"s{number:04}", like, draw, 3) for number in range(1000)]
    began = cpu()
    tracks = tracks_of(records)
    assert cpu() - began <= 10
    assert (len(tracks), sum(bool(track.steps) for track in tracks) <= 2) == (200, True)
