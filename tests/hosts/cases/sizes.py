"""Sizes mean the same under every image store: what the unpacked layers take, and what an instance adds to them."""

from __future__ import annotations

from tests.hosts.on_host import host_unchanged, main, measure, refuse_lost

_NEAR = 0.05
"""Layers hold each folder once more than the file system that they make together."""


def case() -> None:
    with host_unchanged():
        session = measure("-w", "redis", "-t", "native", "-t", "docker", "--samples", "2")
    refuse_lost(session)
    (unpacked,) = {sample["metrics"]["stored_bytes"] for sample in session.measured("native")}
    for sample in session.measured("docker"):
        assert abs(sample["metrics"]["stored_bytes"] / unpacked - 1) < _NEAR, (sample["metrics"], unpacked)
        assert sample["metrics"]["instance_disk_done"] >= 0
        assert "instance_disk_done" not in sample["not_applicable"]
        assert "unknown" not in sample["facts"]["storage"], sample["facts"]["storage"]
        print("stored:", sample["metrics"]["stored_bytes"], "added:", sample["metrics"]["instance_disk_done"],
              "storage:", sample["facts"]["storage"])  # fmt: skip


if __name__ == "__main__":
    main(case)
