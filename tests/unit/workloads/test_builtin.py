"""isobench's own workloads: what their files promise each other, and their small programs, compiled and run here."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import socket
import subprocess
import time
from pathlib import Path

import pytest

from isobench.workloads import load_all
from isobench.workloads.loader import find

ROOT = Path(__file__).parents[3] / "workloads"
ALL = load_all([ROOT])
NEEDS_CC = pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler")
QUICK = {"idle", "cpu", "memory", "disk", "redis"}
OTHERS = ("compress", "mem-latency", "syscall", "network", "nginx", "sqlite", "postgres", "python-import")


def compiled(source: str, folder: Path) -> Path:
    """Compile a workload's source as its Dockerfile does."""
    file = ROOT / source
    command = re.search(r"RUN cc (.*?) -o \S+ \S+(.*)", (file.parent / "Dockerfile").read_text())
    assert command is not None
    libraries = [word for word in command[2].split() if word.startswith("-l")]
    program = folder / file.stem
    subprocess.run(["cc", *command[1].split(), "-o", program, file, *libraries], check=True)
    return program


def said(*words: str | Path) -> str:
    return subprocess.run(words, capture_output=True, text=True, check=True, timeout=20).stdout


def test_a_session_that_names_none_has_the_quick_ones_and_every_one_can_be_had() -> None:
    assert {workload.name for workload in find((), [ROOT])} == QUICK
    assert {workload.name for workload in find((), [ROOT], every=True)} == set(ALL)
    assert find(["syscall"], [ROOT])[0].default is False


@pytest.mark.parametrize("name", OTHERS)
def test_each_of_the_others_is_explained_and_needs_no_more_than_a_small_host_has(name: str) -> None:
    text = (ROOT.parent / "docs" / "workloads.md").read_text()
    (row,) = [line for line in text.splitlines() if line.startswith(f"| `{name}` |")]
    assert row.endswith("| with `--full` |")
    assert f"\n## {name}\n" in text
    assert ALL[name].resources.vcpus == 1
    assert ALL[name].resources.memory <= 640 << 20
    assert (ALL[name].folder / "Dockerfile").read_text().startswith("FROM isobench/base")


def test_no_metric_is_read_by_two_jobs_of_a_workload() -> None:
    for workload in ALL.values():
        names = [source.name for job in workload.jobs for source in job.metrics]
        assert len(names) == len(set(names)), workload.name


def test_a_pass_of_compress_is_its_corpus() -> None:
    built = re.search(r"/corpus (\d+) >", (ROOT / "compress" / "Dockerfile").read_text())
    (rate,) = [s for job in ALL["compress"].jobs for s in job.metrics if s.name == "compress_rate"]
    assert built is not None
    assert rate.scale == int(built[1])


@NEEDS_CC
def test_the_corpus_is_the_same_bytes_everywhere_and_compresses_as_text_does(tmp_path: Path) -> None:
    import zstandard

    program = compiled("compress/corpus.c", tmp_path)
    text = subprocess.run([program, "1000000"], capture_output=True, check=True).stdout
    assert len(text) == 1_000_000
    assert hashlib.sha256(text).hexdigest() == "68a7827ee2fc4233ce2be5b7b37a483d89b07094b23489ef2657a94ff3fb7f59"
    assert 2.0 < len(text) / len(zstandard.ZstdCompressor(level=3).compress(text)) < 5.0


@NEEDS_CC
@pytest.mark.parametrize(("kind", "count"), [("getppid", 1000), ("open", 100), ("fork", 5)])
def test_calls_does_what_it_is_told_and_says_so(kind: str, count: int, tmp_path: Path) -> None:
    program = compiled("syscall/calls.c", tmp_path)
    assert json.loads(said(program, kind, str(count))) == {"call": kind, "count": count}
    assert subprocess.run([program, kind], capture_output=True, check=False).returncode == 2


@NEEDS_CC
def test_the_chase_follows_the_whole_chain(tmp_path: Path) -> None:
    program = compiled("mem-latency/chase.c", tmp_path)
    # 100,000 loads of warm-up and 1,000 lines: a chain of one cycle is back at line 0 after each 1,000, and not before.
    ends = {loads: json.loads(said(program, str(1000 * 8), str(loads)))["end"] for loads in (200, 500, 1000, 7000)}
    assert ends[1000] == ends[7000] == 0
    assert ends[200] != 0 and ends[500] != 0


@NEEDS_CC
def test_the_echo_answers_one_after_the_other_and_its_client_says_the_percentiles(tmp_path: Path) -> None:
    program = compiled("network/echo.c", tmp_path)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    with subprocess.Popen([program, "serve", port]) as server:
        try:
            _await_port(int(port))
            for _ in range(2):
                report = json.loads(said(program, "ask", "127.0.0.1", port, "200"))
                assert report["requests"] == 200
                assert 0 < report["latency_p50"] <= report["latency_p99"] < 1
        finally:
            server.terminate()


def _await_port(port: int) -> None:
    deadline = time.monotonic() + 10
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except OSError:
            assert time.monotonic() < deadline
            time.sleep(0.01)


def test_every_count_of_transactions_is_in_sqlites_image() -> None:
    made = re.search(r"for count in ([\d ]+);", (ROOT / "sqlite" / "Dockerfile").read_text())
    wanted = [job.lengths[length]["transactions"] for job in ALL["sqlite"].jobs if job.work for length in job.lengths]
    assert made is not None
    assert [int(word) for word in made[1].split()] == wanted


@pytest.mark.skipif(shutil.which("awk") is None, reason="no awk")
def test_sqlites_transactions_are_valid_and_leave_the_sum_of_their_amounts(tmp_path: Path) -> None:
    import sqlite3

    folder = ROOT / "sqlite"
    script = said("awk", "-v", "count=50", "-f", folder / "transactions.awk")
    lines = [line for line in script.splitlines() if not line.startswith(".")]
    with sqlite3.connect(tmp_path / "bank.db", isolation_level=None) as database:
        database.executescript((folder / "accounts.sql").read_text())
        database.executescript("\n".join(lines))
        (balances,) = database.execute("SELECT sum(balance) FROM accounts").fetchone()
        history = database.execute("SELECT count(*), sum(amount), count(DISTINCT account) FROM history").fetchone()
        (accounts,) = database.execute("SELECT count(*) FROM accounts").fetchone()
    database.close()
    assert accounts == 10_000
    assert history[:2] == (50, balances)
    assert history[2] > 40


def test_postgres_is_asked_for_a_session_in_a_packet_of_its_own_length() -> None:
    service = ALL["postgres"].service
    assert service is not None
    assert int.from_bytes(service.request[:4], "big") == len(service.request)
    assert re.search(service.reply.encode(), b"R\0\0\0\x08\0\0\0\0Z\0\0\0\x05I")


def test_nginx_is_probed_for_a_whole_reply() -> None:
    service = ALL["nginx"].service
    assert service is not None
    assert re.search(service.reply.encode(), b"HTTP/1.1 200 OK\r\nServer: nginx\r\n\r\n" + b"x" * 1024)
    assert not re.search(service.reply.encode(), b"HTTP/1.1 200 OK\r\nServer: nginx\r\n\r\n" + b"x" * 1023)
