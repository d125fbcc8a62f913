"""``pytest benchmarks/`` on real engines: a session as ``isobench run`` stores it, its seconds for pytest-benchmark."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.integration.snapshot import leaving_nothing
from tests.integration.user import ENGINES, User, job
from tests.unit.pytest_plugin.suite import outside_pytest

from isobench.host.lock import measuring
from isobench.store.reader import SessionRecord, find_session, read_session

pytestmark = ENGINES

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
PATIENCE = 200


def start(user: User, *words: str) -> subprocess.Popen[str]:
    """Start ``pytest benchmarks/`` in the user's folder; both of its streams go to ``home/said``."""
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--color=no", str(BENCHMARKS),
               f"--isobench-results={user.results}", *words]  # fmt: skip
    with (user.home / "said").open("w") as said:
        process = subprocess.Popen(
            command, cwd=user.home, stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT, text=True,
            env=outside_pytest() | user.environment,
        )  # fmt: skip
    user.started.append(process)
    return process


def run(user: User, *words: str) -> tuple[int, str]:
    code = start(user, *words).wait(PATIENCE)
    said = user.said()
    assert "Traceback" not in said, said
    assert "INTERNALERROR" not in said, said
    return code, said


def latest(user: User) -> SessionRecord:
    return read_session(find_session(None, user.results))


def test_it_stores_a_session_as_run_does_and_its_rounds_are_that_sessions_instances(user: User) -> None:
    user.workload("good", job("echo rate 12.5"))
    with leaving_nothing(user.paths):
        code, said = run(user, "--isobench-workload=good", "--isobench-rounds=3", "--isobench-trust-native",
                         "--benchmark-json=out.json")  # fmt: skip
    assert code == 0, said
    assert said.count("· starting Docker") == 1
    session = latest(user)
    assert f"isobench session: {session.folder}" in said
    assert session.meta["state"] == "complete"
    cells = [f"good@{target}" for target in ("native", "docker")]
    for cell in cells:
        taken = [one for one in session.samples if str(one.cell) == cell]
        assert [one.role for one in taken] == ["warmup", "measured", "measured", "measured"]
        assert {one.outcome for one in taken} == {"ok"}
    stored = json.loads((user.home / "out.json").read_text())["benchmarks"]
    found = {one["name"]: one for one in stored}
    for name, metric in (("time_to_ready", "time_to_ready"), ("memory_within_lifecycle_time", "lifecycle_time"),
                         ("disk_within_lifecycle_time", "lifecycle_time"),
                         ("throughput_within_lifecycle_time", "lifecycle_time")):  # fmt: skip
        for cell in cells:
            counted = [one.metrics[metric] for one in session.samples
                       if str(one.cell) == cell and one.left_out is None and metric in one.metrics]  # fmt: skip
            benchmark = found.get(f"test_{name}[{cell}]")
            # On a loud host no instance may count: then the test was skipped, and nothing is stored.
            assert (benchmark["stats"]["data"] if benchmark else []) == counted
            if benchmark:
                assert benchmark["extra_info"]["session"] == session.id
            if benchmark and name.startswith("throughput"):
                assert benchmark["extra_info"]["metrics"]["cpu_events"]["median"] == 12.5
    code, said = user.isobench("show", session.id, "--results", str(user.results))
    assert code == 0, said
    assert "good@docker" in said


def test_a_workload_that_fails_is_red_in_one_line_and_its_samples_are_kept(user: User) -> None:
    user.workload("fails", job("echo last words; exit 3"))
    with leaving_nothing(user.paths):
        code, said = run(user, "--isobench-workload=fails", "--isobench-target=docker", "--isobench-rounds=1",
                         "-k", "startup")  # fmt: skip
    assert code == pytest.ExitCode.TESTS_FAILED, said
    assert "1 of 2 instances failed; the first: failed:" in said
    assert "last words" in said
    assert [one.outcome for one in latest(user).samples] == ["ok", "failed"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_keeps_finished_samples_and_leaves_nothing(user: User, number: int) -> None:
    user.workload("good", job("sleep 0.3; echo rate 12.5"))
    with leaving_nothing(user.paths):
        process = start(user, "--isobench-workload=good", "--isobench-rounds=9", "--isobench-trust-native")
        user.wait_for(process, "[  3/")
        process.send_signal(number)
        process.send_signal(number)  # in a hurry
        assert process.wait(60) == pytest.ExitCode.INTERRUPTED, user.said()
    session = latest(user)
    assert session.meta["state"] == "interrupted"
    assert len(session.samples) >= 3
    assert f"isobench session: {session.folder}" in user.said()


def test_what_may_not_be_measured_now_is_refused_in_one_line(user: User) -> None:
    user.workload("good")
    words = ("--isobench-workload=good", "-k", "startup")
    code, said = run(user, *words)
    assert code == pytest.ExitCode.USAGE_ERROR, said
    assert "add --isobench-trust-native, or name other targets with --isobench-target" in said
    with measuring(user.paths.run, wait=False):
        code, said = run(user, *words, "--isobench-trust-native")
    assert code == pytest.ExitCode.USAGE_ERROR, said
    assert "is measuring on this host; wait for it, or add --isobench-wait to queue behind it" in said
    assert not user.results.exists()
