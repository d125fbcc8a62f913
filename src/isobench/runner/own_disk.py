"""One sample of a machine that isobench has no init in: its startup, memory and end, seen from outside."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import cast

from isobench.errors import SampleError
from isobench.host.cpus import cpu_list
from isobench.host.noise import throttling
from isobench.model import Sample
from isobench.plan import Step
from isobench.runner import figures
from isobench.runner.measure import end, read_account, read_host, settle
from isobench.runner.probe import PERIOD
from isobench.runner.recording import Record, recorded
from isobench.targets.base import Prepared, Slot, Target
from isobench.targets.own_vm import OwnInstance

_KEPT = 4096
_SILENT = "isobench has no init in a disk of the user's own"
_ABSENT = ("time_to_init", "phase_kernel", "phase_initramfs", "phase_userspace", "guest_total",
           "guest_available_ready", "guest_available_done", "clock_ratio")  # fmt: skip
"""What only the inside can tell."""


def measure(session: str, number: int, step: Step, target: Target, prepared: Prepared, slot: Slot) -> Sample:
    """Take one sample. Whatever goes wrong with the instance is its outcome; the instance is gone afterwards."""

    def take(record: Record) -> None:
        if slot.placement.shared:
            record.marks.add("shared-core")
        with target.instance(prepared, slot) as instance:
            _live(record, step, cast(OwnInstance, instance), prepared, slot)
        record.metrics |= target.sizes(prepared)

    return recorded(session, number, step, take)


def _live(record: Record, step: Step, instance: OwnInstance, prepared: Prepared, slot: Slot) -> None:
    try:
        _start(record, instance, prepared)
        if step.role == "measured":
            settle(record)
            read_host(record, instance, "ready")
            record.at("done")
            read_host(record, instance, "done")
            read_account(record, instance)
            record.noise |= throttling(instance.cgroup.path)
        record.absent |= dict.fromkeys(_ABSENT, _SILENT)
        record.facts |= {
            "rootfs_digest": prepared.rootfs.digest,
            "cpuset": cpu_list(slot.placement.instance),
            "memory_limit": prepared.workload.resources.memory,
            **instance.facts(),
        }
        _end(record, step, instance)
    finally:
        record.output = instance.console.text()[-_KEPT:]
    record.metrics |= figures.life(record.events, has_kernel=True)
    if step.ended_by == "kill" or "stop_time" in record.absent:
        record.metrics.pop("lifecycle_time", None)


def _start(record: Record, instance: OwnInstance, prepared: Prepared) -> None:
    record.request()
    instance.create()
    record.at("created")
    instance.start()
    record.at("started")
    record.at("running", instance.running_at(prepared.workload.timeout))
    for event, at_ns in instance.ready_at(prepared.workload.timeout).items():
        record.at(event, at_ns)
    if "service" in record.events:
        record.resolution["time_to_service"] = PERIOD


def _end(record: Record, step: Step, instance: OwnInstance) -> None:
    """End it as the step says. A guest that does not heed its power button is no failure: it is killed, and said so."""
    try:
        end(record, step, instance)
    except SampleError as error:
        if step.ended_by != "stop" or error.outcome != "timeout":
            raise
        record.absent["stop_time"] = "the guest did not power off at its ACPI power button"
        record.metrics |= figures.ending("kill", time.monotonic_ns(), instance.kill())
        with suppress(OSError):
            record.cpu = instance.cgroup.cpu_seconds()
        instance.remove()
        record.at("removed")
