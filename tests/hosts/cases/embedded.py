"""A fresh server: no engine runs, so isobench starts its own, in a group that systemd has delegated to it."""

from __future__ import annotations

from tests.hosts.on_host import host_unchanged, main, measure, refuse_lost

TARGETS = ("native", "docker", "vm-micro")


def case() -> None:
    with host_unchanged():
        session = measure("-w", "idle", *(word for target in TARGETS for word in ("-t", target)), "--samples", "2")
    refuse_lost(session)
    assert session.meta["versions"]["docker_engine"] == "embedded"
    assert session.meta["versions"]["docker_cgroup_driver"] == "cgroupfs"
    assert session.meta["versions"]["libvirt_engine"] == "embedded"


if __name__ == "__main__":
    main(case)
