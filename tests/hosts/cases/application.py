"""An application of two services: the slices of its containers lie in one of the whole, whose account is theirs."""

from __future__ import annotations

from tests.hosts.on_host import host_unchanged, main, measure, refuse_lost

TARGETS = ("docker", "vm-micro")


def case() -> None:
    named = [word for target in TARGETS for word in ("-t", target)]
    with host_unchanged():
        session = measure("-w", "flask-redis", *named, "--samples", "1")
    refuse_lost(session)
    for target in TARGETS:
        (sample,) = session.measured(target)
        assert sample["facts"]["members"].count(",") == 1
        assert sample["metrics"]["cgroup_current_ready"] > 0
        assert sample["metrics"]["time_to_service"] > 0


if __name__ == "__main__":
    main(case)
