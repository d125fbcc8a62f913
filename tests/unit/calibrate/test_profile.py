"""From sessions on disk to the host's profile and back."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console
from tests.unit.parity import made

from isobench.calibrate import Profile, compute, load
from isobench.calibrate.latency import Latency
from isobench.calibrate.profile import FILE, HostClass, save
from isobench.calibrate.text import show
from isobench.errors import UsageError
from isobench.host.facts import environment
from isobench.host.paths import Paths
from isobench.store.reader import SessionRecord, read_session

HOST = {"cpu_model": "Made-up CPU", "cores": 2, "memory_bytes": 8 << 30}


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return Paths(tmp_path / "cache", tmp_path, tmp_path, tmp_path, workloads=(), targets=())


def recorded(folder: Path, *scales: float, samples: int = 10, **host: object) -> list[SessionRecord]:
    """Return sessions of idle on docker and vm-micro, scaled as told, each with a warm-up and a noisy sample."""
    found = []
    for number, scale in enumerate(scales):
        name = f"s{number}"
        taken = made.taken(scale, steps=made.STEADY[:samples], cpu_events=900.0)
        odd = [replace(one, role="warmup", metrics={"time_to_ready": 99.0}) for one in taken[:1]]
        odd += [replace(one, marks=("noisy",), metrics={"time_to_ready": 77.0}) for one in taken[:1]]
        found.append(read_session(made.session(folder / "calibration-x" / name, odd + taken, made.meta(name, **host))))
    return found


def made_profile(folder: Path, *scales: float) -> Profile:
    return compute(recorded(folder, *(scales or (1.0, 1.0, 1.0))), {"docker": Latency(200, 4e-5, 9e-5)})


def test_a_profile_tells_each_series_from_the_samples_that_count(tmp_path: Path) -> None:
    profile = made_profile(tmp_path, 1.0, 1.0, 1.0, 1.5)
    assert profile.host == HostClass("Made-up CPU", 2, 8 << 30)
    assert (profile.folder, profile.sessions, profile.gate) == ("calibration-x", 4, "compare")
    one = next(s for s in profile.series if (s.target, s.metric) == ("docker", "time_to_ready"))
    assert (one.sessions, one.samples, one.judged, one.alarms, one.inconclusive) == (4, 10.0, 12, 6, 0)
    assert one.within == pytest.approx(0.0045, rel=0.1)
    assert one.between == pytest.approx(0.25, rel=0.01)
    assert (profile.trials.trials, profile.trials.any_headline) == (12, 6)
    assert profile.overhead.around == pytest.approx(0.06)


def test_the_resolution_is_what_eight_of_ten_find_with_twenty_samples(tmp_path: Path) -> None:
    profile = made_profile(tmp_path)
    # Beyond the 5 % that count by the ± 0.3 % that these values spread.
    assert profile.resolution("idle", "docker", "time_to_ready") == 0.06
    assert profile.resolution("idle", "docker", "stored_bytes") is None
    assert profile.resolution("idle", "nowhere", "time_to_ready") is None


def test_a_profile_is_kept_for_its_host_class_and_replaced_by_the_next(tmp_path: Path, paths: Paths) -> None:
    profile = made_profile(tmp_path)
    other = replace(profile, host=replace(profile.host, cores=64))
    newer = replace(profile, sessions=99, host=replace(profile.host, memory_bytes=int(8.2 * (1 << 30))))
    for one in (profile, other, newer):
        assert save(one, paths) == paths.cache / FILE
    assert load(paths, HOST) == newer
    assert load(paths, HOST | {"cores": 64}) == other
    assert load(paths, HOST | {"memory_bytes": 4 << 30}) is None
    assert load(paths, {}) is None
    assert load(paths) is None
    assert len(json.loads((paths.cache / FILE).read_text())["profiles"]) == 2
    assert [entry.name for entry in paths.cache.iterdir()] == [FILE]


def test_this_hosts_profile_is_found_without_being_told_the_host(tmp_path: Path, paths: Paths) -> None:
    host = HostClass.of(environment(tmp_path))
    assert host is not None
    profile = replace(made_profile(tmp_path), host=host)
    save(profile, paths)
    assert load(paths) == profile


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": 2, "profiles": []}', '{"format": 1, "profiles": [{}]}'])
def test_a_damaged_file_is_no_profile_and_the_next_one_replaces_it(tmp_path: Path, paths: Paths, text: str) -> None:
    paths.cache.mkdir()
    (paths.cache / FILE).write_text(text)
    assert load(paths, HOST) is None
    profile = made_profile(tmp_path)
    save(profile, paths)
    assert load(paths, HOST) == profile


def test_one_session_or_sessions_of_two_hosts_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="two finished A/A sessions"):
        compute(recorded(tmp_path, 1.0))
    mixed = [*recorded(tmp_path / "a", 1.0), *recorded(tmp_path / "b", 1.0, cores=4)]
    with pytest.raises(UsageError, match="not of one host"):
        compute(mixed)


def test_the_table_fits_a_hundred_columns_and_tells_what_does_not_apply(tmp_path: Path) -> None:
    sessions = recorded(tmp_path, 1.0, 1.0)
    profile = compute(sessions, {"docker": Latency(200, 4e-5, 9e-5), "vm-micro": Latency(reason="no libvirt here")})
    to = io.StringIO()
    show(profile, console=Console(file=to, highlight=False))
    said = to.getvalue()
    assert max(map(len, said.splitlines())) <= 100
    assert "…" not in said
    row = next(line for line in said.splitlines() if "idle@docker" in line)
    assert row.split()[1:3] == ["time_to_ready", "10"]
    assert row.split()[-2:] == ["6/6/6", "6/6/6"]
    assert "false alarms: 0 of 2 comparisons" in said
    assert "40 µs" in said
    assert "guest channel of vm-micro: not applicable: no libvirt here" in said
