"""Rules about what containers and VMs cost, how fast they are, and how many fit."""

from __future__ import annotations

from isobench.claims.claim import Verdict, contradicted, qualified, supported, undecidable
from isobench.claims.evidence import CONTAINER, VMS, Evidence, in_words, sure_above, sure_below

SMALL = 1.05
"""A ratio within 5 % of 1 is no cost worth speaking of: the registry's relevant effect of memory and times."""
QUICK = 10.0
"""Seconds within which a service is back that people call available: a client's usual patience with a retry."""
_EMULATED = "VMs are emulated here, so their times say nothing of KVM"


def many_servers(evidence: Evidence) -> Verdict:
    """Many VMs on one host: supported from two idle VMs on; extrapolated or emulated counts qualify it."""
    for target in evidence.targets(VMS, "density"):
        held = evidence.values(target, "density")[-1]
        words = f"{target}: this host holds {held:.0f} idle VMs above its floor, by their memory"
        if held < 2:
            return contradicted(words)
        if evidence.fact(target, "density_extrapolated") is not False:
            return qualified(f"{words}; extrapolated from the first ones, and busy VMs take more")
        return qualified(f"{words}; idle ones, busy VMs take more") if evidence.emulated(target) else supported(words)
    return undecidable("no density of a VM was measured: isobench run --density -t vm-micro")


def quick_recovery(evidence: Evidence) -> Verdict:
    """VMs come back: contradicted where one that was killed did not; else by how fast, with KVM only."""
    for target in VMS:
        if target not in evidence.by_target:
            continue
        if not evidence.values(target, "restart_time"):
            if reason := evidence.reason(target, "restart_time"):
                return contradicted(f"{target} did not come back when its process was killed: {reason}")
            continue
        if evidence.emulated(target):
            return undecidable(f"{target} came back after SIGKILL, but {_EMULATED}")
        words = f"{target} is ready again {evidence.said(target, 'restart_time')} after SIGKILL"
        if restored := evidence.values(target, "restore_time"):
            words += f", {evidence.said(target, 'restore_time')} from a saved state" if restored else ""
        if max(evidence.values(target, "restart_time")) > QUICK:
            return contradicted(f"{words}; {QUICK:g} s is what clients wait for")
        ratio = evidence.ratio("restart_time", target, CONTAINER)
        if ratio is None or not sure_above(ratio, SMALL):
            return supported(words)
        return qualified(f"{words}; a container is back {in_words(ratio)} sooner")
    return undecidable("no VM was killed and restarted: isobench run --study life -t vm-micro")


def storage(evidence: Evidence) -> Verdict:
    """A VM's stored bytes with its kernel over the container's, of the same root file system; each workload's ratio."""
    for target in evidence.targets(VMS, "stored_bytes"):
        ratios = {}
        for workload in sorted({sample.cell.workload for sample in evidence.by_target[target]}):
            own = evidence.values(target, "stored_bytes", workload)
            kernel = evidence.values(target, "kernel_size", workload)
            theirs = evidence.values(CONTAINER, "stored_bytes", workload)
            if own and theirs and theirs[-1] > 0:
                ratios[workload] = (own[-1] + (kernel[-1] if kernel else 0.0)) / theirs[-1]
        if not ratios:
            continue
        low, high = min(ratios.values()), max(ratios.values())
        words = f"{target} stores {low:.2f}–{high:.2f} times what a container does, its kernel included"
        if low > SMALL:
            return supported(words)
        return contradicted(words) if high < SMALL else qualified(f"{words}: it depends on the image")
    return undecidable("no stored size of a VM beside a container's: isobench run -t docker -t vm-micro")


def memory(evidence: Evidence) -> Verdict:
    """An idle VM's memory over an idle container's: by the drop of what is available, else by proportional sets."""
    for metric in ("host_available_drop", "host_pss_ready"):
        for target in evidence.targets(VMS, metric, "idle"):
            if (ratio := evidence.ratio(metric, target, CONTAINER, "idle")) is None:
                continue
            taken = evidence.said(target, metric, "idle")
            words = f"idle: {metric} of {target} is {taken}, {in_words(ratio)} a container's"
            if sure_below(ratio, SMALL):
                return contradicted(words)
            if not sure_above(ratio, SMALL):
                return qualified(f"{words}: not told apart")
            if evidence.emulated(target):
                return qualified(f"{words}; emulation keeps translated code in memory, KVM does not")
            return supported(words)
    return undecidable("no idle VM beside an idle container: isobench run --density -t docker -t vm-micro")


def lighter(evidence: Evidence) -> Verdict:
    """A container is ready sooner and takes less memory: both needed; times of emulated VMs decide nothing."""
    for target in evidence.targets(VMS, "time_to_ready", "idle"):
        start = evidence.ratio("time_to_ready", target, CONTAINER, "idle")
        weight = evidence.ratio("host_pss_ready", target, CONTAINER, "idle")
        if start is None or weight is None:
            continue
        heavier = f"host_pss of {target} is {in_words(weight)} a container's"
        if evidence.emulated(target):
            return undecidable(f"{_EMULATED}; {heavier}")
        words = f"idle is ready {in_words(start)} later in {target} than in a container, and {heavier}"
        sooner, less = sure_above(start, 1.0), sure_above(weight, 1.0)
        if sooner and less:
            return supported(words)
        return qualified(words) if sooner or less else contradicted(words)
    return undecidable("idle was not run in both: isobench run -w idle -t docker -t vm-micro")
