"""A whole session: idle and redis on every target that can be there, on KVM; no sample is lost to what the host is."""

from __future__ import annotations

import json
from typing import Any

from tests.hosts.cases.doctor import TARGETS
from tests.hosts.on_host import OUT, host_unchanged, main, measure, refuse_lost

ALL = [target for target in TARGETS if target != "kvm"]


def case() -> None:
    named = [word for target in ALL for word in ("-t", target)]
    with host_unchanged():
        session = measure("-w", "idle", "-w", "redis", *named, "--samples", "2")
    refuse_lost(session)
    for target in ALL:
        assert len(session.measured(target)) == 4, target
    for sample in session.samples:
        assert sample["facts"]["memory_limit"] > 0
    told = {target: _told(session.measured(target)) for target in ALL}
    (OUT / "session.targets.json").write_text(json.dumps(told))


def _told(samples: list[dict[str, Any]]) -> str:
    """Return in words what a target did: how many samples count, and what its VMs ran on."""
    counted = sum(sample["outcome"] == "ok" and "noisy" not in sample["marks"] for sample in samples)
    accelerated = {str(sample["facts"].get("acceleration")) for sample in samples} - {"none"}
    on = f" on {', '.join(sorted(accelerated)).upper()}" if accelerated else ""
    return f"{counted} of {len(samples)} samples count{on}"


if __name__ == "__main__":
    main(case)
