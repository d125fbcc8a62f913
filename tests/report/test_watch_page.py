"""``isobench report --watch``: a page on loopback that follows a session by its files. All sessions are test data."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect, sync_playwright
from tests import synthetic

from isobench.errors import HarnessError, UsageError
from isobench.model import Cell, Sample
from isobench.plan import Plan
from isobench.report.faces.cells import standing
from isobench.report.faces.follow import Follower, elapsed
from isobench.report.faces.served import Server, watch
from isobench.runner.record import plan_table
from isobench.store.writer import SessionWriter

_HOSTILE = "<img src=x onerror=alert(1)>"
_STOPPED = "has stopped without ending, after 9 samples"
_MEASURES = """
import sys, time
from pathlib import Path
from isobench.store.reader import read_session
from isobench.store.writer import SessionWriter
writer = SessionWriter.reopen(Path(sys.argv[1]))
writer.write_meta(read_session(sys.argv[1]).meta)
print("measures", flush=True)
time.sleep(60)
"""
_CELLS = tuple(Cell(w, t) for w in ("idle", "redis", _HOSTILE) for t in ("docker", "vm-micro"))


def plan() -> Plan:
    return Plan(_CELLS, seed=7)


def meta(state: str = "running", **more: Any) -> dict[str, Any]:
    return synthetic.session_meta(name="watched", state=state, plan=plan_table(plan()), **more)


def taken(count: int) -> list[Sample]:
    """The first samples of the session, a warm-up and then blocks, ten seconds after the other."""
    made = synthetic.samples(8)
    return [
        replace(made[at], number=at, cell=_CELLS[at % len(_CELLS)], block=at // len(_CELLS), request_ns=at * 10**10,
                role="measured" if at >= len(_CELLS) else "warmup", marks=())
        for at in range(count)
    ]  # fmt: skip


@pytest.fixture
def left(tmp_path: Path) -> Path:
    """A session that says it runs, and nobody measures it."""
    return synthetic.write(tmp_path / "results" / "watched", meta(), taken(9))


@pytest.fixture
def folder(left: Path) -> Iterator[Path]:
    writer = SessionWriter.reopen(left)
    yield writer.folder


@contextmanager
def another(session: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that writes a session, as a run does."""
    with subprocess.Popen(
        [sys.executable, "-c", _MEASURES, str(session)], stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout
            assert process.stdout.readline() == "measures\n"
            yield process
        finally:
            process.kill()


class Watched:
    """A watch in a thread of the test: its address, and how it ended."""

    def __init__(self, folder: Path) -> None:
        self.state, self.error, self._said = "", "", threading.Event()
        self.thread = threading.Thread(target=self._run, args=(folder,), daemon=True)
        self.thread.start()
        assert self._said.wait(20)

    def _run(self, folder: Path) -> None:
        try:
            self.state = watch(folder, self._hear, look=0.05)
        except HarnessError as error:
            self.error = error.line()

    def _hear(self, address: str) -> None:
        self.address = address
        self.port = int(address.rstrip("/").rpartition(":")[2])
        self._said.set()

    def ask(self, path: str, host: str | None = None) -> http.client.HTTPResponse:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        connection.request("GET", path, headers={"Host": host or f"127.0.0.1:{self.port}"})
        return connection.getresponse()

    def ended(self) -> str:
        self.thread.join(20)
        assert not self.thread.is_alive()
        return self.state


@pytest.fixture
def watched(folder: Path) -> Iterator[Watched]:
    made = Watched(folder)
    yield made
    SessionWriter(folder).write_meta(meta("complete"))
    made.ended()


def news(answer: http.client.HTTPResponse) -> Iterator[dict[str, Any]]:
    """Yield what a stream of events tells, one after the other."""
    while line := answer.readline():
        if line.startswith(b"data: "):
            yield json.loads(line[6:])


def test_the_stream_tells_what_the_cells_are_and_ends_with_the_session(folder: Path) -> None:
    one = Watched(folder)
    told = news(one.ask("/events"))
    first = next(told)
    expected = standing(plan(), taken(9), elapsed(taken(9), resumed=False), {"vm-micro", "vm-q35"})
    assert first["words"] == expected.words()
    assert [line["count"] for line in first["lines"]] == [line.count for line in expected.lines]
    assert [line["figure"] for line in first["lines"]] == [line.figure for line in expected.lines]
    assert [line["emulated"] for line in first["lines"]] == [False, True] * 3
    assert sum(line["now"] for line in first["lines"]) == 1
    SessionWriter(folder).append(taken(10)[-1])
    assert next(told)["taken"] == 10
    SessionWriter(folder).write_meta(meta("complete"))
    assert [last["state"] for last in told] == ["complete"]
    assert one.ended() == "complete"
    with pytest.raises(OSError, match="refused"):
        one.ask("/")


def test_only_this_hosts_own_names_are_answered(watched: Watched) -> None:
    for host in ("evil.example", f"evil.example:{watched.port}", "127.0.0.1", "127.0.0.1:1", f"[::1]:{watched.port}"):
        for path in ("/", "/events"):
            assert watched.ask(path, host).status == 421
    assert watched.ask("/", f"localhost:{watched.port}").status == 200
    assert watched.ask("/../../etc/passwd").status == 404
    assert watched.ask("/session.json").status == 404


def test_it_listens_on_loopback_only() -> None:
    server = Server()
    try:
        assert server.server_address[0] == "127.0.0.1"
    finally:
        server.server_close()


def test_the_page_has_a_strict_policy(watched: Watched) -> None:
    answer = watched.ask("/")
    policy = str(answer.getheader("Content-Security-Policy"))
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "connect-src 'self'; frame-ancestors 'none'" in policy
    assert "unsafe-eval" not in policy
    assert answer.getheader("X-Content-Type-Options") == "nosniff"
    assert answer.getheader("Cache-Control") == "no-store"


@pytest.mark.browser
@pytest.mark.parametrize("width", [390, 1280])
def test_the_page_follows_in_a_browser(folder: Path, width: int) -> None:
    found = shutil.which("chromium") or shutil.which("google-chrome")
    if found is None:
        pytest.skip("Chromium is not installed (Debian: chromium)")
    one = Watched(folder)
    trouble: list[str] = []
    with sync_playwright() as tool:
        browser = tool.chromium.launch(executable_path=found, args=["--no-sandbox", "--disable-gpu", "--no-first-run"])
        page = browser.new_page(viewport={"width": width, "height": 900})
        page.on("console", lambda m: trouble.append(m.text) if m.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: trouble.append(str(error)))
        page.goto(one.address)
        page.wait_for_selector("#cells tr")
        assert page.locator("#cells tr").count() == len(_CELLS)
        assert page.locator("#cells tr.emu .tag").count() == 3
        assert page.locator("img").count() == 0
        assert _HOSTILE in page.locator("#cells").inner_text()
        assert page.locator("#progress").evaluate("p => p.value") == 9
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        SessionWriter(folder).append(taken(10)[-1])
        expect(page.locator("#progress")).to_have_js_property("value", 10)
        SessionWriter(folder).write_meta(meta("interrupted"))
        expect(page.locator("#words")).to_contain_text("has ended: interrupted")
        assert one.ended() == "interrupted"
        page.wait_for_timeout(300)
        assert "has ended: interrupted" in page.locator("#words").inner_text()
        browser.close()
    assert trouble == []


def test_files_that_have_not_changed_are_not_read_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    follower = Follower(folder)
    monkeypatch.setattr("isobench.report.faces.follow.read_session", lambda _: pytest.fail("read again"))
    assert not follower.changed()
    monkeypatch.undo()
    SessionWriter(folder).append(taken(10)[-1])
    assert follower.changed()
    assert follower.seen.shown["taken"] == 10


def test_elapsed_is_on_the_hosts_clock_and_not_over_a_pause() -> None:
    samples = taken(4)
    assert elapsed(samples, resumed=False) == pytest.approx(30 + samples[-1].duration)
    assert elapsed(samples, resumed=True) == pytest.approx(sum(sample.duration for sample in samples))
    assert elapsed([], resumed=False) == 0


def test_a_session_that_has_ended_or_has_no_plan_is_refused(tmp_path: Path) -> None:
    ended = synthetic.write(tmp_path / "ended", meta("complete"), taken(3))
    with pytest.raises(UsageError, match=r"ended: has ended: complete; write its report with `isobench report ended`"):
        watch(ended, print)
    bare = synthetic.write(tmp_path / "bare", synthetic.session_meta(state="running", plan={}), [])
    with pytest.raises(UsageError, match="holds no plan"):
        watch(bare, print)


def test_the_command_ends_with_130_on_an_interrupt_and_with_0_otherwise(folder: Path) -> None:
    words = [sys.executable, "-m", "isobench", "report", "--watch", "watched", "--results", str(folder.parent)]
    for interrupted in (True, False):
        SessionWriter(folder).write_meta(meta())
        with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              env={**os.environ, "PYTHONUNBUFFERED": "1"}) as process:  # fmt: skip
            assert process.stdout
            assert process.stdout.readline().startswith("http://127.0.0.1:")
            time.sleep(0.2)
            if interrupted:
                process.send_signal(signal.SIGINT)
            else:
                SessionWriter(folder).write_meta(meta("complete"))
            out, err = process.communicate(timeout=30)
        assert process.returncode == (130 if interrupted else 0)
        said = ("", "isobench: interrupted") if interrupted else ("watched has ended: complete", "")
        assert (out.strip(), err.strip()) == said


def test_the_stream_tells_that_a_run_was_killed(left: Path) -> None:
    with another(left) as run:
        one = Watched(left)
        told = news(one.ask("/events"))
        assert next(told)["state"] == "running"
        run.send_signal(signal.SIGKILL)
        (last,) = told
    assert (last["state"], last["taken"], last["words"]) == (
        "stopped", 9, f"The run {_STOPPED}. isobench run --resume watched goes on with it.")  # fmt: skip
    assert last["whole"] > 9
    assert not any(line["now"] for line in last["lines"])
    one.ended()
    assert one.error == f"watched: {_STOPPED}; go on with `isobench run --resume watched`"


@pytest.mark.browser
@pytest.mark.parametrize("width", [390, 1280])
def test_the_page_tells_that_a_run_was_killed(left: Path, width: int) -> None:
    found = shutil.which("chromium") or shutil.which("google-chrome")
    if found is None:
        pytest.skip("Chromium is not installed (Debian: chromium)")
    with sync_playwright() as tool, another(left) as run:
        browser = tool.chromium.launch(executable_path=found, args=["--no-sandbox", "--disable-gpu", "--no-first-run"])
        page = browser.new_page(viewport={"width": width, "height": 900})
        one = Watched(left)
        page.goto(one.address)
        expect(page.locator("#title")).to_have_text("A session that runs")
        expect(page.locator("#cells tr.now")).to_have_count(1)
        run.send_signal(signal.SIGKILL)
        expect(page.locator("#words.banner")).to_contain_text(_STOPPED)
        expect(page.locator("#words")).to_contain_text("isobench run --resume watched")
        one.ended()
        page.wait_for_timeout(300)
        assert _STOPPED in page.locator("#words").inner_text()
        assert page.locator("#title").inner_text() == "A session that ran"
        assert page.locator("#cells tr.now").count() == 0
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        browser.close()


def test_the_command_tells_of_a_killed_run_while_it_watches_and_afterwards(left: Path) -> None:
    words = [sys.executable, "-m", "isobench", "report", "--watch", "watched", "--results", str(left.parent)]
    line = f"isobench: watched: {_STOPPED}; go on with `isobench run --resume watched`"
    with (
        another(left) as run,
        subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                         env={**os.environ, "PYTHONUNBUFFERED": "1"}) as process,
    ):  # fmt: skip
        assert process.stdout
        assert process.stdout.readline().startswith("http://127.0.0.1:")
        run.send_signal(signal.SIGKILL)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err.strip()) == (5, "", line)
    again = subprocess.run(words, capture_output=True, text=True, timeout=30, check=False)
    assert (again.returncode, again.stdout, again.stderr.strip()) == (5, "", line)


def test_a_run_that_is_gone_on_with_counts_as_running(left: Path) -> None:
    assert Follower(left).seen.state == "stopped"
    with another(left) as run:
        follower = Follower(left)
        assert follower.seen.state == "running" and not follower.changed()
        run.send_signal(signal.SIGKILL)
        run.wait()
        assert follower.changed() and follower.seen.state == "stopped"


def test_a_session_that_is_removed_while_it_is_watched_ends_the_watch(folder: Path) -> None:
    one = Watched(folder)
    shutil.rmtree(folder)
    one.ended()
    assert one.error == "watched: is gone: its folder was removed"


@pytest.mark.parametrize("words", [("a", "b"), ("-o", "out.html"), ("--format", "pdf"), ("--history",)])
def test_it_goes_alone(words: tuple[str, ...], folder: Path) -> None:
    from click.testing import CliRunner

    from isobench.cli.report_command import command

    done = CliRunner().invoke(command, ["--watch", *words, "--results", str(folder.parent)], standalone_mode=False)
    assert isinstance(done.exception, UsageError)
    assert "--watch follows one session" in done.exception.line()
