"""The registry of metrics: its own entries, and those that another package registers."""

from __future__ import annotations

import sys
from importlib.metadata import EntryPoint, distributions
from pathlib import Path

import pytest
from tests.plugged import metric_package

from isobench.errors import HarnessError
from isobench.metrics import METRICS
from isobench.metrics.registry import GROUP, registered


def entries(folder: Path) -> list[EntryPoint]:
    return [point for found in distributions(path=[str(folder)]) for point in found.entry_points.select(group=GROUP)]


def test_a_new_metric_is_one_entry_of_any_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    metric_package(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "pages", raising=False)
    found = registered(entries(tmp_path))
    assert set(found) == {*registered(()), "pages_per_second"}
    assert (found["pages_per_second"].unit, found["pages_per_second"].direction) == ("1/s", "higher")


@pytest.mark.parametrize(
    ("point", "said"),
    [
        ("isobench.metrics.throughput:THROUGHPUT", "the metric x of a package does not load: it is tuple, not Metric"),
        ("isobench.metrics.throughput:NOTHING", "does not load: .*NOTHING"),
        ("isobench_nowhere:X", "does not load: No module named 'isobench_nowhere'"),
    ],
)
def test_what_is_no_metric_is_refused_in_one_line(point: str, said: str) -> None:
    with pytest.raises(HarnessError, match=said) as caught:
        registered([EntryPoint("x", point, GROUP)])
    assert "\n" not in caught.value.line()


def test_the_name_of_another_metric_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    metric_package(tmp_path, name="cpu_events")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "pages", raising=False)
    with pytest.raises(HarnessError, match="there is a metric cpu_events already; update or remove pages"):
        registered(entries(tmp_path))


def test_every_metric_says_what_it_is() -> None:
    for name, metric in METRICS.items():
        assert metric.name == name
        assert metric.unit in {"s", "B", "1/s", "B/s", "1"}
        assert metric.definition.endswith("."), name
        assert metric.source
        assert metric.floor > 0
        assert 0 < metric.relevant_effect <= 0.1
