"""A whole session: idle and redis on every target that can be there, on KVM; no sample is lost to what the host is."""

from __future__ import annotations

from tests.hosts.cases.doctor import TARGETS
from tests.hosts.on_host import host_unchanged, main, measure, refuse_lost

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


if __name__ == "__main__":
    main(case)
