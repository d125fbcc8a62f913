"""OpenMetrics, read back by the parser of prometheus_client."""

from __future__ import annotations

from pathlib import Path

import pytest
from prometheus_client import Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from tests import synthetic
from tests.unit.export import made

from isobench.export import openmetrics
from isobench.export.series import series_of
from isobench.metrics import METRICS
from isobench.model import Cell
from isobench.store.reader import SessionRecord


def families(session: SessionRecord) -> dict[str, Metric]:
    text = openmetrics.export(session).decode("utf-8")
    assert text.endswith("\n# EOF\n") or text == "# EOF\n"
    parsed = text_string_to_metric_families(text)  # type: ignore[no-untyped-call]
    return {family.name: family for family in parsed}


def value(family: Metric, **labels: str) -> list[float]:
    return [sample.value for sample in family.samples if labels.items() <= sample.labels.items()]


def test_medians_and_the_ends_of_their_intervals_come_back(tmp_path: Path) -> None:
    session = made.usual(tmp_path / "s")
    found, middle = families(session), series_of(session)[Cell("idle", "docker")]["time_to_ready"].median
    for part, expected in (("", middle.value), ("_low", middle.low), ("_high", middle.high)):
        family = found[f"isobench_time_to_ready{part}_seconds"]
        assert (family.type, family.unit) == ("gauge", "seconds")
        assert value(family, workload="idle", target="docker") == [expected]
    assert value(found["isobench_time_to_ready_low_seconds"], workload="cpu") == []  # 3 samples
    counts = found["isobench_series_samples"]
    assert value(counts, workload="idle", target="docker", metric="time_to_ready") == [8]


def test_every_series_is_there_and_nothing_that_does_not_count(tmp_path: Path) -> None:
    session = made.usual(tmp_path / "s")
    found = families(session)
    for name in METRICS:
        expected = [cell[name].median.value for cell in series_of(session).values() if name in cell]
        family = found.get(openmetrics.family_name(METRICS[name]))
        assert [sample.value for sample in family.samples] == expected if family else not expected
    assert made.NOT_COUNTED not in [sample.value for family in found.values() for sample in family.samples]


def test_emulation_is_a_label(tmp_path: Path) -> None:
    for sample in families(made.usual(tmp_path / "s"))["isobench_time_to_ready_seconds"].samples:
        emulated = sample.labels["target"].startswith("vm")
        assert sample.labels["emulated"] == str(emulated).lower()
        assert sample.labels["acceleration"] == ("tcg" if emulated else "none")


def test_the_session_and_its_host_are_info(tmp_path: Path) -> None:
    found = families(made.usual(tmp_path / "s"))
    (session,) = found["isobench_session"].samples
    assert (session.name, session.labels["state"]) == ("isobench_session_info", "complete")
    (host,) = found["isobench_environment"].samples
    assert (host.labels["cpu_model"], host.labels["cores"]) == ("Made-up CPU", "2")
    assert "governor" not in host.labels  # unknown


def test_every_metric_of_the_registry_has_a_name_with_its_unit(tmp_path: Path) -> None:
    one = synthetic.samples(1)[0]
    one.metrics.update(dict.fromkeys(METRICS, 1.0))
    many = [one] * 6
    found = families(made.of(tmp_path / "s", many))
    gauges = [family for family in found.values() if family.type == "gauge" and family.unit]
    assert len(gauges) == 3 * len(METRICS)
    assert {family.unit for family in gauges} <= set(openmetrics.UNITS.values())


@pytest.mark.parametrize(
    ("metric", "name"),
    [
        ("host_pss_ready", "isobench_host_pss_ready_bytes"),
        ("requests_per_second", "isobench_requests_per_second"),
        ("rand_read_iops", "isobench_rand_read_operations_per_second"),
        ("seq_read", "isobench_seq_read_bytes_per_second"),
    ],
)
def test_units_are_spelt_once(metric: str, name: str) -> None:
    assert openmetrics.family_name(METRICS[metric]) == name


def test_hostile_names_come_back_as_they_were(tmp_path: Path) -> None:
    found = families(made.hostile(tmp_path / "s"))
    samples = found["isobench_time_to_ready_seconds"].samples
    assert [sample.labels["workload"] for sample in samples] == sorted(made.HOSTILE)
    (host,) = found["isobench_environment"].samples
    assert host.labels["cpu_model"] == made.HOSTILE[1]
    assert host.labels["on"] == "true"
    assert "nested" not in host.labels
    assert not [key for key in host.labels if not key.isidentifier()]


def test_a_session_that_tells_nothing_is_valid(tmp_path: Path) -> None:
    session = SessionRecord({"format": 1}, (), tmp_path)
    assert families(session) == {}
