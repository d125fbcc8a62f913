"""The report of a session of a million metric values: in bounded time, memory and size. The session is test data."""

from __future__ import annotations

import random
import resource
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from tests import synthetic
from tests.soak.counts import count

from isobench.model import Sample

pytestmark = [pytest.mark.soak, pytest.mark.timeout(900)]

VALUES = count("values", 1_000_000)
SECONDS, MEMORY, SIZE = 20.0, 1.5e9, 8e6
"""Bounds of the CPU's time (what else the host does is not the report's), of bytes in memory, of bytes of the page."""
_WRITE = """
import sys
from pathlib import Path
from isobench.report.page import write
from isobench.store.reader import read_session
write(read_session(Path(sys.argv[1])), Path(sys.argv[2]))
"""


def samples() -> Iterator[Sample]:
    draw = random.Random(7)  # noqa: S311
    cells = [(workload, target) for workload in synthetic.WORKLOADS for target in synthetic.TARGETS]
    values = number = 0
    while values < VALUES:
        workload, target = cells[number % len(cells)]
        made = replace(synthetic.sample(number, workload, target, draw), block=number // len(cells) + 1)
        values += len(made.metrics)
        number += 1
        yield made


def test_its_report_is_made_in_bounds(tmp_path: Path) -> None:
    folder = synthetic.write(tmp_path / "s", synthetic.session_meta(), list(samples()))
    page = tmp_path / "page.html"
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", _WRITE, str(folder), str(page)], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < SECONDS
    # The largest of all children so far, so never less than this one's.
    assert after.ru_maxrss * 1024 < MEMORY
    assert page.stat().st_size < SIZE
    text = page.read_text(encoding="utf-8")
    assert "dots in a row about that many are drawn" in text
    assert "points a line or target about" in text
    assert len(pd.read_parquet(tmp_path / "page.samples.parquet")) >= VALUES
