"""What this host can run: each target available or not and why, with the mend; and advice for quieter figures."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from isobench.engines import libvirt, libvirt_choice
from isobench.host import cgroup
from isobench.host.cgroup import systemd
from isobench.host.paths import Paths
from isobench.model import TargetSpec
from isobench.targets.kind import kinds

_CPU = Path("/sys/devices/system/cpu")
_MEMORY = Path("/sys/kernel/mm")


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor: ``ok``, and if not, the reason with its mend."""

    name: str
    ok: bool
    words: str


def examine(paths: Paths, specs: Sequence[TargetSpec], *, anew: bool = False) -> list[Finding]:
    """Return a finding for each target; KVM is proven by booting the guest kernel, again where asked ``anew``."""
    reasons = {spec.name: _unavailable(spec, paths) for spec in specs}
    findings = [Finding(spec.name, not reasons[spec.name], reasons[spec.name] or spec.title) for spec in specs]
    no_vm = _nothing() or libvirt.unavailable()
    return [*findings, _kvm(paths, anew=anew) if no_vm is None else Finding("kvm", False, no_vm)]


def _unavailable(spec: TargetSpec, paths: Paths) -> str | None:
    return _nothing() or kinds()[spec.kind].unavailable(spec, paths)


def _nothing() -> str | None:
    """Return why nothing can run here."""
    if os.geteuid() != 0:
        # What else is missing only root can see: the sbin folders are on no one else's PATH.
        return "control groups, mounts and the bridge need root: run it with sudo"
    return cgroup.unavailable() or systemd.unavailable()


def _kvm(paths: Paths, *, anew: bool) -> Finding:
    from isobench.engines import kvm
    from isobench.errors import IsobenchError
    from isobench.guest.build import build
    from isobench.images.kernel import ensure_kernel

    try:
        paths.run.mkdir(parents=True, exist_ok=True)
        state = kvm.probe(ensure_kernel(build(paths.cache), paths.cache), paths.cache, paths.run, anew=anew)
    except IsobenchError as error:
        return Finding("kvm", False, error.line())
    emulated = "" if state.available else "; VMs run all the same, emulated and marked so"
    return Finding("kvm", state.available, state.reason + emulated)


def advice() -> list[str]:
    """Return what would make this host's figures steadier, or how to read them."""
    found = [*_clock_advice(), *_memory_advice()]
    if words := libvirt_choice.advice():
        found.append(words)
    if cgroup.version() == 1:
        found.append(
            "control groups are v1, which charges no one for delayed writes, so host_io_written counts direct ones"
            " only: boot with systemd.unified_cgroup_hierarchy=1"
        )
    ticks = [int(x) for x in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    if len(ticks) == 8 and (steal := ticks[7] / max(sum(ticks), 1)) > 0.01:
        found.append(f"{steal:.1%} of this machine's time since boot was stolen by its hypervisor: compare in pairs")
    if not shutil.which("taskset"):
        found.append("taskset is missing, so clients cannot be pinned: install util-linux")
    return found


def _clock_advice() -> list[str]:
    found = []
    governor = _read(_CPU / "cpu0/cpufreq/scaling_governor")
    if governor not in (None, "performance"):
        found.append(f"the CPU governor is {governor}: cpupower frequency-set -g performance")
    turbo = _CPU / "intel_pstate/no_turbo"
    if _read(turbo) == "0":
        found.append(f"turbo is on, so the clock depends on heat: echo 1 > {turbo}")
    if _read(_CPU / "smt/active") == "1":
        found.append(f"SMT is on, so cores share execution units: echo off > {_CPU}/smt/control")
    return found


def _memory_advice() -> list[str]:
    found = []
    ksm, huge = _MEMORY / "ksm/run", _MEMORY / "transparent_hugepage/enabled"
    if _read(ksm) == "1":
        found.append(f"KSM merges the guests' equal pages, which takes CPU and lowers host_pss: echo 2 > {ksm}")
    if "[always]" in (_read(huge) or ""):
        found.append(f"transparent huge pages are always on, so memory grows by 2 MiB: echo madvise > {huge}")
    return found


def _read(path: Path) -> str | None:
    try:
        return path.read_text().strip()
    except OSError:
        return None
