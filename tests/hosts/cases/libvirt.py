"""The host's own libvirt on request: confined as the host configures it, in groups of libvirt's, no sample lost."""

from __future__ import annotations

import json
import subprocess

from tests.hosts.on_host import OUT, host_unchanged, isobench, main, measure, refuse_lost

TARGETS = ("vm-micro", "vm-q35", "vm-restore", "nested")
SYSTEM = {"LIBVIRT_DEFAULT_URI": "qemu:///system"}


def case() -> None:
    named = [word for target in TARGETS for word in ("-t", target)]
    with host_unchanged():
        session = measure("-w", "idle", *named, "--samples", "2", **SYSTEM)
    refuse_lost(session)
    assert session.meta["versions"]["libvirt_engine"] == "the host's own"
    confined = subprocess.run(["aa-enabled", "--quiet"], check=False).returncode == 0
    for target in TARGETS:
        for sample in session.measured(target):
            facts = sample["facts"]
            assert facts["cgroup"] == "libvirt's own"
            assert facts["confinement"].startswith("user libvirt-qemu, "), facts["confinement"]
            assert not confined or "libvirt-UUID (enforce)" in facts["confinement"], facts["confinement"]
            assert sample["metrics"]["cgroup_current_ready"] > 0
            assert sample["metrics"]["host_pss_ready"] > 0
    denied = subprocess.run(
        ["journalctl", "--no-pager", "--grep", "apparmor=.DENIED"], capture_output=True, check=False
    )
    (OUT / "denied.txt").write_bytes(denied.stdout)

    refused = isobench("run", "-w", "idle", "-t", "vm-micro", status=2, LIBVIRT_DEFAULT_URI="qemu:///embed?root=/tmp/x")
    assert "qemu:///system" in refused.text
    told = dict.fromkeys(TARGETS, "KVM, confined by the host's libvirt")
    (OUT / "libvirt.targets.json").write_text(json.dumps(told))


if __name__ == "__main__":
    main(case)
