"""``isolation``: what an instance sees and reaches of its host and of its neighbour, by attempts from inside."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from isobench.host.cpus import cpu_list
from isobench.model import Settings, TargetSpec, Workload
from isobench.plan import Step
from isobench.runner.measure import end, queue, start
from isobench.runner.recording import Record
from isobench.studies.attempts import Attempts, value, values
from isobench.studies.limits import prove
from isobench.studies.study import Stage
from isobench.targets.base import Instance

REFUSED = {1, 13, 38}
"""EPERM, EACCES and ENOSYS: a filter or a missing capability stood in the way, or the kernel has no such call."""
_KEPT = 4096


class IsolationStudy:
    """One instance tries what it can; a second one beside it has a secret in its memory."""

    summary = "what an instance sees and reaches of its host and of its neighbour, by attempts from inside"
    workloads = ("idle",)
    companions = ()
    samples = 1
    settings: Settings = ()
    in_full = True

    def unsuitable(self, spec: TargetSpec, workload: Workload) -> str | None:
        """Return None: all of it can be tried anywhere."""
        return None

    def take(self, record: Record, step: Step, stage: Stage) -> None:
        """Fill the record of one sample with facts."""
        prepared = stage.prepared
        slot = stage.slot(prepared.workload)
        with stage.target.instance(prepared, slot) as instance:
            try:
                queue(instance, prepared)
                start(record, instance, prepared)
                record.facts["rootfs_digest"] = prepared.rootfs.digest
                record.facts["cpuset"] = cpu_list(slot.placement.instance)
                record.facts["memory_limit"] = prepared.workload.resources.memory
                record.facts |= instance.facts()
                attempts = Attempts(instance.channel)
                look(record, instance, attempts)
                record.facts["host_can_list_processes"] = listed(instance, attempts)
                record.facts["neighbour_memory_readable"] = readable(attempts, stage)
                limit = stage.target.spec.options.get("pids_limit")
                limits = prove(
                    attempts, instance, slot, prepared.workload.resources.memory, int(limit) if limit else None
                )
                record.facts["limits_hold"] = limits.hold
                record.facts["limits_tried"] = ", ".join(
                    name if held else f"{name} (does not hold)" for name, held in limits.held.items()
                )
                record.at("done")
                if limits.alive:
                    end(record, step, instance)
            finally:
                record.output = instance.channel.said(_KEPT).decode("utf-8", "replace")
        if not limits.alive:
            record.at("removed")


def look(record: Record, instance: Instance, attempts: Attempts) -> None:
    """Put into a record what the instance sees from inside, and which system calls are answered."""
    with _marked() as marker:
        seen = attempts.make("look", marker)
    facts = record.facts
    facts["same_kernel"] = _same_kernel(dict(seen))
    facts["own_pid_namespace"] = value(seen, "parent") == "1"
    others = int(value(seen, "processes")) - len(instance.cgroup.pids()) if value(seen, "marker") == "1" else 0
    facts["host_processes_visible"] = others
    facts["devices_visible"] = int(value(seen, "devices"))
    held = int(value(seen, "capabilities"), 16)
    facts["capabilities"], facts["capabilities_held"] = held.bit_count(), f"{held:x}"
    calls = [call.split() for call in values(attempts.make("syscalls"), "syscall")]
    facts["syscalls_tried"] = len(calls)
    facts["syscalls_allowed"] = sum(int(number) not in REFUSED for _, number in calls)
    facts["syscalls_refused"] = " ".join(name for name, number in calls if int(number) in REFUSED)


def listed(instance: Instance, attempts: Attempts) -> bool:
    """Return whether the host finds a process of the instance by itself, by the words it was started with."""
    marker = secrets.token_hex(8)
    run = attempts.begin("hold", "nothing", marker)
    try:
        lines = (_words(pid) for pid in instance.cgroup.pids())
        return any(marker.encode() in line for line in lines)
    finally:
        attempts.end(run, signal.SIGKILL)


def readable(attempts: Attempts, stage: Stage) -> bool:
    """Return whether the instance reads a secret in the memory of another one beside it, in any way that there is."""
    secret, marker = secrets.token_hex(16), secrets.token_hex(8)
    with stage.target.instance(stage.prepared, stage.slot(stage.prepared.workload)) as neighbour:
        queue(neighbour, stage.prepared)
        start(Record(), neighbour, stage.prepared)
        holder = Attempts(neighbour.channel)
        run = holder.begin("hold", secret, marker)
        holder.await_word(run, "address")
        found = attempts.make("steal", marker, value(holder.said(run), "address"))
    return any(secret in text for _, text in found)


def _same_kernel(seen: dict[str, str]) -> bool:
    """Return whether it runs on the host's kernel: the same release, and the same boot of it where that can be read."""
    booted = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return seen.get("release") == os.uname().release and seen.get("boot_id", booted) == booted


@contextmanager
def _marked() -> Iterator[str]:
    """Have a process on the host that can be told from all others by its words."""
    marker = f"isobench-{secrets.token_hex(8)}"
    with subprocess.Popen([marker, "600"], executable="/bin/sleep", stdin=subprocess.DEVNULL) as process:
        try:
            yield marker
        finally:
            process.kill()


def _words(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


STUDY = IsolationStudy()
