"""``life``: what becomes of an instance after it is ready: paused, killed and restarted, saved and restored, ended."""

from __future__ import annotations

from isobench.host.cpus import cpu_list
from isobench.model import TargetSpec, Workload
from isobench.plan import Step
from isobench.runner.measure import end, queue, start
from isobench.runner.recording import Record
from isobench.studies.life_parts import PARTS, Subject
from isobench.studies.study import Stage
from isobench.targets.abilities import GoneError, Restartable, UnableError

_KEPT = 4096


class LifeStudy:
    """One instance goes through all that its engine can do with it, and is stopped or killed in the end."""

    summary = "run a command inside, pause and resume, SIGKILL and restart, save and restore, stop or kill"
    workloads = ("idle",)
    companions = ()
    samples = 6
    lives = 6.0
    settings = ()
    in_full = True

    def unsuitable(self, spec: TargetSpec, workload: Workload) -> str | None:
        """Return None: each figure says for itself where it has no meaning."""
        return None

    def take(self, record: Record, step: Step, stage: Stage) -> None:
        """Fill the record of one sample."""
        prepared = stage.prepared
        slot = stage.slot(prepared.workload)
        if slot.placement.shared:
            record.marks.add("shared-core")
        with stage.target.instance(prepared, slot) as instance:
            try:
                if isinstance(instance, Restartable):
                    record.facts["restarted_by"] = instance.supervise()
                user = queue(instance, prepared)
                start(record, instance, prepared)
                record.facts["rootfs_digest"] = prepared.rootfs.digest
                record.facts["cpuset"] = cpu_list(slot.placement.instance)
                record.facts["memory_limit"] = prepared.workload.resources.memory
                record.facts |= instance.facts()
                lives = go_through(record, Subject(instance, prepared, user))
                record.at("done")
                if lives:
                    end(record, step, instance)
            finally:
                record.output = instance.channel.said(_KEPT).decode("utf-8", "replace")
        if not lives:
            record.at("removed")


def go_through(record: Record, subject: Subject) -> bool:
    """Take every part's figures, or the reasons why they cannot be had; return whether the instance still lives."""
    for names, part in PARTS:
        try:
            part(record, subject)
        except UnableError as error:
            record.absent |= {name: error.line() for name in names if name not in record.metrics}
            if isinstance(error, GoneError):
                return False
    return True


STUDY = LifeStudy()
