"""The cells that come of what was asked for: a full session's, and those of applications."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from isobench.cli.requests import new_request
from isobench.cli.studies import asked_studies
from isobench.host.paths import Paths
from isobench.model import JOB, Parameters
from isobench.runner.request import Request, planned, unsuited
from isobench.studies import studies
from isobench.targets import catalog
from isobench.workloads import load_all

PATHS = Paths.default(Path("nowhere"))
TARGETS = catalog.load_all(PATHS.targets)
WORKLOADS = load_all(PATHS.workloads[:1])


def full(*workloads: str, targets: tuple[str, ...] = ()) -> Request:
    return new_request(workloads, targets, Parameters("warm", "full"), None, None, 1, False, PATHS, (),
                       asked_studies((), "full"))  # fmt: skip


def test_a_full_session_has_every_workload_on_each_default_target_and_the_declared_ones_on_the_others() -> None:
    request = full()
    cells = {(cell.target, cell.workload) for cell in planned(request, request.targets) if cell.parameters.study == JOB}
    for spec in TARGETS.values():
        names = WORKLOADS if spec.full is None and spec.default else spec.full or ()
        wanted = {name for name in names if name in WORKLOADS} - {
            cell.partition("@")[0] for cell in unsuited(request, [spec])
        }
        assert {workload for target, workload in cells if target == spec.name} == wanted, spec.name
    assert {target for target, _ in cells} == set(TARGETS) - {"own-vm"}
    assert {workload for _, workload in cells} == set(WORKLOADS)
    assert list(unsuited(request, request.targets)) == ["flask-redis@native"]


def test_its_studies_are_those_of_full_sessions_on_the_targets_that_have_them() -> None:
    request = full()
    cells = [cell for cell in planned(request, request.targets) if cell.parameters.study != JOB]
    assert {cell.parameters.study for cell in cells} == {name for name, study in studies().items() if study.in_full}
    for cell in cells:
        assert TARGETS[cell.target].in_full(cell.parameters.study)
    assert ("docker-host-pid", "isolation") in {(cell.target, cell.parameters.study) for cell in cells}


def test_what_is_named_is_measured_as_named() -> None:
    request = full("idle", targets=("docker-host",))
    assert next((cell.workload, cell.target) for cell in planned(request, request.targets)) == ("idle", "docker-host")
    some = full("sqlite")
    assert "docker-layer" in {spec.name for spec in some.targets}
    assert "docker-host" not in {spec.name for spec in some.targets}


@pytest.mark.parametrize("spec", [spec for spec in TARGETS.values() if spec.full], ids=lambda spec: spec.name)
def test_what_a_target_declares_is_there(spec: object) -> None:
    assert set(spec.full) <= set(WORKLOADS) | set(studies())  # type: ignore[attr-defined]


def test_an_application_has_no_cell_where_its_members_could_not_meet_and_none_of_a_study() -> None:
    request = replace(full("flask-redis", targets=tuple(TARGETS)), studies=("life",), jobs=True)
    cells = planned(request, request.targets)
    assert {cell.parameters.study for cell in cells} == {JOB}
    lone = set(unsuited(request, request.targets))
    assert {f"flask-redis@{name}" for name in ("native", "docker-none", "docker-host", "vm-restore", "own-vm")} == lone
    assert {cell.target for cell in cells} == set(TARGETS) - {name.partition("@")[2] for name in lone}
