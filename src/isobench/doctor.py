"""What this host can run: each target available or not and why, with the mend; and advice for quieter figures."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from isobench.host import cgroup
from isobench.host.paths import Paths
from isobench.model import TargetSpec


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor: ``ok``, and if not, the reason with its mend."""

    name: str
    ok: bool
    words: str


def examine(paths: Paths, specs: Sequence[TargetSpec]) -> list[Finding]:
    """Return a finding for each target; KVM is proven by booting the guest kernel."""
    from isobench.engines import docker, libvirt

    root = cgroup.unavailable()
    no_docker = root or docker.unavailable(paths)
    no_vm = no_docker or libvirt.unavailable()
    # Every target needs Docker: the one root file system is built there.
    reasons = {"native": no_docker, "docker": no_docker, "vm": no_vm}
    findings = [
        Finding(spec.name, reasons.get(spec.kind) is None, reasons.get(spec.kind) or spec.title) for spec in specs
    ]
    return [*findings, _kvm(paths) if no_vm is None else Finding("kvm", False, no_vm)]


def _kvm(paths: Paths) -> Finding:
    from isobench.engines import kvm
    from isobench.errors import IsobenchError
    from isobench.guest.build import build
    from isobench.images.kernel import ensure_kernel

    try:
        paths.run.mkdir(parents=True, exist_ok=True)
        state = kvm.probe(ensure_kernel(build(paths.cache), paths.cache), paths.cache, paths.run)
    except IsobenchError as error:
        return Finding("kvm", False, error.line())
    return Finding("kvm", state.available, state.reason)


def advice() -> list[str]:
    """Return what would make this host's figures steadier."""
    found = []
    governor = Path("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")
    if governor.is_file() and (now := governor.read_text().strip()) != "performance":
        found.append(f"the CPU governor is {now}: cpupower frequency-set -g performance")
    turbo = Path("/sys/devices/system/cpu/intel_pstate/no_turbo")
    if turbo.is_file() and turbo.read_text().strip() == "0":
        found.append(
            "turbo is on, so the clock depends on heat: echo 1 > /sys/devices/system/cpu/intel_pstate/no_turbo"
        )
    smt = Path("/sys/devices/system/cpu/smt/active")
    if smt.is_file() and smt.read_text().strip() == "1":
        found.append("SMT is on: cores share execution units; nosmt makes them alike")
    ticks = [int(x) for x in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    if (steal := ticks[7] / max(sum(ticks), 1)) > 0.01:
        found.append(f"{steal:.1%} of this machine's time since boot was stolen by its hypervisor: compare in pairs")
    if not shutil.which("taskset"):
        found.append("taskset is missing, so clients cannot be pinned: install util-linux")
    return found
