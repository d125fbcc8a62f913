"""The case of CI: a container and a microvm on KVM, beside Docker and libvirtd as services; nothing lost or left."""

from __future__ import annotations

from tests.hosts.on_host import host_unchanged, main, measure, refuse_lost


def case() -> None:
    with host_unchanged():
        session = measure("-w", "idle", "-t", "docker", "-t", "vm-micro", "--samples", "2")
    refuse_lost(session)
    for target in ("docker", "vm-micro"):
        assert len(session.measured(target)) == 2
    assert session.meta["versions"]["docker_engine"] == "the host's own"
    assert session.meta["versions"]["libvirt_engine"] == "embedded"


if __name__ == "__main__":
    main(case)
