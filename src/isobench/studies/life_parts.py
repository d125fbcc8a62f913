"""The parts of the study ``life``: each asks an instance for one ability and takes the figures that it gives."""

from __future__ import annotations

import re
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

from isobench.errors import SampleError
from isobench.guest import commands
from isobench.guest.channel import Channel
from isobench.guest.commands import MAIN_RUN
from isobench.guest.frames import Pong, Running
from isobench.images.identity import Identity
from isobench.runner.measure import queue
from isobench.runner.recording import Record
from isobench.targets.abilities import Executes, GoneError, Pausable, Restartable, Savable, UnableError
from isobench.targets.base import Instance, Prepared

_EXECUTED = ("echo", "here")
_TIMES = 5
_ECHOES = 9
_HELD = 0.2
"""Seconds that an instance stays paused: it has to be silent for as long."""
_AFTER = 5.0
"""Seconds in which an instance that could not be saved has to answer again."""
_COUNTER = 900
_COUNT = (
    "/bin/sh", "-c", "i=0; trap 'i=$((i+1)); echo $i' USR1; echo $i; while :; do sleep 60 & wait $!; done"
)  # fmt: skip
"""Counts signals in a process's memory, and says nothing else."""
_NUMBER = re.compile(rb"(?m)^\d+$")


@dataclass(frozen=True, slots=True)
class Subject:
    """An instance that is ready, and whom its workload runs as."""

    instance: Instance
    prepared: Prepared
    user: Identity

    @property
    def timeout(self) -> float:
        """Seconds that the workload may take to get ready, and so any of these steps."""
        return self.prepared.workload.timeout


def executes(record: Record, subject: Subject) -> None:
    """Run a command inside several times: ``exec_latency``."""
    instance = subject.instance
    if not isinstance(instance, Executes):
        raise UnableError("nothing runs commands in it on request")
    taken: list[float] = []
    for _ in range(_TIMES):
        asked = time.monotonic_ns()
        taken.append((instance.execute(_EXECUTED) - asked) / 1e9)
    record.metrics["exec_latency"] = median(taken)
    record.curves["exec_latency"] = tuple((float(place), seconds) for place, seconds in enumerate(taken, 1))
    record.facts["executed_by"] = instance.executor


def pauses(record: Record, subject: Subject) -> None:
    """Pause and resume: ``pause_time``, ``resume_time``; SampleError where it answers although it is paused."""
    instance = subject.instance
    if not isinstance(instance, Pausable):
        raise UnableError("no engine stands over it that could pause it")
    record.resolution["resume_time"] = echo(instance.channel, subject.timeout)
    asked = time.monotonic_ns()
    if (paused := instance.pause()) is not None:
        record.metrics["pause_time"] = (paused - asked) / 1e9
    else:
        record.absent["pause_time"] = "its engine tells of no event by which a pause could be timed"
    since = instance.channel.mark()
    instance.channel.send(commands.ping("resumed"))
    time.sleep(_HELD)
    if instance.channel.mark() != since:
        raise SampleError("error", "it answered although it was paused")
    called = time.monotonic_ns()
    instance.resume()
    record.metrics["resume_time"] = (_pong(instance.channel, "resumed", since, subject.timeout) - called) / 1e9


def restarts(record: Record, subject: Subject) -> None:
    """SIGKILL its process on the host: ``restart_time``, until it is ready again."""
    instance = subject.instance
    if not isinstance(instance, Restartable):
        raise UnableError("nobody restarts it: no engine stands over it")
    instance.listen_again()
    queue(instance, subject.prepared)
    killed = instance.crash()
    instance.running_at(subject.timeout)
    record.metrics["restart_time"] = (_ready(instance.channel, subject.prepared) - killed) / 1e9


def saves(record: Record, subject: Subject) -> None:
    """Save and restore: ``save_time``, ``saved_bytes``, ``restore_time``, and whether it goes on where it was."""
    instance = subject.instance
    if not isinstance(instance, Savable):
        raise UnableError("no engine stands over it that could save its state")
    counted = start_counter(subject)
    record.resolution["restore_time"] = echo(instance.channel, subject.timeout)
    asked = time.monotonic_ns()
    record.metrics["save_time"] = (_save(instance, subject) - asked) / 1e9
    record.metrics["saved_bytes"] = float(instance.saved_bytes())
    instance.channel.send(commands.ping("restored"))
    called = time.monotonic_ns()
    instance.restore()
    record.metrics["restore_time"] = (_pong(instance.channel, "restored", 0, subject.timeout) - called) / 1e9
    if counted is not None:
        record.facts["restored_continues"] = count(instance.channel, subject.timeout) == counted + 1


PARTS: tuple[tuple[tuple[str, ...], Callable[[Record, Subject], None]], ...] = (
    (("exec_latency",), executes),
    (("pause_time", "resume_time"), pauses),
    (("restart_time",), restarts),
    # Last: an engine that fails to save may leave nothing that lives.
    (("save_time", "saved_bytes", "restore_time"), saves),
)
"""The parts in their order, each with the figures that are not applicable where it cannot be carried out."""


def echo(channel: Channel, timeout: float) -> float:
    """Return the seconds of a ping's round trip, the median of some."""
    taken = []
    for place in range(_ECHOES):
        since, asked = channel.mark(), time.monotonic_ns()
        channel.send(commands.ping(f"echo-{place}"))
        taken.append((_pong(channel, f"echo-{place}", since, timeout) - asked) / 1e9)
    return median(taken)


def count(channel: Channel, timeout: float) -> int | None:
    """Have the counter count once more; return what it says, None where there is none any more."""
    before = len(_NUMBER.findall(channel.output(_COUNTER).data()))
    channel.send(commands.signal(_COUNTER, signal.SIGUSR1))
    try:
        channel.wait_output(_COUNTER, re.compile(rb"(?s)(?:^\d+\n.*?){%d}" % (before + 1), re.MULTILINE), timeout)
    except SampleError as error:
        if error.outcome != "timeout":
            raise
        return None
    return int(_NUMBER.findall(channel.output(_COUNTER).data())[before])


def _save(instance: Savable, subject: Subject) -> int:
    """Save it; raises GoneError where the attempt has ended it (gVisor's does, when it cannot write its state)."""
    try:
        return instance.save()
    except UnableError as error:
        try:
            echo(subject.instance.channel, _AFTER)
        except SampleError:
            raise GoneError(error.message) from error
        raise


def start_counter(subject: Subject) -> int | None:
    """Have a counter count once; return 1, or None where the image has no shell to count in."""
    channel = subject.instance.channel
    channel.send(subject.user.run(_COUNTER, _COUNT))
    try:
        channel.wait_output(_COUNTER, _NUMBER, subject.timeout)
    except SampleError as error:
        if error.outcome != "failed":
            raise
        return None
    return count(channel, subject.timeout)


def _ready(channel: Channel, prepared: Prepared) -> int:
    """Return when the workload was ready by its own condition."""
    workload = prepared.workload
    if workload.ready.on == "start":
        return channel.wait(Running, workload.timeout, run_id=MAIN_RUN)[0]
    return channel.wait_output(MAIN_RUN, re.compile((workload.ready.output or "").encode()), workload.timeout)


def _pong(channel: Channel, token: str, since: int, timeout: float) -> int:
    return channel.wait(Pong, timeout, where=lambda pong: pong.token == token, since=since)[0]
