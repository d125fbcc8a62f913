"""``doctor`` on a host with Docker and libvirtd as services: every target that can be there is, KVM is proven."""

from __future__ import annotations

import json

from tests.hosts.on_host import host_unchanged, isobench, main

TARGETS = ("native", "docker", "docker-hardened", "vm-micro", "vm-q35", "vm-full", "vm-restore", "nested", "kvm")


def case() -> None:
    with host_unchanged():
        told = isobench("doctor", "--probe", "--json").text
    findings = {one["name"]: one for one in json.loads(told[told.index("{") :])["findings"]}
    missing = {name: findings[name]["words"] for name in TARGETS if not findings[name]["ok"]}
    assert not missing, missing


if __name__ == "__main__":
    main(case)
