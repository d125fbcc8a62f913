"""github-action-benchmark and Bencher, against the schemas of what reads them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from tests import synthetic
from tests.unit.export import made

from isobench.errors import UsageError
from isobench.export import bencher, github_action
from isobench.export.series import series_of
from isobench.metrics import METRICS
from isobench.store.reader import SessionRecord

BENCHMARK_RESULTS = {
    "type": "array",
    "minItems": 1,  # "No benchmark result was found", says the action of an empty one
    "items": {
        "type": "object",
        "properties": {
            "name": {"type": "string", "pattern": r"^[^\n`|]+$"},  # a cell of the Markdown table in its comments
            "unit": {"type": "string", "minLength": 1},
            "value": {"type": "number"},
            "range": {"type": "string", "pattern": r"^[^\n`|]+$"},
            "extra": {"type": "string"},
        },
        "required": ["name", "unit", "value"],
        "additionalProperties": False,
    },
}
"""``BenchmarkResult`` of src/extract.ts in benchmark-action/github-action-benchmark, and what its readers demand."""

BMF = {
    "type": "object",
    "propertyNames": {"minLength": 1, "maxLength": 1024},
    "additionalProperties": {
        "type": "object",
        "minProperties": 1,
        "propertyNames": {"minLength": 1, "maxLength": 64},
        "additionalProperties": {
            "type": "object",
            "properties": {key: {"type": "number"} for key in ("value", "lower_value", "upper_value")},
            "required": ["value"],
            "additionalProperties": False,
            "dependentRequired": {"lower_value": ["upper_value"], "upper_value": ["lower_value"]},
        },
    },
}
"""bencher.dev/bmf.json, made stricter: names within Bencher's bounds, both bounds or none, nothing else."""


def results(session: SessionRecord) -> dict[str, list[dict[str, Any]]]:
    files = {name: json.loads(data) for name, data in github_action.export(session).items() if data is not None}
    for document in files.values():
        jsonschema.Draft202012Validator(BENCHMARK_RESULTS).validate(document)
    return files


def metrics(session: SessionRecord) -> dict[str, dict[str, dict[str, float]]]:
    document: dict[str, dict[str, dict[str, float]]] = json.loads(bencher.export(session))
    jsonschema.Draft202012Validator(BMF).validate(document)
    return document


def test_the_action_has_each_metric_in_the_file_of_its_direction(tmp_path: Path) -> None:
    session = made.usual(tmp_path / "s")
    files = results(session)
    assert set(files) == {"customSmallerIsBetter.json", "customBiggerIsBetter.json"}
    for name, way in (("customSmallerIsBetter.json", "lower"), ("customBiggerIsBetter.json", "higher")):
        expected = {
            f"{one.label} {metric}": one.median.value
            for cell in series_of(session).values()
            for metric, one in cell.items()
            if METRICS[metric].direction == way
        }
        assert {entry["name"]: entry["value"] for entry in files[name]} == expected


def test_the_action_gets_a_range_only_with_an_interval_and_the_mark_of_emulation(tmp_path: Path) -> None:
    entries = {entry["name"]: entry for entry in results(made.usual(tmp_path / "s"))["customSmallerIsBetter.json"]}
    assert "range" in entries["idle@docker time_to_ready"]
    assert entries["idle@docker time_to_ready"]["extra"].startswith("median of 8\n")
    assert "range" not in entries["cpu@docker time_to_ready"]  # 3 samples
    emulated = {name for name, entry in entries.items() if "emulated (TCG)" in entry["extra"]}
    assert emulated == {name for name in entries if "@vm-" in name}
    assert all("(emulated)" in name for name in emulated)


def test_a_file_without_entries_is_not_made(tmp_path: Path) -> None:
    session = made.of(tmp_path / "s", [s for s in synthetic.samples(1) if s.cell.workload == "idle"])
    assert github_action.export(session)["customBiggerIsBetter.json"] is None
    assert set(results(session)) == {"customSmallerIsBetter.json"}
    with pytest.raises(UsageError, match="no sample that counts"):
        github_action.export(made.of(tmp_path / "empty", []))


def test_bencher_has_true_bounds_around_each_value(tmp_path: Path) -> None:
    session = made.usual(tmp_path / "s")
    document = metrics(session)
    series = {one.label: cell for cell in series_of(session).values() for one in cell.values()}
    assert document.keys() == series.keys()
    bounded = 0
    for label, measures in document.items():
        assert measures.keys() == series[label].keys()
        for name, found in measures.items():
            middle = series[label][name].median
            assert found["value"] == middle.value
            assert ("lower_value" in found) is (middle.n >= 6)
            if "lower_value" in found:
                assert (found["lower_value"], found["upper_value"]) == (middle.low, middle.high)
                assert found["lower_value"] <= found["value"] <= found["upper_value"]
                bounded += 1
    assert bounded
    assert "idle@vm-micro (emulated)" in document


def test_bencher_takes_every_name_of_the_registry() -> None:
    assert max(len(name) for name in METRICS) <= 64


def test_a_session_without_samples_is_an_empty_bencher_document(tmp_path: Path) -> None:
    assert metrics(made.of(tmp_path / "s", [])) == {}


def test_hostile_names_stay_apart_and_safe(tmp_path: Path) -> None:
    session = made.hostile(tmp_path / "s")
    assert len(metrics(session)) == len(made.HOSTILE)
    names = [entry["name"] for entry in results(session)["customSmallerIsBetter.json"]]
    assert len(set(names)) == len(names)
    assert all(name.isprintable() for name in (*names, *metrics(session)))
