"""Jobs: bracketed pieces of work, inside the instance or by a client on the host, and the figures they give."""

from __future__ import annotations

import math
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from isobench.errors import SampleError, UsageError
from isobench.guest.frames import Exit, Start
from isobench.host.cpus import cpu_list
from isobench.images.identity import Identity
from isobench.model import Job, JobRecord, MetricSource
from isobench.plain import plain
from isobench.targets.base import Instance, Prepared, Slot
from isobench.workloads import parse

_KEPT = 64 * 1024
_PLACEHOLDER = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Bench:
    """What a job needs to know: the instance, its workload, its slot, its user and the placeholders' values."""

    instance: Instance
    prepared: Prepared
    slot: Slot
    identity: Identity
    values: Mapping[str, int | float | str]
    request_ns: int


def expand(command: tuple[str, ...], values: Mapping[str, int | float | str]) -> tuple[str, ...]:
    """Fill a command's placeholders; raises UsageError on one that nothing gives a value."""

    def value(match: re.Match[str]) -> str:
        if match[1] not in values:
            known = ", ".join(sorted(values))
            raise UsageError(f"nothing gives {match[0]} in the command a value", mend=f"known: {known}")
        return str(values[match[1]])

    return tuple(_PLACEHOLDER.sub(value, word) for word in command)


def carry_out(bench: Bench, job: Job, run_id: int, length: str) -> tuple[JobRecord, str | None]:
    """Do one job; return its record and, when its command had to be repeated otherwise, the sample's mark."""
    values = {**bench.values, **job.lengths.get(length, {})}  # type: ignore[call-overload]
    words = expand(job.command, values)
    work = float(values[job.work]) if job.work else None
    record = _once(bench, job, words, run_id, work)
    mark = None
    if record.exit_status != 0 and job.repeat_with:
        record, mark = _once(bench, job, (*words, *job.repeat_with), run_id + 1, work), job.mark_repeated
    if record.exit_status != 0:
        said = plain(" | ".join(record.output.rstrip().split("\n")[-4:])[-300:])
        raise SampleError("failed", f"{words[0]} {_ending(record.exit_status)}: {said}", where=job.name)
    return record, mark


def _ending(status: int) -> str:
    """Return in words how a program ended; both a shell's 128 + N and Python's -N stand for signal N."""
    number = status - 128 if status > 128 else -status
    if number == signal.SIGKILL:
        return "was killed (SIGKILL), as the kernel does when memory runs out"
    return f"ended with status {status}"


def _once(bench: Bench, job: Job, words: tuple[str, ...], run_id: int, work: float | None) -> JobRecord:
    before = bench.instance.cgroup.cpu_seconds()
    inside = job.on == "instance"
    record = _inside(bench, job, words, run_id) if inside else _on_host(bench, job, words)
    return replace(record, host_cpu=bench.instance.cgroup.cpu_seconds() - before, work=work)


def _inside(bench: Bench, job: Job, words: tuple[str, ...], run_id: int) -> JobRecord:
    channel = bench.instance.channel
    channel.send(bench.identity.run(run_id, words))
    try:
        started_at, started = channel.wait(Start, job.timeout, run_id=run_id)
        ended_at, ended = channel.wait(Exit, job.timeout, run_id=run_id)
    except SampleError as error:
        lack = {"timeout": f"did not end within {job.timeout:g} s", "died": "the instance died before it ended"}
        raise SampleError(error.outcome, lack.get(error.outcome, error.message), where=job.name) from error
    output = channel.output(run_id)
    return JobRecord(
        name=job.name,
        command=words,
        start=(started_at - bench.request_ns) / 1e9,
        end=(ended_at - bench.request_ns) / 1e9,
        exit_status=128 + ended.code if ended.signaled else ended.code,
        guest_elapsed=(ended.guest_ns - started.guest_ns) / 1e9,
        output=output.data()[-_KEPT:].decode("utf-8", "replace"),
    )


def _on_host(bench: Bench, job: Job, words: tuple[str, ...]) -> JobRecord:
    pinned = ("taskset", "--cpu-list", cpu_list(bench.slot.placement.harness))
    if job.on == "loadgen":
        tool: tuple[str, ...] = (sys.executable, "-m", f"isobench.loadgen.{words[0]}", *words[1:])
    else:
        tool = _rooted(bench.prepared.rootfs.tree, words)
    # A file, so that an image's client that never stops printing fills no memory of the harness.
    with tempfile.TemporaryFile() as said:
        start = time.monotonic_ns()
        try:
            done = subprocess.run(
                [*bench.instance.client_prefix(), *pinned, *tool],
                stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT, timeout=job.timeout, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise SampleError("timeout", f"the client did not end within {job.timeout:g} s", where=job.name) from None
        end = time.monotonic_ns()
        said.seek(max(said.seek(0, os.SEEK_END) - _KEPT, 0))
        output = said.read().decode("utf-8", "replace")
    return JobRecord(
        name=job.name,
        command=words,
        start=(start - bench.request_ns) / 1e9,
        end=(end - bench.request_ns) / 1e9,
        exit_status=done.returncode,
        output=output,
    )


def _rooted(tree: Path, words: tuple[str, ...]) -> tuple[str, ...]:
    """Return the command that runs ``words`` in a root file system, its temporary files in memory."""
    temporary = tree / "tmp"
    if temporary.is_symlink() or not temporary.is_dir():
        return ("chroot", str(tree), *words)
    # The tree is the cache's, and what native's instances lie over: a client leaves no file in it, not for a moment.
    return (
        "unshare", "--mount", "sh", "-c", 'mount -t tmpfs -o mode=1777 isobench "$0/tmp" && exec chroot "$0" "$@"',
        str(tree), *words,
    )  # fmt: skip


def figures(job: Job, record: JobRecord) -> dict[str, float]:
    """Return the metrics that a job's definition reads from its record; raises SampleError ``rubbish``."""
    found: dict[str, float] = {}
    for source in job.metrics:
        if not math.isfinite(scaled := _figure(source, job, record) * source.scale):
            raise SampleError("rubbish", f"{source.name} is {scaled}", where=job.name)
        found[source.name] = scaled
    return found


def _figure(source: MetricSource, job: Job, record: JobRecord) -> float:
    work = record.work or math.nan
    if source.kind == "host_cpu":
        return (record.host_cpu or 0.0) / work
    if source.kind not in ("rate", "time"):
        return parse.figure(record.output, source.kind, source.expression)
    if record.elapsed <= 0:
        raise SampleError("rubbish", f"start and end came together: no {source.kind}", where=job.name)
    return work / record.elapsed if source.kind == "rate" else record.elapsed / work
