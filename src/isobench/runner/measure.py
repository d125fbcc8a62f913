"""One sample: one instance from request to removed, all its events on the host's monotonic clock."""

from __future__ import annotations

import re
import time
from contextlib import suppress
from typing import Any

from isobench.errors import SampleError
from isobench.guest import commands
from isobench.guest.commands import MAIN_RUN
from isobench.guest.frames import Init, Memory, Running
from isobench.host import facts, memory
from isobench.host.cpus import cpu_list
from isobench.host.noise import throttling
from isobench.images.identity import Identity, identity
from isobench.model import Sample
from isobench.plan import Step
from isobench.runner import figures, jobs
from isobench.runner.probe import PERIOD, ServiceProbe
from isobench.runner.recording import Record, recorded
from isobench.targets.application import instance_of, sizes_of
from isobench.targets.base import Instance, Prepared, Slot, Target

SETTLE = 1.0
"""Seconds after ``ready`` at which memory is read, by definition."""

_GRACE = 8.0
_KEPT = 4096


def measure(session: str, number: int, step: Step, target: Target, prepared: Prepared, slot: Slot) -> Sample:
    """Take one sample. Whatever goes wrong with the instance is its outcome; the instance is gone afterwards."""

    def take(record: Record) -> None:
        if slot.placement.shared:
            record.marks.add("shared-core")
        if prepared.parts:
            # Members share cores and wait for one another: that is no noise.
            record.intended.add("cpu_pressure")
        with instance_of(target, prepared, slot) as instance:
            _live(record, step, instance, prepared, slot)
        record.metrics |= sizes_of(target, prepared)

    return recorded(session, number, step, take)


def _live(record: Record, step: Step, instance: Instance, prepared: Prepared, slot: Slot) -> None:
    user = queue(instance, prepared)
    try:
        has_kernel = start(record, instance, prepared)
        if step.role == "measured":
            settle(record)
            _read_memory(record, instance, "ready")
            _work(record, step, instance, prepared, jobs.Bench(
                instance, prepared, slot, user, placeholders(instance, prepared, slot, record), record.request_ns
            ))  # fmt: skip
            record.at("done")
            _read_memory(record, instance, "done")
            read_account(record, instance)
            record.noise |= throttling(instance.cgroup.path)
        record.facts["rootfs_digest"] = prepared.rootfs.digest
        record.facts["cpuset"] = cpu_list(slot.placement.instance)
        record.facts["memory_limit"] = prepared.workload.resources.memory
        record.facts |= instance.facts()
        end(record, step, instance)
    finally:
        record.output = instance.channel.said(_KEPT).decode("utf-8", "replace")
    record.metrics |= figures.life(record.events, has_kernel=has_kernel)
    if step.ended_by == "kill":
        record.metrics.pop("lifecycle_time", None)


def queue(instance: Instance, prepared: Prepared) -> Identity:
    """Queue the commands that init finds when it comes up: set-up and the workload's own; return whom it runs as."""
    user = identity(prepared.image, prepared.rootfs.tree)
    instance.channel.send(instance.setup() + user.run(MAIN_RUN, prepared.workload.command))
    return user


def start(record: Record, instance: Instance, prepared: Prepared) -> bool:
    """From request to ready, and to service where it serves; return whether the instance has a kernel of its own."""
    workload = prepared.workload
    record.request()
    instance.create()
    record.at("created")
    instance.start()
    record.at("started")
    record.at("running", instance.running_at(workload.timeout))
    kernel_done = instance.kernel_done_at(workload.timeout)
    if kernel_done is not None:
        record.at("kernel_done", kernel_done)
    init_at, init = instance.channel.wait(Init, workload.timeout)
    record.at("init", init_at)
    record.facts["kernel_seen_inside"] = init.kernel
    probe = _probe(instance, prepared)
    if workload.ready.on == "start":
        record.at("ready", instance.channel.wait(Running, workload.timeout, run_id=MAIN_RUN)[0])
    else:
        pattern = re.compile((workload.ready.output or "").encode())
        record.at("ready", instance.channel.wait_output(MAIN_RUN, pattern, workload.timeout))
    if probe:
        record.at("service", probe.wait())
        record.resolution["time_to_service"] = PERIOD
    return kernel_done is not None


def _probe(instance: Instance, prepared: Prepared) -> ServiceProbe | None:
    service = prepared.workload.service
    if service is None:
        return None
    netns = next((w.removeprefix("--net=") for w in instance.client_prefix() if w.startswith("--net=")), None)
    probe = ServiceProbe(instance.address, service, prepared.workload.timeout, netns)
    probe.start()
    return probe


def settle(record: Record) -> None:
    """Wait until memory is read: SETTLE seconds after ``ready``."""
    until = record.request_ns + record.events["ready"] + int(SETTLE * 1e9)
    time.sleep(max(until - time.monotonic_ns(), 0) / 1e9)


def _read_memory(record: Record, instance: Instance, instant: str) -> None:
    read_host(record, instance, instant)
    since = instance.channel.mark()
    instance.channel.send(commands.memory())
    inside = instance.channel.wait(Memory, 10.0, since=since)[1]
    record.metrics[f"guest_available_{instant}"] = float(inside.available)
    if instant == "ready":
        record.metrics["guest_total"] = float(inside.total)


def read_host(record: Record, instance: Instance, instant: str) -> None:
    """Record what the host sees of its memory and disk now."""
    account = instance.cgroup.memory()
    processes = instance.processes()
    found: dict[str, float | None] = {
        "host_pss": memory.pss((*processes.own, *processes.helpers)),
        "cgroup_current": account.current,
        "cgroup_anon": account.anon,
        "cgroup_file": account.file,
        "cgroup_kernel": account.kernel,
    }
    try:
        found["vmm_overhead"] = instance.vmm_overhead()
    except SampleError as error:
        record.absent[f"vmm_overhead_{instant}"] = error.line()
    try:
        found["instance_disk"] = instance.disk_bytes()
    except SampleError as error:
        record.absent[f"instance_disk_{instant}"] = error.line()
    for name, value in found.items():
        if value is None:
            record.absent[f"{name}_{instant}"] = "this kernel does not keep that figure"
        else:
            record.metrics[f"{name}_{instant}"] = float(value)


def placeholders(instance: Instance, prepared: Prepared, slot: Slot, record: Record) -> dict[str, Any]:
    """Return the placeholders that every command may use."""
    workload = prepared.workload
    cache = facts.last_level_cache() or 32 << 20
    # Three arrays must fit beside a guest kernel: where 4 × the cache does not, the sample says so.
    elements = min(4 * cache, workload.resources.memory * 7 // 10 // 3) // 8
    if any("{stream_elements}" in word for job in workload.jobs for word in job.command) and elements * 8 < 4 * cache:
        record.marks.add("in-cache")
    return {
        "vcpus": len(slot.placement.instance),
        "address": instance.address,
        "port": workload.service.port if workload.service else 0,
        "stream_elements": elements,
    }


def _work(record: Record, step: Step, instance: Instance, prepared: Prepared, bench: jobs.Bench) -> None:
    run_id = MAIN_RUN + 1
    for job in prepared.workload.jobs:
        done, mark = jobs.carry_out(bench, job, run_id, step.cell.parameters.length)
        run_id += 2
        record.jobs.append(done)
        record.metrics |= jobs.figures(job, done)
        if mark:
            record.marks.add(mark)
    ratio = figures.worst_clock_ratio([job.clock_ratio for job in record.jobs if job.clock_ratio is not None])
    if ratio is not None:
        record.metrics["clock_ratio"] = ratio
    for done in record.jobs:
        if (off := figures.clock_off(done)) is not None:
            record.fail("clock", f"the guest's clock ran at {off:.4f} of the host's during {done.name}")


def read_account(record: Record, instance: Instance) -> None:
    """Record what its control group has counted."""
    record.metrics["host_io_read"], record.metrics["host_io_written"] = map(float, instance.cgroup.block_io())
    peak = instance.cgroup.memory().peak
    if peak is None:
        record.absent["cgroup_peak"] = "this kernel does not keep that figure"
    else:
        record.metrics["cgroup_peak"] = float(peak)


def end(record: Record, step: Step, instance: Instance) -> None:
    """End the instance as the step says, and remove it."""
    asked = time.monotonic_ns()
    stopped = instance.stop(_GRACE) if step.ended_by == "stop" else instance.kill()
    record.at("stopped", stopped)
    record.metrics |= figures.ending(step.ended_by, asked, stopped)
    with suppress(OSError):
        record.cpu = instance.cgroup.cpu_seconds()
    instance.remove()
    record.at("removed")
