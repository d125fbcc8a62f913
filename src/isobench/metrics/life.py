"""Life and state: what becomes of an instance after it is ready, in seconds on the host's clock and in bytes."""

from __future__ import annotations

from isobench.model.metric import Metric


def _seconds(name: str, definition: str, source: str) -> Metric:
    return Metric(
        name=name,
        unit="s",
        direction="lower",
        family="life",
        scope="host",
        instant="life",
        definition=definition,
        source=source,
        relevant_effect=0.05,
        floor=0.005,
    )


_REPLY = "the call → the reply to a ping that was queued on the channel before; an echo's round trip is the resolution."

LIFE: tuple[Metric, ...] = (
    _seconds(
        "exec_latency",
        "host request → first byte of a command (echo) run inside; the median of five. Container: the engine's exec; "
        "VM and native: isobench's init, asked over the channel.",
        "docker exec; libvirt's guest agent",
    ),
    _seconds(
        "pause_time",
        "the call to pause → the engine's own event (docker pause; virDomainSuspend).",
        "docker pause; virDomainSuspend",
    ),
    _seconds("resume_time", f"Resumed after a pause: {_REPLY}", "docker unpause; virDomainResume"),
    _seconds(
        "save_time",
        "the call to save → the engine's own event: the state is on the host's disk and the instance off (docker "
        "checkpoint create; virDomainSave).",
        "CRIU; virDomainSave; Firecracker's test_snapshot",
    ),
    _seconds("restore_time", f"Restored from the saved state: {_REPLY}", "docker start --checkpoint; virDomainRestore"),
    Metric(
        name="saved_bytes",
        unit="B",
        direction="lower",
        family="life",
        scope="host",
        instant="life",
        definition="Bytes allocated for the saved state: memory and devices; a VM's disks come on top.",
        source="virDomainSave; docker checkpoint",
        relevant_effect=0.05,
        floor=1 << 20,
    ),
    _seconds(
        "restart_time",
        "SIGKILL to the instance's process on the host → ready again. Container: the engine's restart policy, its "
        "back-off inside the figure; VM: isobench's own handler of libvirt's event starts the domain again. The "
        "sample's fact restarted_by says so.",
        "docker run --restart; libvirt's on_crash, which answers a guest's crash only",
    ),
)
