"""pytest-benchmark: its own statistics agree, and its own ``compare`` reads the file."""

from __future__ import annotations

import csv
import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pytest_benchmark.stats import Stats
from tests import synthetic
from tests.unit.export import made

from isobench.export import pytest_benchmark
from isobench.store.reader import SessionRecord


def document(session: SessionRecord) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(pytest_benchmark.export(session))
    return found


def compare(cwd: Path, *words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "pytest_benchmark", "compare", *words],
        cwd=cwd, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0
    # Of a file that it cannot read it only warns.
    assert "Failed to load" not in done.stderr
    return done.stdout


@pytest.mark.parametrize("count", range(1, 22))
def test_stats_are_what_pytest_benchmark_makes_of_the_values(count: int) -> None:
    draw = random.Random(count)  # noqa: S311
    values = tuple(draw.lognormvariate(0, 1) for _ in range(count))
    theirs = Stats()  # type: ignore[no-untyped-call]
    for one in values:
        theirs.update(one)  # type: ignore[no-untyped-call]
    ours = pytest_benchmark.stats(values)
    assert ours.pop("data") == list(values)
    assert ours.pop("iterations") == 1
    expected = theirs.as_dict()  # type: ignore[no-untyped-call]
    assert ours.keys() == expected.keys()
    assert ours.pop("outliers") == expected.pop("outliers")
    assert ours == pytest.approx(expected, rel=1e-12)


def test_stats_hold_seconds_to_ready_of_the_samples_that_count(tmp_path: Path) -> None:
    found = document(made.usual(tmp_path / "s"))
    by_name = {one["name"]: one for one in found["benchmarks"]}
    one = by_name["time_to_ready[idle@docker]"]
    counted = [s.metrics["time_to_ready"] for s in synthetic.samples() if str(s.cell) == "idle@docker"]
    assert one["stats"]["data"] == counted
    assert one["params"] == {"workload": "idle", "target": "docker"}
    assert (one["extra_info"]["unit"], one["extra_info"]["direction"]) == ("s", "lower")
    assert one["extra_info"]["low"] <= one["stats"]["median"] <= one["extra_info"]["high"]
    assert len(found["benchmarks"]) == len(synthetic.WORKLOADS) * len(synthetic.TARGETS)
    assert str(made.NOT_COUNTED) not in json.dumps(found)


def test_all_else_is_extra_with_unit_and_direction(tmp_path: Path) -> None:
    for one in document(made.usual(tmp_path / "s"))["benchmarks"]:
        others = one["extra_info"]["metrics"]
        assert others
        assert "time_to_ready" not in others
        for other in others.values():
            assert {"median", "n", "unit", "direction"} <= other.keys()
            assert ("low" in other) is (other["n"] >= 6)


def test_emulated_cells_are_marked_and_never_in_a_group_with_others(tmp_path: Path) -> None:
    for one in document(made.usual(tmp_path / "s"))["benchmarks"]:
        emulated = one["params"]["target"].startswith("vm")
        assert one["extra_info"]["emulated"] is emulated
        assert one["name"].endswith("(emulated)]") is emulated
        assert one["group"].endswith(" (emulated)") is emulated


def test_pytest_benchmark_compares_two_exported_sessions(tmp_path: Path) -> None:
    for name, seed in (("0001_before.json", 1), ("0002_after.json", 2)):
        session = made.of(tmp_path / name.partition(".")[0], synthetic.samples(8, seed))
        (tmp_path / name).write_bytes(pytest_benchmark.export(session))
    columns = "--columns=min,max,mean,stddev,median,iqr,outliers,ops,rounds,iterations"
    said = compare(tmp_path, columns, "--csv=out.csv", "0001_before.json", "0002_after.json")
    assert "time_to_ready[idle@docker] (0001_before)" in said
    assert "time_to_ready[idle@vm-micro (emulated)] (0002_after)" in said
    with (tmp_path / "out.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 2 * len(synthetic.WORKLOADS) * len(synthetic.TARGETS)
    fastest = [
        min(one.metrics["time_to_ready"] for one in synthetic.samples(8, seed) if str(one.cell) == "idle@docker")
        for seed in (1, 2)
    ]
    assert sorted(float(row["min"]) for row in rows if "idle@docker" in row["name"]) == sorted(fastest)
    for group in ("fullname", "func", "param", "param:workload", "group"):
        compare(tmp_path, f"--group-by={group}", "--name=long", "0001_before.json", "0002_after.json")


def test_hostile_names_are_one_line_each_in_its_table(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_bytes(pytest_benchmark.export(made.hostile(tmp_path / "s")))
    said = compare(tmp_path, "--columns=rounds", "x.json")
    assert "\x1b[2J" not in said
    assert len([line for line in said.splitlines() if line.startswith("time_to_ready[")]) == len(made.HOSTILE)


def test_a_cell_that_never_got_ready_is_left_out(tmp_path: Path) -> None:
    taken = synthetic.samples(1)
    for one in taken:
        if one.cell.target == "docker":
            del one.metrics["time_to_ready"]
    found = document(made.of(tmp_path / "s", taken))
    assert "docker" not in {one["params"]["target"] for one in found["benchmarks"]}
    assert found["benchmarks"]
    assert document(made.of(tmp_path / "empty", []))["benchmarks"] == []
