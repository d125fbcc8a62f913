"""CSV and Parquet: every value of every sample, read back by pandas, the csv module and pyarrow."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
from tests import synthetic
from tests.unit.export import made

from isobench.export import csv_file, parquet
from isobench.store.frame import COLUMNS, frame
from isobench.store.reader import SessionRecord


def read_csv(data: bytes) -> pd.DataFrame:
    return pd.read_csv(io.BytesIO(data), keep_default_na=False)


def read_parquet(data: bytes) -> pd.DataFrame:
    return pd.read_parquet(io.BytesIO(data))


def same(found: pd.DataFrame, session: SessionRecord) -> None:
    pd.testing.assert_frame_equal(found.astype(frame(session).dtypes.to_dict()), frame(session))


def test_csv_is_the_frame_and_exact(tmp_path: Path) -> None:
    session = made.usual(tmp_path / "s")
    same(read_csv(csv_file.export(session)), session)


def test_parquet_is_the_frame_and_typed(tmp_path: Path) -> None:
    session = made.usual(tmp_path / "s")
    data = parquet.export(session)
    same(read_parquet(data), session)
    schema = pq.read_schema(io.BytesIO(data))
    assert schema.names == list(COLUMNS)
    assert {str(schema.field(name).type) for name in ("block", "sample")} == {"int64"}
    assert str(schema.field("value").type) == "double"
    assert str(schema.field("target").type) == "string"
    assert not any(schema.field(name).nullable for name in COLUMNS)


def test_parquet_says_its_format_and_where_it_was_measured(tmp_path: Path) -> None:
    metadata = pq.read_schema(io.BytesIO(parquet.export(made.usual(tmp_path / "s")))).metadata
    assert metadata[b"isobench.format"] == b"1"
    head = json.loads(metadata[b"isobench.session"])
    assert (head["id"], head["environment"]["cpu_model"]) == ("synthetic-test-data", "Made-up CPU")


@pytest.mark.parametrize("name", ["csv", "parquet"])
def test_what_does_not_count_is_kept_and_says_why(tmp_path: Path, name: str) -> None:
    session = made.usual(tmp_path / "s")
    found = read_csv(csv_file.export(session)) if name == "csv" else read_parquet(parquet.export(session))
    out = found[found["left_out"] != ""]
    assert set(out["left_out"]) == {"warm-up", "clock", "failed", "noisy"}
    assert set(out["value"]) == {made.NOT_COUNTED}
    assert set(found[found["target"] == "vm-micro"]["acceleration"]) == {"tcg"}
    assert set(found[found["target"] == "docker"]["acceleration"]) == {"none"}


def test_no_cell_of_csv_begins_a_formula_and_the_names_come_back(tmp_path: Path) -> None:
    session = made.hostile(tmp_path / "s")
    rows = list(csv.reader(io.StringIO(csv_file.export(session).decode(), newline="")))
    assert {len(row) for row in rows} == {len(COLUMNS)}
    numbers = {COLUMNS.index(name) for name in ("block", "sample", "value")}
    texts = {cell for row in rows for place, cell in enumerate(row) if place not in numbers}
    assert not [cell for cell in texts if cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))]
    workload = COLUMNS.index("workload")
    assert {row[workload].removeprefix("'") for row in rows[1:]} == set(made.HOSTILE)


def test_parquet_holds_any_name(tmp_path: Path) -> None:
    session = made.hostile(tmp_path / "s")
    same(read_parquet(parquet.export(session)), session)


def test_a_session_without_samples_is_a_table_without_rows(tmp_path: Path) -> None:
    session = made.of(tmp_path / "s", [])
    assert list(read_csv(csv_file.export(session)).columns) == list(COLUMNS)
    assert read_csv(csv_file.export(session)).empty
    assert list(read_parquet(parquet.export(session)).columns) == list(COLUMNS)
    assert str(pq.read_schema(io.BytesIO(parquet.export(session))).field("value").type) == "double"


def test_a_metric_of_another_isobench_keeps_its_value(tmp_path: Path) -> None:
    one = synthetic.samples(1)[0]
    one.metrics["metric_to_come"] = 1 / 3
    found = read_csv(csv_file.export(made.of(tmp_path / "s", [one])))
    row = found[found["metric"] == "metric_to_come"].iloc[0]
    assert (row["value"], row["unit"]) == (1 / 3, "")
