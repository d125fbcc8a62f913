"""Rules about what stands between instances, and between an instance and its host."""

from __future__ import annotations

from isobench.claims.claim import Verdict, contradicted, qualified, supported, undecidable
from isobench.claims.evidence import CONTAINER, VMS, Evidence
from isobench.metrics.isolation import HOGS

NOTICED = 1.1
"""A slow-down of a tenth: the registry's relevant effect of neighbour_slowdown."""
_NOT_TRIED = "isobench run --study isolation -t docker -t vm-micro"


def shared_kernel(evidence: Evidence) -> Verdict:
    """Containers see the host's kernel: qualified where a container's runtime brings one of its own."""
    facts = evidence.facts("same_kernel")
    if CONTAINER not in facts:
        return undecidable(f"no container was asked for its kernel: {_NOT_TRIED}")
    if not facts[CONTAINER]:
        return contradicted("a container of docker saw another kernel than the host's")
    own = sorted(name for name, same in facts.items() if not same and name not in VMS)
    words = "a container of docker sees the very boot of the host's kernel"
    if vms := [name for name in VMS if facts.get(name) is False]:
        words += f", {', '.join(vms)} another one"
    if own := [name for name in own if name.startswith(("docker", "podman"))]:
        return qualified(f"{words}; but {', '.join(own)} has a kernel of its own")
    return supported(words)


def out_of_reach(evidence: Evidence) -> Verdict:
    """Containers cannot reach each other: memory unread, processes unseen, limits held, all tried from inside."""
    read, held = evidence.facts("neighbour_memory_readable"), evidence.facts("limits_hold")
    if CONTAINER not in read or CONTAINER not in held:
        return undecidable(f"nobody tried: {_NOT_TRIED}")
    if read[CONTAINER] or not held[CONTAINER]:
        what = "read its neighbour's memory" if read[CONTAINER] else "went beyond its limits"
        return contradicted(f"a container of docker {what}")
    seen = evidence.fact(CONTAINER, "host_processes_visible") or 0
    words = "a container of docker did not read its neighbour's memory, and its limits of cores and memory held"
    opened = sorted(name for name, yes in read.items() if yes)
    if opened:
        return qualified(f"{words}; {', '.join(opened)} did read it: it depends on how a container is started")
    return qualified(f"{words}; it sees {seen} processes of the host") if seen else supported(words)


def managed_one_by_one(evidence: Evidence) -> Verdict:
    """The host finds a container's processes among its own, and a VM's it does not."""
    facts = evidence.facts("host_can_list_processes")
    if CONTAINER not in facts:
        return undecidable(f"nobody looked: {_NOT_TRIED}")
    if not facts[CONTAINER]:
        return contradicted("the host did not find a container's process among its own")
    words = "the host finds a process of a container of docker among its own"
    hidden = sorted(name for name, found in facts.items() if not found)
    boxed = [name for name in hidden if name not in VMS and name.startswith(("docker", "podman"))]
    if boxed:
        return qualified(f"{words}, but not of {', '.join(boxed)}")
    return supported(f"{words}{', and none of ' + ', '.join(hidden) if hidden else ''}")


def more_secure(evidence: Evidence) -> Verdict:
    """A block that is small and isolated: what it may do is less than a host's root may, and what it shares is told."""
    target = "docker-hardened" if "docker-hardened" in evidence.facts("syscalls_allowed") else CONTAINER
    allowed, tried = evidence.fact(target, "syscalls_allowed"), evidence.fact(target, "syscalls_tried")
    held, read = evidence.fact(target, "limits_hold"), evidence.fact(target, "neighbour_memory_readable")
    if allowed is None or not tried or held is None or read is None:
        return undecidable(f"nobody tried: {_NOT_TRIED}")
    words = (
        f"{target}: {allowed} of {tried} calls by which one gets out are answered, "
        f"{evidence.fact(target, 'capabilities')} capabilities are held"
    )
    if read or not held or allowed >= tried:
        return contradicted(f"{words}; {'its limits do not hold' if not held else 'nothing is kept from it'}")
    if evidence.fact(target, "same_kernel") is False:
        return supported(f"{words}, and its kernel is its own")
    return qualified(f"{words}; but its kernel is the host's: one defect there is enough")


def untroubled(evidence: Evidence) -> Verdict:
    """Containers avoid one another's trouble: no hog beside one slows its workload by more than a tenth."""
    found = {}
    for hog in HOGS:
        metric = f"neighbour_slowdown_{hog}"
        for workload in ("cpu", "disk"):
            if values := evidence.values(CONTAINER, metric, workload):
                found[f"{workload} beside a {hog} hog {evidence.said(CONTAINER, metric, workload)}"] = sorted(values)
    if not found:
        return undecidable("no neighbour was let loose: isobench run --study neighbour -t docker")
    slowed = [words for words, values in found.items() if values[len(values) // 2] > NOTICED]
    if not slowed:
        return supported(
            f"none of {len(found)} neighbours slowed a container's workload by more than {NOTICED - 1:.0%}"
        )
    if len(slowed) == len(found):
        return contradicted(f"every neighbour did: {'; '.join(slowed)}")
    return qualified(f"{len(slowed)} of {len(found)} neighbours did: {'; '.join(slowed)}")
