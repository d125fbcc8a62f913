"""Startup and life cycle: seconds between two events on the host's monotonic clock."""

from __future__ import annotations

from isobench.model.metric import Metric

SPANS: dict[str, tuple[str, str]] = {
    "time_to_ready": ("request", "ready"),
    "time_to_service": ("request", "service"),
    "time_to_init": ("request", "init"),
    "create_time": ("request", "created"),
    "start_time": ("request", "started"),
    "phase_engine": ("request", "running"),
    "phase_kernel": ("running", "kernel_done"),
    "phase_initramfs": ("kernel_done", "init"),
    "phase_userspace": ("init", "ready"),
    "remove_time": ("stopped", "removed"),
    "lifecycle_time": ("request", "removed"),
}
"""The two events whose distance is the metric; a container's user space begins at ``running`` (it has no kernel
of its own to wait for), see ``isobench.runner.figures``."""

PHASES = ("phase_engine", "phase_kernel", "phase_initramfs", "phase_userspace")
"""The phases whose sum is ``time_to_ready``."""


def _seconds(name: str, definition: str, source: str) -> Metric:
    return Metric(
        name=name,
        unit="s",
        direction="lower",
        family="startup",
        scope="host",
        instant="life",
        definition=definition,
        source=source,
        relevant_effect=0.05,
        floor=0.005,
    )


STARTUP: tuple[Metric, ...] = (
    _seconds(
        "time_to_ready",
        "request → ready: the first bytes after the workload's own ready condition. The headline startup figure.",
        "Kata metrics (to workload); Middleware'21",
    ),
    _seconds(
        "time_to_service",
        "request → first correct application reply on the instance's own address; a fresh non-blocking connect "
        "every 2 ms at most, the period stored as the resolution.",
        "isobench; the only figure that needs tries",
    ),
    _seconds(
        "time_to_init",
        "request → first byte of the injected init in the workload's root file system (after switch_root in a VM, "
        "PID 1 in a container).",
        "Firecracker 'to /sbin/init'; LightVM; qboot",
    ),
    _seconds("create_time", "request → created: container create returned; domain defined.", "control planes"),
    _seconds("start_time", "request → started: the engine's start call returned.", "control planes"),
    _seconds(
        "phase_engine",
        "request → running. VM: the engine's own event that vCPUs run. Container and native: the injected PID 1's "
        "first action reached the host (it connected to the channel), before it wrote a byte.",
        "phases sum to time_to_ready",
    ),
    _seconds(
        "phase_kernel",
        "running → first byte of the initramfs's init; firmware and kernel. VMs only.",
        "qboot",
    ),
    _seconds("phase_initramfs", "kernel_done → init: modules, root mount, switch_root. VMs only.", "qboot"),
    _seconds("phase_userspace", "init (containers: running) → ready: the workload's own start.", "phases sum to it"),
    _seconds(
        "stop_time",
        "graceful stop: the request to stop → stopped. Container: the engine's stop (SIGTERM to PID 1, which passes "
        "it on); VM: the injected agent ends the workload, syncs and powers off. Only samples that end so.",
        "docker stop; libvirt shutdown in agent mode",
    ),
    _seconds(
        "kill_time",
        "SIGKILL (docker kill, virDomainDestroy, kill) → stopped. Only samples that end so: blocks alternate.",
        "docker kill; virDomainDestroy",
    ),
    _seconds("remove_time", "stopped → removed: nothing of the instance is left.", "control planes"),
    _seconds(
        "lifecycle_time",
        "request → removed of samples that stopped gracefully, the workload's jobs and the settling second included.",
        "pytest-benchmark rounds",
    ),
)
