"""``run --disk``: a disk of the user's own in a session, with what cannot stand beside it refused."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from isobench.errors import UsageError

if TYPE_CHECKING:
    from isobench.runner.request import Request
    from isobench.targets.own_vm_disk import OwnDisk

KIND = TARGET = "own-vm"
"""The kind of target that boots such a disk, and the target that a session has unless others are named."""


def from_disk(
    disk: Path, ready: str | None, port: int | None, timeout: float | None, beside: Mapping[str, object]
) -> OwnDisk:
    """Return the workload that --disk brings; ``beside`` holds what else was said, by option. Raises UsageError."""
    from isobench.targets.own_vm_disk import TIMEOUT, own_disk

    for option, given in beside.items():
        if given:
            raise UsageError(
                f"{option} has no meaning for a disk that is booted as it is", where="--disk",
                mend=f"leave out {option}",
            )  # fmt: skip
    return own_disk(disk, ready=ready, port=port, timeout=TIMEOUT if timeout is None else timeout)


def require_disk(request: Request) -> None:
    """Raise UsageError where a target and a workload do not go together: a disk of the user's own, and other things."""
    from isobench.targets.own_vm_disk import OwnDisk

    disks = [workload.name for workload in request.workloads if isinstance(workload, OwnDisk)]
    for spec in request.targets:
        if spec.kind == KIND and not disks:
            raise UsageError(
                "boots a disk of yours", where=spec.name, mend="add --disk image.qcow2 --ready 'regex'"
            )  # fmt: skip
        if spec.kind != KIND and disks:
            raise UsageError(
                f"cannot boot {disks[0]}, a disk of yours", where=spec.name, mend=f"leave out -t {spec.name}"
            )  # fmt: skip
