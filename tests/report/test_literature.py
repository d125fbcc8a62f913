"""Published figures: all mapped, rightly divided, never beside an emulated one. All sessions are test data."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from tests import synthetic

from isobench.host.paths import Paths
from isobench.metrics import METRICS
from isobench.model import Sample
from isobench.report.format import times
from isobench.report.literature import NONE, Mapped, mapped, published
from isobench.report.literature_beside import Beside, beside, section
from isobench.report.series import Data
from isobench.store.reader import SessionRecord
from isobench.targets import catalog
from isobench.workloads import load_all

_ROOT = Path(__file__).parents[2]


def data(emulated: bool, taken: Sequence[Sample] | None = None) -> Data:
    samples = tuple(_with_init(synthetic.samples() if taken is None else taken))
    return Data(SessionRecord(synthetic.session_meta(emulated=emulated), samples, Path("made-up")))


def _with_init(taken: Sequence[Sample]) -> list[Sample]:
    return [
        replace(s, metrics=s.metrics | {"time_to_init": s.metrics["time_to_ready"] * 0.8})
        if s.cell.workload == "idle" and s.metrics
        else s
        for s in taken
    ]


def figure(metric: str) -> Mapped:
    return next(one for one in mapped() if one.metric == metric)


def line(lines: list[Beside], metric: str, target: str) -> Beside:
    return next(one for one in lines if (one.figure.metric, one.published.target) == (metric, target))


def test_every_row_is_mapped_once_and_shown_once() -> None:
    keys = [(one.work, one.metric) for one in mapped()]
    assert len(keys) == len(set(keys))
    for row in published():
        [own] = [one for one in mapped() if (one.work, one.metric) == (row.work, row.metric)]
        assert row.target in own.targets
        assert row.source
        assert row.hardware
        assert row.value > 0
    assert all(one.rows and set(one.targets) == set(one.published) for one in mapped())
    ratios, absolute = beside(data(False))
    references = {(one.work, one.metric, one.reference) for one in mapped() if one.reference}
    shown = {(one.published.work, one.published.metric, one.published.target) for one in ratios + absolute}
    assert len(ratios) + len(absolute) == len(shown)
    assert shown | references == {(row.work, row.metric, row.target) for row in published()}


def test_the_mapping_names_what_exists_or_says_why_not() -> None:
    paths = Paths.default()
    targets, workloads = catalog.load_all(paths.targets), load_all(paths.workloads)
    for one in mapped():
        assert bool(one.own) == bool(one.workload)
        assert one.none or (one.own and NONE not in one.targets.values())
        if one.own:
            assert one.own in METRICS
            assert one.workload in workloads
            assert one.differs
            assert METRICS[one.own].direction != "neutral"
        assert {target for target in one.targets.values() if target != NONE} <= set(targets)


@pytest.mark.parametrize(
    ("metric", "target", "above", "below"),
    [
        ("linpack", "vm-kvm (tuned)", 284.2, 290.8),
        ("fio_randread_4k_iops", "vm-kvm", 46_200, 84_000),
        ("redis_get_50_clients", "docker (bridge)", 79_000, 109_000),
        ("memory_per_empty_instance", "docker runsc (ptrace)", 23.7, 4.1),
        # A rate stands as the time for each operation.
        ("netperf_tcp_rr", "vm-kvm", 26_608, 14_719),
    ],
)
def test_a_ratio_is_to_the_same_works_own_reference(metric: str, target: str, above: float, below: float) -> None:
    assert figure(metric).ratio(target) == pytest.approx(above / below)


def test_ratios_are_drawn_only_within_one_hardware() -> None:
    for one in mapped():
        if one.reference:
            assert len({row.hardware for row in one.rows}) == 1
            assert len({row.unit for row in one.rows}) == 1
            assert one.targets[one.reference] in ("native", "docker")


def test_the_sessions_ratio_stands_beside_with_its_interval() -> None:
    taken = data(False)
    ratios, absolute = beside(taken)
    found = line(ratios, "redis_get_50_clients", "vm-kvm")
    series = taken.get("redis", "vm-q35", "requests_per_second")
    assert series
    expected = taken.ratio(series, "native")
    assert expected
    assert expected.low is not None
    assert found.own == times(expected)
    assert found.ratio == expected
    assert line(absolute, "boot_to_init_p50", "qemu + SeaBIOS").series == taken.get("idle", "vm-q35", "time_to_init")
    assert line(ratios, "redis_get_50_clients", "docker (host network)").own == "no docker-host in this session"
    assert line(ratios, "netperf_tcp_rr", "vm-kvm").own == "net_rr_latency_p50 of network not measured in this session"
    assert "unikernel" in line(absolute, "boot", "firecracker + unikernel").own


def test_nothing_stands_beside_an_emulated_figure() -> None:
    taken = data(True)
    made = section(taken)
    assert any(one.found for one in made.ratios)
    for one in (*made.ratios, *made.absolute):
        assert one.target not in taken.emulated or not (one.found or one.ratio)
    assert line(made.ratios, "stream_triad", "vm-kvm").own == "emulated, so not set beside it"
    assert line(made.absolute, "exec_to_init", "qemu q35 (tuned)").own == "emulated, so not set beside it"
    absolute = made.panels[2:]
    assert len(absolute) >= 4
    assert all("this session" not in panel.label + panel.json for panel in absolute)
    assert all("vm-micro" not in panel.json and "vm-q35" not in panel.json for panel in made.panels)


def test_an_absolute_figure_has_an_axis_with_hardware_and_definition() -> None:
    panels = {panel.title: panel for panel in section(data(False)).panels}
    one = panels[figure("boot_to_init_p50").called]
    assert "m5d.metal" in one.note
    assert "500 serial boots" in one.note
    assert "Made-up CPU" in one.note
    drawn = json.loads(one.json)
    assert len(drawn["data"][0]["x"]) == 4
    # vm-micro and vm-q35, each a bar of its own.
    assert len(drawn["data"]) == 3


def test_a_session_without_samples_still_shows_what_others_published() -> None:
    made = section(data(False, []))
    assert not any(one.found for one in (*made.ratios, *made.absolute))
    assert made.panels


def test_the_page_of_the_documentation_lists_every_figure() -> None:
    text = (_ROOT / "docs/literature.md").read_text(encoding="utf-8")
    for one in mapped():
        assert f"| {one.work} | `{one.metric}` | " in text
        if one.own:
            assert f"`{one.own}`" in text
