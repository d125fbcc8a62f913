"""``volume``: whether what an instance wrote to its volume is there for the next one, when the first is gone."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from isobench.errors import SampleError
from isobench.guest.frames import Exit
from isobench.host.cpus import cpu_list
from isobench.images.identity import Identity
from isobench.model import Settings, TargetSpec, Workload
from isobench.plan import Step
from isobench.runner.measure import end, queue, start
from isobench.runner.recording import Record
from isobench.studies.study import Stage
from isobench.targets.abilities import Stores
from isobench.targets.base import Instance, Slot

_RUN = 1000
_PATIENCE = 30.0
_KEPT = 4096


class VolumeStudy:
    """Two instances one after the other on one volume: the first writes, is ended and removed, the second reads."""

    summary = "whether what an instance wrote to its volume is there for the next one, when the first is gone"
    workloads = ("disk",)
    companions = ()
    samples = 1
    lives = 2.0
    settings: Settings = ()
    in_full = True

    def unsuitable(self, spec: TargetSpec, workload: Workload) -> str | None:
        """Return why not: a workload without a volume has nothing to keep."""
        return None if workload.volume else "it has no volume"

    def take(self, record: Record, step: Step, stage: Stage) -> None:
        """Fill the record with the fact ``volume_outlives``; where a target has no such volume, with the reason."""
        prepared = stage.prepared
        slot, volume = stage.slot(prepared.workload), prepared.workload.volume
        record.facts["rootfs_digest"] = prepared.rootfs.digest
        record.facts["cpuset"] = cpu_list(slot.placement.instance)
        record.facts["memory_limit"] = prepared.workload.resources.memory
        if volume is None or not isinstance(stage.target, Stores):
            record.request()
            record.at("removed")
            record.absent["volume_outlives"] = "its instances take no volume that was there before them"
            return
        file, token = f"{volume.path}/isobench-kept", secrets.token_hex(8)
        with stage.target.volume(prepared, slot) as kept:
            with _living(record, stage, replace(slot, volume=kept)) as (instance, user):
                record.facts |= instance.facts()
                # Told as done only when it is on the volume: what ends the instance may be SIGKILL.
                _said(instance, user, ["sh", "-c", 'echo "$2" > "$1" && sync', "sh", file, token])
                end(record, step, instance)
            later = Record()
            with _living(later, stage, replace(stage.slot(prepared.workload), volume=kept)) as (instance, user):
                record.facts["volume_outlives"] = token in _said(
                    instance, user, ["sh", "-c", 'cat "$1" 2> /dev/null || true', "sh", file]
                )
                end(later, step, instance)
            record.cpu = (record.cpu or 0.0) + (later.cpu or 0.0)


@contextmanager
def _living(record: Record, stage: Stage, slot: Slot) -> Iterator[tuple[Instance, Identity]]:
    with stage.target.instance(stage.prepared, slot) as instance:
        try:
            user = queue(instance, stage.prepared)
            start(record, instance, stage.prepared)
            yield instance, user
        finally:
            record.output = instance.channel.said(_KEPT).decode("utf-8", "replace")


def _said(instance: Instance, user: Identity, words: Sequence[str]) -> str:
    """Return what a command printed inside; raises SampleError where it failed."""
    instance.channel.send(user.run(_RUN, words))
    _, ended = instance.channel.wait(Exit, _PATIENCE, run_id=_RUN)
    if ended.signaled or ended.code:
        raise SampleError("failed", f"{' '.join(words)}: ended with {ended.code}")
    return instance.channel.output(_RUN).data().decode("utf-8", "replace")


STUDY = VolumeStudy()
