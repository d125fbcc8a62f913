"""``isolation``: what an instance sees and reaches of its host and of its neighbour, by attempts from inside."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
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
from isobench.targets.kind import kinds

REFUSED = {1, 13, 38}
"""EPERM, EACCES and ENOSYS: a filter or a missing capability stood in the way, or the kernel has no such call."""
ALONE = "two of its instances cannot live at once"
_KEPT = 4096


class IsolationStudy:
    """One instance tries what it can; a second one beside it has a secret in its memory."""

    summary = "what an instance sees and reaches of its host and of its neighbour, by attempts from inside"
    workloads = ("idle",)
    companions = ()
    samples = 1
    lives = 4.0
    settings: Settings = ()
    in_full = True

    def unsuitable(self, spec: TargetSpec, workload: Workload) -> str | None:
        """Return None: all of it can be tried anywhere."""
        return None

    def take(self, record: Record, step: Step, stage: Stage) -> None:
        """Fill the record of one sample with facts."""
        prepared = stage.prepared
        slot = stage.slot(prepared.workload)
        # The attempt on its cores is to wait for them: that is no noise.
        record.intended.add("cpu_pressure")
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
                beside = 0.0
                if kinds()[stage.target.spec.kind].traits.several:
                    beside = readable(record, attempts, stage)
                else:
                    record.absent["neighbour_memory_readable"] = ALONE
                limits = prove(stage, instance, slot, attempts)
                record.facts["limits_hold"] = limits.hold
                record.facts["limits_tried"] = ", ".join(
                    name if held else f"{name} (does not hold)" for name, held in limits.held.items()
                )
                record.at("done")
                if limits.alive:
                    end(record, step, instance)
                    record.cpu = (record.cpu or 0.0) + beside
            finally:
                record.output = instance.channel.said(_KEPT).decode("utf-8", "replace")
        if not limits.alive:
            record.at("removed")


def look(record: Record, instance: Instance, attempts: Attempts) -> None:
    """Put into a record what the instance sees from inside, and which system calls are answered."""
    with _marked() as marker:
        seen = attempts.make("look", marker)
    facts = record.facts
    facts["same_kernel"] = same = _same_kernel(dict(seen))
    # The first namespace of every kernel has the same number, so it tells only on one's own kernel.
    facts["own_pid_namespace"] = not same or value(seen, "pid_namespace") != str(Path("/proc/self/ns/pid").readlink())
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
        return _found(instance, marker) is not None
    finally:
        attempts.end(run, signal.SIGKILL)


def readable(record: Record, attempts: Attempts, stage: Stage) -> float:
    """Let the instance read a secret in the memory of another one beside it, in any way that there is.

    Facts ``neighbour_memory_readable``, ``neighbour_memory_tried``. Return the CPU seconds that the other one took.
    """
    secret, marker = secrets.token_hex(16), secrets.token_hex(8)
    with stage.target.instance(stage.prepared, stage.slot(stage.prepared.workload)) as neighbour:
        queue(neighbour, stage.prepared)
        start(Record(), neighbour, stage.prepared)
        holder = Attempts(neighbour.channel)
        run = holder.begin("hold", secret, marker)
        holder.await_word(run, "address")
        address = value(holder.said(run), "address")
        pid = _found(neighbour, marker)
        tried = attempts.make("steal", marker, address, f"{physical(pid, int(address, 16)) if pid else 0:x}")
        computed = neighbour.cgroup.cpu_seconds()
    ways = [way for way, text in tried if secret in text]
    record.facts["neighbour_memory_readable"] = bool(ways)
    told = [f"{way} ({'read it' if way in ways else text.removeprefix('- ')})" for way, text in tried if way != "seen"]
    seen = "" if value(tried, "seen") == "1" else "; its process is not seen"
    record.facts["neighbour_memory_tried"] = ", ".join(told) + seen
    return computed


def physical(pid: int, address: int) -> int:
    """Return where in the machine's memory an address of a host's process lies, 0 where the kernel does not tell."""
    page = os.sysconf("SC_PAGE_SIZE")
    with Path(f"/proc/{pid}/pagemap").open("rb") as pages:
        pages.seek(address // page * 8)
        entry = int.from_bytes(pages.read(8), sys.byteorder)
    frame = entry & ((1 << 55) - 1)
    return frame * page + address % page if entry >> 63 and frame else 0


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


def _found(instance: Instance, marker: str) -> int | None:
    """Return the host's number of a process of the instance that has the marker among its words, None for none."""
    for pid in instance.cgroup.pids():
        try:
            if marker.encode() in Path(f"/proc/{pid}/cmdline").read_bytes():
                return pid
        except OSError:
            continue  # it has ended meanwhile
    return None


STUDY = IsolationStudy()
