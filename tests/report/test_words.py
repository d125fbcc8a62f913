"""The words of the report and of the terminal's table, without a browser. All sessions are test data."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests import synthetic

from isobench.calibrate.overhead import Overhead
from isobench.calibrate.power import Power
from isobench.calibrate.profile import HostClass, Profile, SeriesProfile, Trials, save
from isobench.cli.summary import print_summary
from isobench.host.paths import Paths
from isobench.metrics import METRICS
from isobench.model import Cell, Parameters, Sample
from isobench.model.sample import Fact
from isobench.report import noise, trust
from isobench.report.format import decades, digits, human, percent, scale_for, span
from isobench.report.headline import headline
from isobench.report.page import write
from isobench.report.parity import images, parity
from isobench.report.series import Data
from isobench.report.tables import definitions, family_rows, overview, ratio_words, width_note
from isobench.store.reader import SessionRecord, read_session


def data(taken: list[Sample], **more: Any) -> Data:
    return Data(SessionRecord(synthetic.session_meta(**more), tuple(taken), Path("made-up")))


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [
        (0.0123, "s", "12.3 ms"),
        (0.99961, "s", "1 s"),
        (0, "B", "0 B"),
        (1000 * 2**20, "B/s", "0.977 GiB/s"),
        (388 * 1024, "B", "388 KiB"),
        (69_912.3, "1/s", "69.9 k ops/s"),
        (0.25, "1", "0.25"),
    ],
)
def test_a_number_has_three_digits_and_a_unit_fit_for_people(value: float, unit: str, words: str) -> None:
    assert human(value, unit) == words


def test_a_range_whose_ends_read_the_same_says_so() -> None:
    kibibyte = 1024.0
    assert span(388 * kibibyte, 388 * kibibyte, "B") == "all equal"
    assert span(236.9 * kibibyte, 237.1 * kibibyte, "B") == "within 1 %"
    assert span(0.0087, 0.0096, "s") == "8.7–9.6 ms"
    assert span(0.0087, 0.0096, "s", scale=scale_for([1.0], "s")) == "0.0087–0.0096 s"


def test_shares_and_odd_numbers() -> None:
    assert [percent(share) for share in (0.998, 0.0004, 0)] == ["99.8 %", "< 0.1 %", "0.0 %"]
    assert [digits(value) for value in (float("nan"), 1234.5, 12_345_678)] == ["–", "1 230", "1.23e+07"]


def test_decades_are_round_in_the_unit_fit_for_them() -> None:
    kibi = 1024.0
    assert decades(0.9 * kibi, 11 * kibi**2, "B") == [1 * kibi, 10 * kibi, 100 * kibi, kibi**2, 10 * kibi**2]
    assert decades(0.02, 40, "s") == pytest.approx([0.1, 1, 10])
    assert decades(0.02, 0.4, "s", steps=(1, 3)) == pytest.approx([0.03, 0.1, 0.3])
    assert decades(400, 2e6, "1/s") == [1e3, 1e4, 1e5, 1e6]
    assert decades(2e3, 2e5, "s") == [1e4, 1e5]


def test_how_a_session_ended_and_what_did_not_run_is_told_first() -> None:
    assert trust.remarks(data([])) == []
    (budget,) = trust.remarks(data([], state="out of budget"))
    assert "time budget" in budget
    cut, absent, unfit = trust.remarks(
        data([], state="interrupted", unavailable={"crun": "no"}, unsuitable={"flask@native": "alone"})
    )
    assert cut.startswith("This session is not complete: interrupted.")
    assert (absent, unfit) == ("Not run: crun: no", "Not run: flask@native: alone")


def test_workloads_stand_in_the_order_of_the_plan() -> None:
    cells = [{"workload": w, "target": "docker"} for w in ("redis", "idle")]
    plan = {"length": "quick", "cells": cells, "rule": "TEST DATA"}
    workloads = data(synthetic.samples(), plan=plan).workloads
    assert workloads[:2] == ["redis", "idle"]
    assert sorted(workloads) == sorted(synthetic.WORKLOADS)


def test_what_is_left_out_of_medians_is_counted_with_its_reason() -> None:
    draw = random.Random(1)  # noqa: S311
    good = [synthetic.sample(i, "idle", "docker", draw) for i in range(6)]
    late = [replace(good[0], number=10 + i, outcome="clock", metrics={"time_to_ready": 99.0}) for i in range(2)]
    loud_one = replace(good[0], number=22, marks=("noisy",), facts={"noisy": "TEST DATA: steal"})
    made = data([*good, *late, replace(good[0], number=20, role="warmup"),
                 replace(good[0], number=21, outcome="timeout"), loud_one])  # fmt: skip
    words = trust.counted(made)
    assert words == "6 of 11 samples count; left out: 1 warm-up, 1 failed (1 timeout), 2 clock, 1 noisy."
    assert [count for _, _, count in trust.rules(made)] == [1, 1, 2, 1]
    (loud,) = trust.noisy(made)
    assert (loud["number"], loud["left_out"], loud["reasons"]) == ("22", "noisy", "TEST DATA: steal")
    (row,) = overview(made)
    assert (row.counted, row.left_out) == (6, "1 failed (1 timeout), 2 clock, 1 noisy")
    assert row.ready is not None and row.ready.n == 6


@pytest.mark.parametrize(("count", "kind"), [(5, "range"), (6, "95 % interval")])
def test_an_interval_takes_six_samples(count: int, kind: str) -> None:
    draw = random.Random(2)  # noqa: S311
    made = data([synthetic.sample(i, "idle", "docker", draw) for i in range(count)])
    (row,) = overview(made)
    assert row.ready is not None and row.ready.kind == kind
    assert any(kind in sentence for sentence in headline(made))


def test_a_ratio_takes_only_the_blocks_that_both_have() -> None:
    draw = random.Random(3)  # noqa: S311
    native = [replace(synthetic.sample(b, "idle", "native", draw), metrics={"time_to_ready": 1.0}) for b in range(8)]
    docker = [
        replace(synthetic.sample(b, "idle", "docker", draw), metrics={"time_to_ready": 2.0 if b < 8 else 9.0})
        for b in range(20)
    ]
    made = data([*native, *docker])
    series = made.get("idle", "docker", "time_to_ready")
    assert series is not None and series.median.value == 9.0
    ratio = made.ratio(series, "native")
    assert ratio is not None and (ratio.value, ratio.n, ratio.n_reference) == (2.0, 8, 8)
    assert ratio_words(made, series, "native") == ("2×", "within 1 %, 8 common blocks")
    apart = data([replace(one, block=one.block + 100) for one in native] + docker)
    assert ratio_words(apart, apart.get("idle", "docker", "time_to_ready"), "native") == ("–", "")


def test_outliers_are_counted_by_class_and_stay_in_the_median() -> None:
    draw = random.Random(4)  # noqa: S311
    times = (1.0, 1.01, 1.02, 1.03, 1.04, 1.05, 1.2, 9.0)
    made = data([
        replace(synthetic.sample(i, "idle", "docker", draw), metrics={"time_to_ready": t}) for i, t in enumerate(times)
    ])  # fmt: skip
    (row,) = family_rows(made, "startup")
    assert row.figure.outliers == "1 mild, 1 severe"
    assert row.figure.n == 8


def test_a_stop_on_width_is_labelled() -> None:
    made = data(synthetic.samples())
    assert {row.workload for row in overview(made) if row.on_width} == {"redis"}
    assert {row.workload for row in family_rows(made, "startup") if row.on_width} == {"redis"}
    assert width_note(made).startswith("Stopped on width, so intervals cover a little less than 95 %: redis on native")
    older = data(synthetic.samples(), stopped=None)
    assert width_note(older) == "" and older.stopped == []


def test_a_definition_measured_in_another_version_says_so() -> None:
    made = data(synthetic.samples(), parity={"idle@docker": {"metrics": {"time_to_ready": 7}}})
    versions = {entry["name"]: entry["version"] for entry in definitions(made)}
    assert versions["time_to_ready"] == f"7; described: {METRICS['time_to_ready'].version}"
    assert versions["stop_time"] == str(METRICS["stop_time"].version)


def test_parity_tells_common_own_and_broken_lines() -> None:
    found = parity(data(synthetic.samples()))
    own = dict(found.own)
    assert own["acceleration"] == ["none needed", "none needed", "emulated (TCG)", "emulated (TCG)"]
    assert own["guest kernel"][0] == own["guest kernel"][1] == "the host's"
    assert dict(found.seen)["kernel seen inside"] == ["6.1.0-test", "6.1.0-test", "6.1.0-guest", "6.1.0-guest"]
    assert dict(found.common)["memory"] == "256 MiB"
    assert found.broken == []
    alone = [replace(s, marks=("shared-core",) if s.cell.target == "vm-micro" else ()) for s in synthetic.samples()]
    ((line, pairs),) = parity(data(alone)).broken
    assert line == "marks none → shared-core"
    assert "idle: docker → vm-micro" in pairs.split(", ")


def test_samples_confirm_the_root_file_system_and_the_limits() -> None:
    taken = [s for s in synthetic.samples() if s.cell.workload == "idle"]
    digest = f"sha256:{'idle':0>64}"
    told: dict[str, Fact] = {"rootfs_digest": digest, "cpuset": "1", "memory_limit": 256 << 20}
    made = data([replace(s, facts=told | ({"rootfs_digest": "sha256:other"} if i == 0 else {}))
                 for i, s in enumerate(taken)])  # fmt: skip
    row = next(row for row in images(made) if row["name"] == "idle")
    assert row["confirmed"] == f"{len(taken) - 1} of {len(taken)} samples ran it"
    assert (row["cpuset"], row["memory"]) == ("1", "256 MiB")


def profile(cores: int = 2) -> Profile:
    one = SeriesProfile(
        "idle", "docker", "time_to_ready", emulated=False, sessions=5, samples=20, within=0.02, between=0.01,
        judged=10, alarms=0, inconclusive=0, powers=(Power(20, 0.8, 0.031), Power(20, 0.95, 0.04)),
    )  # fmt: skip
    return Profile(
        HostClass("Made-up CPU", cores, 8 << 30), "2026-01-01T00:00:00+00:00", "0.1.0", "compare", "TEST DATA", 5,
        Trials(10, 0, 0), (one,), {}, Overhead(None, None, None, None),
    )  # fmt: skip


def test_the_resolution_of_the_host_stands_by_target() -> None:
    rows = trust.resolved(data(synthetic.samples()), profile())
    assert rows == [("idle", "time_to_ready", ["–", "3.1 %", "–", "–"])]


@pytest.mark.parametrize(("cores", "words"), [(2, "3.1 %"), (4, "Not calibrated: run <code>isobench calibrate")])
def test_the_report_takes_the_profile_of_the_sessions_host(tmp_path: Path, cores: int, words: str) -> None:
    paths = replace(Paths.default(), cache=tmp_path)
    save(profile(cores), paths)
    session = SessionRecord(synthetic.session_meta(), tuple(synthetic.samples()), Path("made-up"))
    html = write(session, tmp_path / "report.html", paths).read_text()
    assert words in html
    assert ("3.1 %" in html) == (cores == 2)


def test_noise_over_a_bound_without_a_mark_is_told() -> None:
    loud = [replace(s, noise={"steal": 0.5}) for s in synthetic.samples()[:3]]
    assert noise.unmarked(data([*loud, replace(loud[0], marks=("noisy",))])) == 3
    ((name, middle, worst, bound, _),) = noise.table(data(loud))
    assert (name, middle, worst, bound) == ("steal", "50.0 %", "50.0 %", "5 %")


def test_the_terminals_table_fits_a_pipe_of_100_columns(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    taken = [replace(s, metrics={k: v * 7.77 for k, v in s.metrics.items()}) for s in synthetic.samples()]
    folder = synthetic.write(tmp_path / "session", synthetic.session_meta(), taken)
    print_summary(folder)
    printed = capsys.readouterr().out
    assert max(len(line) for line in printed.splitlines()) <= 100
    assert "…" not in printed and "\x1b" not in printed
    assert "k req/s" in printed and "vm-micro*" in printed and "not a guide to KVM" in printed
    assert printed.count(" docker ") == len(synthetic.WORKLOADS)
    assert "Stopped on width" in printed


def test_what_studies_found_has_its_sections_and_claims_are_answered(tmp_path: Path) -> None:
    facts: dict[str, Fact] = dict.fromkeys(("same_kernel", "own_pid_namespace", "limits_hold"), True)
    facts |= {"host_processes_visible": 0, "host_can_list_processes": True, "neighbour_memory_readable": False}
    draw = random.Random(1)  # noqa: S311
    plain = synthetic.samples(3)
    study = synthetic.sample(900, "idle", "docker", draw)
    isolation = replace(
        study, cell=Cell("idle", "docker", Parameters(study="isolation")), metrics={}, facts=facts, marks=("noisy",)
    )
    life = replace(study, number=901, cell=Cell("idle", "docker", Parameters(study="life")),
                   metrics={"pause_time": 0.03})  # fmt: skip
    folder = synthetic.write(tmp_path / "s", synthetic.session_meta(), [*plain, isolation, life])
    page = write(read_session(folder), tmp_path / "page.html").read_text()
    assert '<section id="life"' in page
    assert '<section id="density"' not in page
    assert "runs on the host's kernel</th><td>yes</td>" in page.replace("&#39;", "'")
    assert "<b>Containers share the host&#39;s kernel.</b>" in page
    assert "a container of docker sees the very boot" in page
    other = synthetic.write(tmp_path / "t", synthetic.session_meta(), plain)
    assert '<section id="isolation"' not in write(read_session(other), tmp_path / "plain.html").read_text()
