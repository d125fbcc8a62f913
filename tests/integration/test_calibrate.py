"""``isobench calibrate`` on real engines: two short A/A sessions, their profile, and nothing left behind."""

from __future__ import annotations

import json
import signal
import time

from tests.integration.snapshot import leaving_nothing
from tests.integration.user import ENGINES, User

from isobench.calibrate import load

pytestmark = ENGINES


def test_two_sessions_make_the_hosts_profile_and_stay_out_of_the_users_own(user: User) -> None:
    user.workload("still")
    results = ("--results", str(user.results))
    with leaving_nothing(user.paths):
        code, said = user.isobench(
            "calibrate", "-w", "still", "-t", "native", "-t", "docker", "--sessions", "2", "--samples", "5",
            "--trust-native", *results,
        )  # fmt: skip
    assert code == 0, said
    assert said.count("· starting Docker") == 3  # once for the pings, then anew for each session
    assert "still@docker" in said
    (folder,) = user.results.iterdir()
    assert folder.name.startswith("calibration-")
    sessions = sorted(folder.glob("*/session.json"))
    assert len(sessions) == 2
    assert all(json.loads(file.read_text())["state"] == "complete" for file in sessions)
    assert user.isobench("list", "sessions", *results) == (0, "no sessions yet\n")
    profile = load(user.paths)
    assert profile is not None
    assert (profile.sessions, profile.trials.trials, profile.folder) == (2, 2, folder.name)
    for target in ("native", "docker"):
        latency = profile.latency[target]
        assert latency.pings == 200, latency.reason
        assert latency.median is not None
        assert latency.p95 is not None
        assert 0 < latency.median <= latency.p95 < 0.05
        one = next(s for s in profile.series if (s.target, s.metric) == (target, "time_to_ready"))
        # Samples that something else on the host made noisy do not count; below six there is no verdict.
        assert 3 <= one.samples <= 5
        assert (one.sessions, one.judged, one.inconclusive) == (2, 2, 2)
    assert profile.overhead.cores is not None
    assert 0 < profile.overhead.cores < 1


def test_a_budget_too_short_for_two_sessions_is_told_in_one_line(user: User) -> None:
    user.workload("still")
    with leaving_nothing(user.paths):
        code, said = user.isobench(
            "calibrate", "-w", "still", "-t", "native", "--sessions", "2", "--samples", "1", "--budget", "0.1",
            "--trust-native", "--results", str(user.results),
        )  # fmt: skip
    assert code == 2, said
    assert "a calibration needs 2; raise --budget" in said.splitlines()[-1]
    assert load(user.paths) is None or not list(user.results.glob("*/profile.json"))


def test_ctrl_c_computes_from_the_sessions_that_are_finished(user: User) -> None:
    user.workload("still")
    with leaving_nothing(user.paths):
        process = user.start(
            "calibrate", "-w", "still", "-t", "native", "--sessions", "9", "--samples", "1", "--trust-native",
            "--results", str(user.results),
        )  # fmt: skip
        user.wait_for(process, "session 2 of 9")
        while len(list(user.results.glob("*/*/session.json"))) < 3:
            assert process.poll() is None, user.said()
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        assert process.wait(90) == 130, user.said()
    assert "interrupted: every finished session is kept" in user.said()
    profile = load(user.paths)
    assert profile is not None
    assert 2 <= profile.sessions < 9
    assert (user.results / profile.folder / "profile.json").is_file()
