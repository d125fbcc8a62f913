"""What a session can be confirmed by: the host, files and plan that it was measured with, and no others."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from tests.unit.gate import drawn
from tests.unit.gate.asked import asked
from tests.unit.parity import made

from isobench import __version__
from isobench.errors import IsobenchError, UsageError
from isobench.gate.confirm import OtherFootingError, confirmation, means
from isobench.host.facts import environment
from isobench.host.paths import Paths
from isobench.model import Cell
from isobench.plan import Plan
from isobench.plan.stopping import Rule
from isobench.runner.record import plan_table
from isobench.runner.session import headlines
from isobench.store.reader import SessionRecord, read_session
from isobench.workloads.loader import load_one

WORKLOAD = """title = "idle"
description = "it sleeps"
command = ["sleep", "600"]
[ready]
on = "start"
[resources]
vcpus = 1
memory = "96 MiB"
disk = "24 MiB"
"""
TARGETS = """[docker]
kind = "docker"
title = "Docker"
description = "a container"
isolates = "little"
[docker.options]
read_only = true
"""
RULE = Rule(least=4, cheap=7)


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    """A user's folder with one workload and one target, and a session of them as this host would have measured it."""
    folder = tmp_path / "workloads" / "idle"
    folder.mkdir(parents=True)
    (folder / "workload.toml").write_text(WORKLOAD)
    (tmp_path / "targets.toml").write_text(TARGETS)
    made_here = Paths(
        tmp_path / "cache", tmp_path / "run", tmp_path / "results", tmp_path, workloads=(tmp_path / "workloads",),
        targets=(tmp_path / "targets.toml",),
    )  # fmt: skip
    workload = load_one(folder)
    plan = Plan((Cell("idle", "docker"),), 7, RULE, headlines([workload]), 90.0)
    meta = made.meta("x") | {
        "plan": plan_table(plan), "environment": environment(made_here.cache), "isobench": __version__,
        "versions": {"docker": "0.0", "docker_engine": "embedded"},
        "workloads": {"idle": {key: value for key, value in asdict(workload).items() if key != "folder"}},
        "targets": {"docker": {"kind": "docker", "options": {"read_only": True}, "acceleration": "none"}},
    }  # fmt: skip
    drawn.session(tmp_path / "results" / "x", 30, whole=meta, cells=made.CELLS[:1])
    return made_here


def session(paths: Paths) -> SessionRecord:
    return read_session(paths.results / "x")


def changed(paths: Paths, **meta: Any) -> None:
    file = paths.results / "x" / "session.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | meta))


def edited(file: Path, before: str, after: str) -> None:
    assert before in file.read_text()
    file.write_text(file.read_text().replace(before, after))


def test_it_is_measured_by_the_same_plan(paths: Paths) -> None:
    cell = Cell("idle", "docker")
    request = means(session(paths), paths).request((cell,), wait=True)
    assert [one.name for one in request.workloads] == ["idle"]
    assert [(one.name, one.options) for one in request.targets] == [("docker", {"read_only": True})]
    assert (request.parameters, request.rule, request.budget) == (cell.parameters, RULE, 90.0)
    assert request.wait
    assert request.resume is None


def test_what_only_describes_may_differ(paths: Paths) -> None:
    edited(paths.workloads[0] / "idle" / "workload.toml", "it sleeps", "it sleeps well")
    edited(paths.targets[0], "little", "much")
    means(session(paths), paths)


def facts(paths: Paths, **other: Any) -> dict[str, Any]:
    return environment(paths.cache) | other


OTHERWISE: dict[str, tuple[Callable[[Paths], object], str]] = {
    "CPU": (lambda p: changed(p, environment=facts(p, cpu_model="Another CPU")), "cpu_model Another CPU → "),
    "cores": (lambda p: changed(p, environment=facts(p, cores=512)), "cores 512 → "),
    "memory": (lambda p: changed(p, environment=facts(p, memory_bytes=1 << 50)), "host_memory"),
    "kernel": (lambda p: changed(p, environment=facts(p, kernel="2.4.0")), "host_kernel 2.4.0 → "),
    "isobench": (lambda p: changed(p, isobench="0.0.1"), "versions.isobench 0.0.1 → "),
    "command": (lambda p: edited(p.workloads[0] / "idle" / "workload.toml", '"600"', '"900"'), "command sleep 600 → "),
    "limit": (lambda p: edited(p.workloads[0] / "idle" / "workload.toml", '"96 MiB"', '"128 MiB"'), "memory"),
    "job": (
        lambda p: (p.workloads[0] / "idle" / "workload.toml").write_text(
            WORKLOAD + '[[job]]\nname = "more"\ncommand = ["true"]\n'
        ),
        "jobs.more none → ",
    ),
    "option": (lambda p: edited(p.targets[0], "read_only = true", "pids_limit = 64"), "options.pids_limit none → 64"),
    "kind": (lambda p: p.targets[0].write_text(TARGETS.partition("[docker.options]")[0].replace(
        'kind = "docker"', 'kind = "native"')), "kind docker → native"),
}  # fmt: skip


@pytest.mark.parametrize("kind", OTHERWISE)
def test_another_host_definition_or_option_is_refused(paths: Paths, kind: str) -> None:
    spoil, said = OTHERWISE[kind]
    spoil(paths)
    with pytest.raises(OtherFootingError) as caught:
        means(session(paths), paths)
    assert caught.value.exit_code == 4
    assert caught.value.line().startswith("x idle@docker: cannot be confirmed here: ")
    assert said in caught.value.line()
    assert "\n" not in caught.value.line()


UNUSABLE: dict[str, tuple[Callable[[Paths], object], str]] = {
    "ab": (lambda p: changed(p, ab={"reference": "docker"}), "cannot be confirmed: it is a session of `isobench ab`"),
    "confirming": (lambda p: changed(p, confirms="w"), "it is a second measurement of w"),
    "no plan": (lambda p: changed(p, plan={}), "holds no plan"),
    "no cell": (lambda p: changed(p, plan=plan_table(Plan((), 7))), "no target of it could run"),
    "no workload": (lambda p: (p.workloads[0] / "idle" / "workload.toml").unlink(), "no workload is called 'idle'"),
    "no target": (lambda p: p.targets[0].write_text(TARGETS.replace("docker", "podman", 1).replace(
        "[docker.", "[podman.")), "no target is called 'docker'"),
}  # fmt: skip


@pytest.mark.parametrize("kind", UNUSABLE)
def test_what_there_is_not_is_refused(paths: Paths, kind: str) -> None:
    spoil, said = UNUSABLE[kind]
    spoil(paths)
    with pytest.raises(UsageError) as caught:
        means(session(paths), paths)
    assert said in caught.value.line()
    assert "\n" not in caught.value.line()


def test_native_runs_only_what_is_vouched_for(paths: Paths) -> None:
    paths.targets[0].write_text(TARGETS.partition("[docker.options]")[0].replace('"docker"', '"native"'))
    changed(paths, targets={"docker": {"kind": "native", "options": {}, "acceleration": "none"}})
    elsewhere = Paths(
        paths.cache, paths.run, paths.results, paths.reports, (paths.cache, *paths.workloads), paths.targets
    )
    with pytest.raises(IsobenchError, match="add --trust-native"):
        confirmation(session(paths), elsewhere, print, lambda *_: None)
    confirmation(session(paths), elsewhere, print, lambda *_: None, trust_native=True)


def test_the_command_refuses_before_it_judges(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(paths.results.parent)
    monkeypatch.setenv("ISOBENCH_CACHE", str(paths.cache))
    drawn.baseline(paths.results.parent / "old")
    words = ("check", "--baseline", "old", "--results", paths.results, "--confirm")
    changed(paths, environment=facts(paths, cpu_model="Another CPU"))
    code, said = asked(*words)
    assert code == 4
    assert "cpu_model Another CPU → " in said
    changed(paths, ab={"reference": "docker"})
    code, said = asked(*words, "x")
    assert code == 2
    assert "cannot be confirmed: it is a session of `isobench ab`" in said
    assert [folder.name for folder in paths.results.iterdir()] == ["x"]
