"""The gate on real sessions: an unchanged one passes, one made worse does not, and each is measured once more.

``isobench ab`` on the same Dockerfile made worse is in test_ab.py.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.integration.snapshot import leaving_nothing
from tests.integration.user import ENGINES, User

from isobench.engines import docker
from isobench.host import cgroup
from isobench.host.paths import Paths
from isobench.verdict import HEADLINE

pytestmark = ENGINES

DOCKERFILE = "FROM scratch\nCOPY bin /bin\nCOPY start.sh work.sh /\nENV PATH=/bin\n"
JOB = """[[job]]
name = "work"
command = ["sh", "/work.sh", "{count}"]
work = "count"
quick = { count = 10 }
full = { count = 10 }
[[job.metric]]
name = "cpu_events"
from = "rate"
"""
SESSIONS, SAMPLES = 5, 5
"""Of a session's samples three must count: the others may be noisy."""


def service(user: User, delay: float = 0.1, pause: float = 0.02, fat: int = 0) -> None:
    """Write a workload whose figures are those of sleeping, hence steady; its image alone makes it worse.

    ``delay`` is how long it takes to get ready, ``pause`` how long each piece of work rests, ``fat`` a layer's MB.
    """
    folder = user.home / "workloads" / "service"
    if not folder.exists():
        user.workload("service", JOB, "sh /start.sh", DOCKERFILE, 'on = "output"\noutput = "up"')
    (folder / "start.sh").write_text(f"sleep {delay}\necho up\nexec sleep 600\n")
    (folder / "work.sh").write_text(f"for i in $(seq $1); do sleep {pause}; done\n")
    (folder / "fat").write_bytes(bytes(fat * 1_000_000))
    (folder / "Dockerfile").write_text(DOCKERFILE + ("COPY fat /fat\n" if fat else ""))


def measure(user: User, results: str = "results", samples: int = SAMPLES) -> str:
    """Take a session into a folder of results; return its name."""
    code, said = user.isobench(
        "run", "-w", "service", "-t", "docker", "--samples", str(samples), "--no-report", "--results", results
    )
    assert code == 0, said
    return max(folder.name for folder in (user.home / results).iterdir())


@pytest.fixture(scope="module")
def watched(paths: Paths, tmp_path_factory: pytest.TempPathFactory) -> Iterator[User]:
    """A user whose workload has a baseline of some sessions."""
    if reason := cgroup.unavailable() or docker.unavailable(paths):
        pytest.skip(reason)
    home = tmp_path_factory.mktemp("watched")
    user = User(home, paths, {"ISOBENCH_CACHE": str(paths.cache), "ISOBENCH_RUN": str(paths.run)})
    service(user)
    for _ in range(SESSIONS):
        measure(user, "base")
    for name in sorted(folder.name for folder in (home / "base").iterdir()):
        code, said = user.isobench("baseline", "add", name, "--results", "base")
        assert code == 0, said
    yield user
    user.leave()


def check(user: User, *words: str) -> tuple[int, dict[str, Any]]:
    """Check a session by the baseline; return the exit code and the document."""
    code, said = user.isobench("check", "--baseline", "baseline", "--results", "results", "--format", "json", *words)
    start = said.index("{\n")
    return code, json.loads(said[start : said.rindex("}") + 1])


def verdicts(found: dict[str, Any], verdict: str) -> set[str]:
    """Return the headline metrics that have the verdict."""
    return {one["metric"] for one in found["series"] if one["verdict"] == verdict and one["metric"] in HEADLINE}


def outlier(results: Path, name: str) -> str:
    """Make up a session that took ten times as long to get ready as the named one; return its name."""
    made = results / f"{name[:-1]}{'0' if name[-1] == 'f' else 'f'}"
    shutil.copytree(results / name, made)
    meta = json.loads((made / "session.json").read_text())
    (made / "session.json").write_text(json.dumps(meta | {"id": made.name}))
    samples = [json.loads(line) for line in (made / "samples.jsonl").read_text().splitlines()]
    for sample in samples:
        sample["session"] = made.name
        sample["metrics"]["time_to_ready"] *= 10
    (made / "samples.jsonl").write_text("".join(f"{json.dumps(sample)}\n" for sample in samples))
    return made.name


def test_an_unchanged_session_passes_and_an_outlier_is_not_confirmed(watched: User) -> None:
    service(watched)
    name = measure(watched)
    code, found = check(watched, name)
    assert code == 0, found
    assert len(found["baseline"]) == SESSIONS
    assert verdicts(found, "regression") == set()
    odd = outlier(watched.home / "results", name)
    code, found = check(watched, odd)
    assert (code, verdicts(found, "regression")) == (1, {"time_to_ready"}), found
    with leaving_nothing(watched.paths):
        code, found = check(watched, odd, "--confirm")
    assert code == 0, found
    assert verdicts(found, "inconclusive") >= {"time_to_ready"}
    assert f"measured once more in {found['confirming']}: not confirmed service@docker time_to_ready" in found["notes"]
    second = json.loads((watched.home / "results" / found["confirming"] / "session.json").read_text())
    first = json.loads((watched.home / "results" / name / "session.json").read_text())
    assert second["confirms"] == odd
    assert (second["plan"]["stopping"], second["plan"]["cells"]) == (first["plan"]["stopping"], first["plan"]["cells"])
    shutil.rmtree(watched.home / "results" / odd)
    code, said = watched.isobench("check", "--baseline", "baseline", "--results", "results")
    assert code == 0, said
    assert said.startswith(f"· taken: {name}, the latest session of its own; {found['confirming']} is a second")
    assert not list((watched.home / "results").glob(".*"))


def test_a_dockerfile_made_worse_is_found_with_the_right_metrics_and_confirmed(watched: User) -> None:
    service(watched, delay=0.6, pause=0.04, fat=50)
    name = measure(watched)
    code, found = check(watched, name)
    assert code == 1, found
    assert verdicts(found, "regression") == {"time_to_ready", "cpu_events", "stored_bytes"}, found
    assert {line["field"] for line in found["subject"]} == {"image", "rootfs"}
    code, found = check(watched, name, "--confirm")
    assert code == 1, found
    assert verdicts(found, "regression") == {"time_to_ready", "cpu_events", "stored_bytes"}, found
    told = {one["metric"]: one["confirmed"] for one in found["series"]}
    assert told["time_to_ready"] is told["cpu_events"] is told["stored_bytes"] is True
