"""The study ``life`` with the real init as an ordinary process: its figures, and its reasons where there are none."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

import pytest
from click.testing import CliRunner

from isobench.cli import explain_command, list_command
from isobench.errors import SampleError
from isobench.guest.build import GuestBinaries, build
from isobench.guest.channel import Channel
from isobench.guest.frames import Init
from isobench.images.identity import Identity
from isobench.images.types import Image, Rootfs
from isobench.metrics import METRICS
from isobench.metrics.life import LIFE
from isobench.model import Ready, Resources, Workload
from isobench.runner.measure import queue
from isobench.runner.recording import Record
from isobench.studies import find
from isobench.studies.life import STUDY, go_through
from isobench.studies.life_parts import PARTS, Subject, count, echo, start_counter
from isobench.targets.abilities import Executes, GoneError, Pausable, Restartable, Savable, UnableError
from isobench.targets.agent import ByAgent
from isobench.targets.base import Instance, Prepared
from isobench.targets.docker_instance import DockerInstance
from isobench.targets.native import NativeInstance
from isobench.targets.vm_instance import VmInstance

USER = Identity(os.getuid(), os.getgid(), "/", (("PATH", "/usr/bin:/bin"),))
WORKLOAD = Workload(
    "life", "t", "d", Path("/w"), ("sleep", "600"), Ready("start"), Resources(1, 1 << 20, 1 << 20), (), timeout=10.0
)
NAMES = {name for names, _ in PARTS for name in names}


@pytest.fixture(scope="module")
def init(tmp_path_factory: pytest.TempPathFactory) -> Path:
    binaries: GuestBinaries = build(tmp_path_factory.mktemp("cache"))
    return binaries.init


def below(pid: int) -> list[int]:
    """Return the processes that a process has begun, and theirs; none of one that has ended."""
    try:
        own = [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []
    return [*own, *(further for child in own for further in below(child))]


class Bare:
    """An instance that nobody can do anything with: init as a process."""

    def __init__(self, init: Path, folder: Path) -> None:
        self._init = init
        self._lines: list[Channel] = []
        self.process: subprocess.Popen[bytes] | None = None
        self.prepared = Prepared(WORKLOAD, Image("i", "t", (), "/", "", 1), Rootfs(folder, "d", 1, 1, 1))
        self.channel = self._line(folder / "channel")

    def start(self) -> None:
        self.process = subprocess.Popen([self._init, self.channel.path])
        self.channel.wait(Init, 10)

    def setup(self) -> bytes:
        return b""

    def end(self) -> None:
        if self.process:
            self.process.send_signal(signal.SIGCONT)
            self.kill()
        for line in self._lines:
            line.close()

    def kill(self) -> None:
        """SIGKILL it with all that it runs: as an ordinary process it takes nobody with it."""
        assert self.process
        for pid in (self.process.pid, *below(self.process.pid)):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait(10)
        self.process = None

    def _line(self, path: Path) -> Channel:
        self._lines.append(Channel(path))
        return self._lines[-1]


class Able(Bare):
    """One with every ability, as the host's own signals give them; its event is the state that the kernel shows."""

    executor = "init"
    execute = ByAgent.execute
    _run = 1000
    holds = True

    def pause(self) -> int:
        assert self.process
        if self.holds:
            self.process.send_signal(signal.SIGSTOP)
            os.waitid(os.P_PID, self.process.pid, os.WSTOPPED | os.WNOWAIT)
        return time.monotonic_ns()

    def resume(self) -> None:
        assert self.process
        self.process.send_signal(signal.SIGCONT)

    def supervise(self) -> str:
        return "this test"

    def listen_again(self) -> None:
        self.channel = self._line(self.channel.path)

    def crash(self) -> int:
        assert self.process
        at_ns = time.monotonic_ns()
        self.kill()
        self.process = subprocess.Popen([self._init, self.channel.path])
        return at_ns

    def running_at(self, timeout: float) -> int:
        return self.channel.wait_connected(timeout)

    def save(self) -> int:
        raise UnableError("there is no room for it")

    def saved_bytes(self) -> int:
        return 0

    def restore(self) -> None:
        raise AssertionError("nothing was saved")


class Lost(Able):
    """One that is saved, and cannot be restored."""

    def save(self) -> int:
        self.kill()
        return time.monotonic_ns()

    def saved_bytes(self) -> int:
        return 7

    def restore(self) -> None:
        raise GoneError("what was saved cannot be read")


class Broken(Able):
    """One that does not survive the attempt to save it."""

    def save(self) -> int:
        self.kill()
        raise UnableError("it broke")


@pytest.fixture
def make(init: Path, tmp_path: Path) -> Iterator[Any]:
    made: list[Bare] = []

    def one(kind: type[Bare]) -> tuple[Bare, Subject]:
        made.append(kind(init, tmp_path))
        made[-1].start()
        return made[-1], Subject(cast(Instance, made[-1]), made[-1].prepared, USER)

    yield one
    for instance in made:
        instance.end()


def test_every_figure_is_registered_once_in_its_family() -> None:
    assert {metric.name for metric in LIFE} == NAMES
    assert all(METRICS[metric.name] is metric and metric.family == "life" for metric in LIFE)


def test_the_study_is_found_by_its_name_and_belongs_to_a_full_run() -> None:
    study = find("life")
    assert study.in_full
    assert study.workloads == ("idle",)


def test_studies_are_listed_and_explained() -> None:
    listed = CliRunner().invoke(list_command.command, ["studies", "--json"])
    assert {row["name"]: row["sessions"] for row in json.loads(listed.output)}["life"] == "full"
    assert STUDY.summary in CliRunner().invoke(explain_command.command, ["life"]).output


@pytest.mark.parametrize(
    ("kind", "abilities"),
    [
        (NativeInstance, {Executes}),
        (DockerInstance, {Executes, Pausable, Savable, Restartable}),
        (VmInstance, {Executes, Pausable, Savable, Restartable}),
    ],
)
def test_the_abilities_of_each_kind(kind: type, abilities: set[type]) -> None:
    instance: object = object.__new__(kind)
    assert {
        ability for ability in (Executes, Pausable, Savable, Restartable) if isinstance(instance, ability)
    } == abilities


def test_what_an_instance_cannot_do_is_a_reason_and_no_figure(make: Any) -> None:
    record = Record()
    assert go_through(record, make(Bare)[1])
    assert record.metrics == {}
    assert set(record.absent) == NAMES
    assert record.absent["restart_time"] == "nobody restarts it: no engine stands over it"


def test_what_it_can_do_gives_figures_and_what_its_engine_refuses_its_words(make: Any) -> None:
    instance, subject = make(Able)
    queue(cast(Instance, instance), instance.prepared)
    record = Record()
    go_through(record, subject)
    assert set(record.metrics) == {"exec_latency", "pause_time", "resume_time", "restart_time"}
    assert all(seconds > 0 for seconds in record.metrics.values())
    assert record.absent == dict.fromkeys(("save_time", "saved_bytes", "restore_time"), "there is no room for it")
    assert record.metrics["exec_latency"] == sorted(y for _, y in record.curves["exec_latency"])[2]
    assert record.resolution["resume_time"] > 0
    assert record.facts["executed_by"] == "init"
    # It went through all of it on its second life.
    assert instance.process.returncode is None


def test_one_that_is_lost_at_the_restore_keeps_its_figures_and_is_not_ended(make: Any) -> None:
    instance, subject = make(Lost)
    queue(cast(Instance, instance), instance.prepared)
    record = Record()
    assert not go_through(record, subject)
    assert record.metrics["save_time"] > 0
    assert record.absent == {"restore_time": "what was saved cannot be read"}
    assert "restored_continues" not in record.facts


def test_one_that_ends_as_it_cannot_be_saved_is_told_and_not_ended_again(make: Any) -> None:
    instance, subject = make(Broken)
    queue(cast(Instance, instance), instance.prepared)
    record = Record()
    assert not go_through(record, subject)
    assert record.absent == dict.fromkeys(("save_time", "saved_bytes", "restore_time"), "it broke")
    assert record.metrics["restart_time"] > 0


def test_one_that_answers_while_it_is_paused_fails_the_sample(make: Any) -> None:
    instance, subject = make(Able)
    instance.holds = False
    with pytest.raises(SampleError, match="answered although it was paused"):
        go_through(Record(), subject)


def test_the_counter_counts_on_in_the_same_process_only(make: Any) -> None:
    instance, subject = make(Able)
    assert [start_counter(subject), count(instance.channel, 10), count(instance.channel, 10)] == [1, 2, 3]
    instance.listen_again()
    instance.crash()
    assert count(instance.channel, 0.3) is None


def test_an_image_without_a_shell_has_no_counter_and_without_echo_no_latency(make: Any) -> None:
    instance, subject = make(Able)
    nowhere = Identity(USER.uid, USER.gid, "/no such folder", USER.env)
    assert start_counter(Subject(subject.instance, subject.prepared, nowhere)) is None
    with pytest.raises(UnableError, match="the image cannot run no-such-program"):
        instance.execute(("no-such-program",))


def test_echoes_and_commands_are_stamped_after_they_were_asked_for(make: Any) -> None:
    instance, _ = make(Able)
    assert echo(instance.channel, 10) > 0
    asked = time.monotonic_ns()
    assert instance.execute(("echo", "x")) > asked
    assert re.fullmatch(rb"x\n", instance.channel.output(instance._run).data())
