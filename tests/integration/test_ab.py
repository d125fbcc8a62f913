"""``isobench ab`` on real engines: an unchanged pair, a Dockerfile made worse, and each exit code; nothing left."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
from contextlib import suppress
from typing import Any

from tests.integration.snapshot import leaving_nothing
from tests.integration.test_bad_luck import small_disk
from tests.integration.user import ENGINES, User

pytestmark = ENGINES

DOCKERFILE = "FROM scratch\nCOPY bin /bin\nCOPY start.sh work.sh /\nENV PATH=/bin\n"
JOB = """[[job]]
name = "work"
command = ["sh", "/work.sh", "{count}"]
work = "count"
quick = { count = 400000 }
full = { count = 400000 }
[[job.metric]]
name = "cpu_events"
from = "rate"
"""
SEED = ("--seed", "1")


def service(user: User, delay: str = "0", work: int = 1, layer: str = "") -> None:
    """Write a workload whose image decides when it is ready and how fast it works; its workload.toml stays."""
    folder = user.home / "workloads" / "service"
    if not folder.exists():
        user.workload("service", JOB, "sh /start.sh", DOCKERFILE, 'on = "output"\noutput = "up"')
    (folder / "start.sh").write_text(f"sleep {delay}\necho up\nexec sleep 600\n")
    (folder / "work.sh").write_text("seq $1 > /dev/null\n" * work)
    (folder / "Dockerfile").write_text(DOCKERFILE + layer)


def git(user: User, *words: str) -> None:
    who = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "init.defaultBranch=main"]
    subprocess.run(["git", *who, *words], cwd=user.home / "workloads", check=True, capture_output=True)


def committed(user: User) -> None:
    git(user, "init")
    git(user, "add", ".")
    git(user, "commit", "-m", "good")


def ab(user: User, *words: str) -> tuple[int, str]:
    with leaving_nothing(user.paths):
        return user.isobench("ab", *words, *SEED, "--results", str(user.results))


def document(said: str) -> dict[str, Any]:
    # What goes to people comes before and after it.
    found: dict[str, Any] = json.JSONDecoder().raw_decode(said, said.index("\n{\n") + 1)[0]
    return found


def verdicts(found: dict[str, Any]) -> dict[str, str]:
    return {one["metric"]: one["verdict"] for one in found["series"]}


def test_an_unchanged_pair_passes_and_its_session_is_kept_as_any_other(user: User) -> None:
    service(user)
    code, said = ab(user, "docker", "docker", "-w", "service", "--most", "10")
    assert code == 0, said
    assert "docker#2 against docker: passed: " in said
    meta, samples = user.session()
    assert meta["ab"]["reference"] == "docker"
    assert meta["state"] == "complete"
    assert [stop["target"] for stop in meta["stopped"]] == ["docker", "docker#2"]
    blocks: dict[int, list[str]] = {}
    for sample in samples:
        assert sample["outcome"] == "ok", sample["error"]
        blocks.setdefault(sample["block"], []).append(sample["cell"]["target"])
    assert all(sorted(of) == ["docker", "docker#2"] for of in blocks.values())
    assert len({tuple(of) for of in blocks.values()}) == 2  # either side came first in some block
    for words in (("show",), ("export", "--format", "csv"), ("report",)):
        code, said = user.isobench(words[0], meta["id"], *words[1:], "--results", str(user.results))
        assert code == 0, said


def test_a_dockerfile_made_worse_is_found_with_the_right_metrics(user: User) -> None:
    service(user)
    committed(user)
    service(user, "0.5", 2, "RUN dd if=/dev/zero of=/fat bs=1M count=50\n")
    code, said = ab(user, "docker@HEAD", "docker", "-w", "service", "--format", "json")
    assert code == 1, said
    found = document(said)
    assert found["ended"] == "decided"
    told = verdicts(found)
    for metric in ("time_to_ready", "cpu_events", "stored_bytes"):
        assert told[metric] == "regression", said
    assert {line["field"] for line in found["subject"]} >= {"image", "rootfs"}
    assert set(user.session()[0]["images"]) == {"service@HEAD", "service"}
    assert (user.home / "workloads" / "service" / "start.sh").read_text().startswith("sleep 0.5")
    code, said = ab(user, "docker", "docker@HEAD", "-w", "service", "--format", "json")
    assert code == 0, said
    assert verdicts(document(said))["time_to_ready"] == "improvement"


def test_an_option_is_what_changes(user: User) -> None:
    service(user)
    code, said = ab(user, "docker", "docker,read_only=true", "-w", "service", "--least", "4", "--most", "4")
    assert code == 0, said
    assert "options.read_only" in said


def test_another_image_is_a_variant_and_what_it_made_worse_is_found(user: User) -> None:
    dockerfile = "FROM scratch\nCOPY bin /bin\nCOPY start.sh /\nENV PATH=/bin\n"
    user.workload("plain", "", "sh /start.sh", dockerfile, 'on = "output"\noutput = "up"')
    (user.home / "workloads" / "plain" / "start.sh").write_text("echo up\nexec sleep 600\n")
    shutil.copytree(user.home / "workloads" / "plain", user.home / "worse", symlinks=True)
    (user.home / "worse" / "start.sh").write_text("sleep 0.5\necho up\nexec sleep 600\n")
    code, said = ab(user, "docker", "docker,image=./worse", "-w", "plain", "--least", "4", "--format", "json")
    assert code == 1, said
    found = document(said)
    assert verdicts(found)["time_to_ready"] == "regression", said
    assert {line["field"] for line in found["subject"]} >= {"image", "rootfs"}
    meta, _ = user.session()
    assert set(meta["images"]) == {"plain", "plain,image=./worse"}
    assert meta["ab"]["variants"][1]["image"] == "./worse"


def test_strict_fails_where_blocks_are_too_few(user: User) -> None:
    service(user)
    words = ("native", "native", "-w", "service", "--trust-native", "--least", "4", "--most", "4")
    code, said = ab(user, *words, "--strict")
    assert code == 3, said
    assert "failed, exit code 3: " in said


def test_a_variant_that_no_longer_runs_is_an_error(user: User) -> None:
    service(user)
    committed(user)
    (user.home / "workloads" / "service" / "start.sh").write_text("exit 7\n")
    code, said = ab(user, "docker@HEAD", "docker", "-w", "service", "--strict")
    assert code == 4, said
    assert "failed, exit code 4: " in said
    assert "error: service@docker " in said
    assert "was given up" in said


def test_what_cannot_be_compared_is_told_before_anything_is_measured(user: User) -> None:
    service(user)
    code, said = ab(user, "native", "docker", "-w", "service", "--trust-native")
    assert code == 4, said
    assert "docker: incomparable with native: kind" in said.splitlines()[-1]
    assert not user.results.exists() or not list(user.results.iterdir())


def test_a_runtime_that_the_engine_does_not_know_is_missing_and_the_others_are_compared(user: User) -> None:
    service(user)
    words = ("-w", "service", "--least", "4", "--most", "4")
    code, said = ab(user, "docker", "docker,runtime=nosuch", *words)
    assert code == 4, said
    assert "missing: docker,runtime=nosuch could not run: " in said.splitlines()[-1]
    code, said = ab(user, "docker", "docker,runtime=nosuch", "docker,runtime=runc", *words)
    assert code == 4, said
    assert "docker,runtime=runc against docker: failed, exit code 4: " in said
    assert "docker,runtime=nosuch could not run: " in said
    assert "options.runtime" in said


def test_bad_input_is_told_in_one_line(user: User) -> None:
    service(user)
    for words, last in (
        (("docker", "docker@HEAD"), "not a git repository"),
        (("native", "native"), "add --trust-native"),
    ):
        code, said = ab(user, *words, "-w", "service")
        assert code == 2, said
        assert last in said.splitlines()[-1]


def test_ctrl_c_keeps_what_is_finished_and_says_so(user: User) -> None:
    service(user)
    with leaving_nothing(user.paths):
        process = user.start("ab", "native", "native", "-w", "service", "--trust-native", *SEED, "--results",
                             str(user.results))  # fmt: skip
        user.wait_for(process, "[block  2")
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130, user.said()
    assert "interrupted: every finished sample is kept" in user.said()
    meta, samples = user.session()
    assert meta["state"] == "interrupted"
    assert len(samples) >= 5


def test_results_that_fill_up_are_the_harness_failing_and_what_was_measured_is_judged(user: User) -> None:
    service(user)
    with leaving_nothing(user.paths), small_disk(user.results, "1m") as disk:
        process = user.start("ab", "native", "native", "-w", "service", "--trust-native", *SEED, "--results", str(disk))
        user.wait_for(process, "[block  2")
        with suppress(OSError), (disk / "filler").open("wb", buffering=0) as filler:
            while True:
                filler.write(bytes(4096))
        assert process.wait(60) == 5, user.said()
    assert "native#2 against native: failed, exit code 5: " in user.said()
    assert "No space left" in user.said()
    assert "Traceback" not in user.said()
