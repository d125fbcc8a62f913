"""What all formats of summaries share: which samples count, when there is an interval, names."""

from __future__ import annotations

import statistics
from pathlib import Path

from tests import synthetic
from tests.unit.export import made

from isobench.export.series import one_line, series_of
from isobench.metrics import METRICS
from isobench.model import Cell


def test_only_samples_that_count_are_in_a_series(tmp_path: Path) -> None:
    session = made.usual(tmp_path / "s")
    found = series_of(session)[Cell("idle", "docker")]["time_to_ready"]
    counted = [s.metrics["time_to_ready"] for s in synthetic.samples() if str(s.cell) == "idle@docker"]
    assert list(found.values) == counted
    assert found.median.value == statistics.median(counted)
    every = [value for cell in series_of(session).values() for one in cell.values() for value in one.values]
    assert made.NOT_COUNTED not in every


def test_a_median_has_an_interval_from_six_samples_on(tmp_path: Path) -> None:
    for count, has in ((5, False), (6, True)):
        session = made.of(tmp_path / str(count), synthetic.samples(count))
        assert series_of(session)[Cell("idle", "docker")]["time_to_ready"].median.has_interval is has


def test_metrics_stand_in_the_order_of_the_registry_and_unknown_ones_are_none(tmp_path: Path) -> None:
    one = synthetic.samples(1)[0]
    one.metrics["metric_to_come"] = 1.0
    (cell,) = series_of(made.of(tmp_path / "s", [one])).values()
    assert list(cell) == [name for name in METRICS if name in one.metrics]


def test_cells_stand_by_name_in_whatever_order_they_were_measured(tmp_path: Path) -> None:
    taken = synthetic.samples(2)
    cells = list(series_of(made.of(tmp_path / "a", taken)))
    assert cells == list(series_of(made.of(tmp_path / "b", taken[::-1])))
    assert [str(cell) for cell in cells] == sorted({str(one.cell) for one in taken})


def test_emulated_cells_and_other_parameters_have_names_of_their_own(tmp_path: Path) -> None:
    taken = synthetic.samples(1)
    session = made.of(tmp_path / "s", taken + made.cold(taken))
    labels = {next(iter(cell.values())).label for cell in series_of(session).values()}
    assert len(labels) == 2 * len(taken)
    assert {"idle@docker", "idle@docker [cache=cold,length=full]", "idle@vm-micro (emulated)"} <= labels


def test_names_are_one_printable_line_and_stay_different() -> None:
    shown = [one_line(name) for name in made.HOSTILE]
    assert all(text.isprintable() and "`" not in text and "|" not in text for text in shown)
    assert one_line("a\nb") != one_line("a\\nb")
    assert one_line("`") != one_line("\\x60")
    assert one_line("é😀") == "é😀"
