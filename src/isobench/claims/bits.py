"""Rules about state, images, volumes and applications of several."""

from __future__ import annotations

from isobench.claims.claim import Verdict, contradicted, qualified, supported, undecidable
from isobench.claims.evidence import CONTAINER, VMS, Evidence

NESTED = "nested"


def state_moves(evidence: Evidence) -> Verdict:
    """State is stopped, saved and goes on: a restored instance has to count on in memory."""
    able = [name for name in (*VMS, CONTAINER) if evidence.values(name, "restore_time")]
    goes_on = [name for name in able if evidence.fact(name, "restored_continues") is True]
    refused = {name: why for name in (CONTAINER, *VMS) if (why := evidence.reason(name, "save_time"))}
    if not able and not refused:
        return undecidable("nothing was saved: isobench run --study life -t docker -t vm-micro")
    if not goes_on:
        name = able[0] if able else next(iter(refused))
        return contradicted(f"{name}: {refused.get(name, 'what was restored did not go on where it was')}")
    words = f"{', '.join(goes_on)} was saved and went on counting in memory where it was"
    if refused:
        name, why = next(iter(refused.items()))
        return qualified(f"{words}; {name} cannot be saved here: {why}")
    return supported(words)


def runs_anywhere(evidence: Evidence) -> Verdict:
    """The same image ran natively, in a container, in a VM and as a container in a VM: by its digest in each sample."""
    digests = evidence.facts("rootfs_digest")
    places = [name for name in ("native", CONTAINER, *VMS, NESTED) if name in digests]
    if NESTED not in places:
        return undecidable("no container was run in a VM: isobench run -t docker -t nested")
    failed = evidence.meta.get("unavailable", {})
    same = {
        workload
        for workload in {sample.cell.workload for sample in evidence.by_target[NESTED]}
        if _alike(evidence, workload, (CONTAINER, NESTED))
    }
    if not same:
        return contradicted("the image that ran in the VM was another than the container's")
    words = f"the same image ({len(same)} workload(s), by digest) ran on {', '.join(places)}"
    if NESTED in failed or CONTAINER not in places:
        return qualified(f"{words}; there was no container outside to compare it with")
    return supported(words)


def digest_and_tags(evidence: Evidence) -> Verdict:
    """An image is known by its digest: every target's samples of a workload carry one and the same."""
    images = evidence.meta.get("images")
    if not isinstance(images, dict) or not images:
        return undecidable("this session tells of no image")
    named = {name: table for name, table in images.items() if isinstance(table, dict)}
    if bad := [name for name, table in named.items() if not str(table.get("image", "")).startswith("sha256:")]:
        return contradicted(f"{', '.join(sorted(bad))} has no digest")
    workloads = {sample.cell.workload for sample in evidence.samples if sample.facts.get("rootfs_digest")}
    apart = sorted(name for name in workloads if not _alike(evidence, name, tuple(evidence.by_target)))
    words = f"{len(named)} image(s), each with a digest of its contents"
    if apart:
        return contradicted(f"{', '.join(apart)} had other contents on other targets")
    if not workloads:
        return qualified(f"{words}; no sample tells which contents it saw")
    return supported(f"{words}; every target's samples name the same contents. A tag is a name that may move")


def volume_outlives(evidence: Evidence) -> Verdict:
    """A volume outlives its container: as a sample's fact ``volume_outlives`` tells, of containers and VMs."""
    facts = evidence.facts("volume_outlives")
    if not facts:
        return undecidable("no volume was tried: isobench run --study volume -t docker -t vm-micro")
    if lost := sorted(name for name, kept in facts.items() if not kept):
        kept = sorted(set(facts) - set(lost))
        words = f"{', '.join(lost)} lost what was on its volume"
        return qualified(f"{words}, {', '.join(kept)} kept it") if kept else contradicted(words)
    return supported(f"what {', '.join(sorted(facts))} wrote to its volume was there after it was gone")


def compose(evidence: Evidence) -> Verdict:
    """Compose builds an application of several: one of two services was ready, and its front answered."""
    tables = evidence.meta.get("workloads")
    several = {
        name for name, table in (tables.items() if isinstance(tables, dict) else ())
        if isinstance(table, dict) and table.get("members")
    }  # fmt: skip
    ran = [sample for sample in evidence.samples if sample.cell.workload in several]
    if not ran:
        return undecidable("no application of several was run: isobench run -w flask-redis")
    served = sorted({sample.cell.target for sample in ran if "service" in sample.events})
    started = sorted({sample.cell.target for sample in ran})
    words = f"{', '.join(sorted({sample.cell.workload for sample in ran}))}"
    if not served:
        return contradicted(f"{words} started on {', '.join(started)} and never answered")
    if served != started:
        return qualified(f"{words} answered on {', '.join(served)} only")
    return supported(f"{words} answered on {', '.join(served)}")


def _alike(evidence: Evidence, workload: str, targets: tuple[str, ...]) -> bool:
    """Return whether all samples of a workload on these targets saw one and the same root file system."""
    seen = {
        sample.facts["rootfs_digest"]
        for target in targets
        for sample in evidence.by_target.get(target, ())
        if sample.cell.workload == workload and sample.facts.get("rootfs_digest")
    }
    return len(seen) == 1
