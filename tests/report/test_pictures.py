"""What the heat map, the forests and the curves rest on, without a browser. All sessions are test data."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests import synthetic

from isobench.model import Cell, Parameters, Sample
from isobench.report.figures import density, disk, ecdf, forest, panels
from isobench.report.heat import heat, references_of, step_of
from isobench.report.series import Data
from isobench.stats import Ratio
from isobench.store.reader import SessionRecord


def data(taken: list[Sample], **more: Any) -> Data:
    return Data(SessionRecord(synthetic.session_meta(**more), tuple(taken), Path("made-up")))


@pytest.mark.parametrize(
    ("value", "lower", "step"),
    [
        (1.04, True, 0),
        (1.06, True, 1),
        (0.7, True, -2),
        (0.7, False, 2),
        (3.0, False, -3),
        (0.19, False, 4),
        (9, True, 4),
    ],
)
def test_a_colour_is_about_cost(value: float, lower: bool, step: int) -> None:
    assert step_of(Ratio(value, 3, 3), lower) == step


def test_an_interval_that_holds_1_has_no_colour() -> None:
    assert step_of(Ratio(1.6, 8, 8, 0.98, 2.2), True) == 0
    assert step_of(Ratio(1.6, 8, 8, 1.02, 2.2), True) == 2


def test_emulated_tiles_have_no_ratio_and_are_no_reference() -> None:
    made = data(synthetic.samples())
    found = heat(made)
    assert found is not None
    assert found.references == references_of(made) == ["docker", "native"]
    kinds = {(t, tile.kind) for row in found.first for t, tile in zip(made.targets, row, strict=True)}
    assert kinds == {("native", "ratio"), ("docker", "reference"), ("vm-micro", "emulated"), ("vm-q35", "emulated")}
    assert all(tile.step == 0 for row in found.first for tile in row if tile.kind != "ratio")


def test_every_real_target_is_a_reference() -> None:
    found = heat(data(synthetic.samples(), emulated=False))
    assert found is not None and set(found.references) == set(synthetic.TARGETS)
    assert [choice.key for choice in found.choices] == ["ready", "memory", "rate"]


def test_one_target_or_none_has_no_map() -> None:
    draw = random.Random(1)  # noqa: S311
    assert heat(data([synthetic.sample(0, "idle", "docker", draw)])) is None
    assert heat(data([])) is None


def test_a_forest_has_a_row_for_each_ratio_and_reaches_both_sides_of_1() -> None:
    made = data(synthetic.samples())
    rates, latencies = forest.panels(made)
    figures = json.loads(rates.json)["by"]
    assert list(figures) == ["docker", "native"]
    shown = figures["docker"]
    rows = [(w, t) for _, w, t in shown["rows"] if t >= 0]
    assert {made.targets[t] for _, t in rows} == {"native"}
    assert len(shown["data"]) == len(rows) == 5
    low, high = shown["layout"]["xaxis"]["range"]
    assert low < 0 < high
    assert 1 in shown["layout"]["xaxis"]["tickvals"]
    assert "less is better" in json.loads(latencies.json)["by"]["docker"]["layout"]["xaxis"]["title"]["text"]


def test_a_distribution_ends_at_all_of_its_samples() -> None:
    panels = ecdf.panels(data(synthetic.samples()))
    assert len(panels) == len(synthetic.WORKLOADS) and all(panel.folded for panel in panels)
    for trace in json.loads(panels[0].json)["data"]:
        assert trace["y"] == sorted(trace["y"]) and (trace["y"][0], trace["y"][-1]) == (0, 1)
        assert trace["x"] == sorted(trace["x"]) and len(trace["x"]) == len(trace["hovertext"])


def dense(**more: Any) -> Sample:
    made = synthetic.sample(900, "idle", "docker", random.Random(1))  # noqa: S311
    curve = tuple((float(n), 10e9 - n * 1e9) for n in range(6))
    return replace(
        made,
        cell=Cell("idle", "docker", Parameters(study="density")),
        metrics={"host_available_drop": 1e9, "density": 8.0},
        curves={"host_available_drop": curve},
        **more,
    )


@pytest.mark.parametrize("extrapolated", [True, False])
def test_only_what_was_not_measured_is_extrapolated(extrapolated: bool) -> None:
    first = density.panels(data([dense(facts={"density_extrapolated": extrapolated})]))[0]
    traces = json.loads(first.json)["data"]
    assert len(traces) == 1 + extrapolated
    if extrapolated:
        assert traces[1]["x"] == [5, 8] and traces[1]["line"]["dash"] == "dash"


def test_a_failed_study_has_no_curve() -> None:
    assert density.panels(data([dense(outcome="failed")])) == []


def test_speeds_name_their_durability_class() -> None:
    taken = [
        replace(s, facts=s.facts | {"durability": "volatile" if s.cell.target == "docker" else "device"})
        for s in synthetic.samples()
    ]
    made = data(taken)
    assert made.durability["disk", "docker"] == "volatile"
    reads = next(panel for panel in disk.panels(made) if panel.metric == "seq_read")
    assert "durability class" in reads.note
    assert any("volatile" in text for text in json.loads(reads.json)["layout"]["yaxis"]["ticktext"])
    stored = next(panel for panel in disk.panels(made) if panel.metric == "stored_bytes")
    assert "durability" not in stored.note and "volatile" not in stored.json


def test_what_studies_measured_has_figures() -> None:
    figures = {"restart_time": 1.5, "neighbour_slowdown_cpu": 1.9}
    taken = [
        replace(s, cell=replace(s.cell, parameters=Parameters(study="life")), metrics=figures)
        for s in synthetic.samples(3)
    ]
    found = panels(data(taken))
    assert [panel.metric for panel in found["life"]] == ["restart_time"]
    assert [panel.metric for panel in found["isolation"]] == ["neighbour_slowdown_cpu"]
