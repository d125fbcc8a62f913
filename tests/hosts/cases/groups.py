"""Limits in cgroup v2, read while instances live and tried from inside; ``daemon-reload`` changes none of them."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

from tests.hosts.on_host import begun, host_unchanged, main, measure, read, refuse_lost, sessions

SLICE = Path("/sys/fs/cgroup/isobench.slice")
TARGETS = ("native", "docker", "vm-micro")
ROOT_CONTROL = Path("/sys/fs/cgroup/cgroup.subtree_control")


def instances() -> list[Path]:
    """Return the groups of instances: slices of systemd's, and what lies in the delegated scope."""
    found = [*SLICE.glob("isobench-*.slice"), *SLICE.glob("isobench.scope/*")]
    return [path for path in found if path.is_dir() and path.name != "anchor"]


def limits(group: Path) -> tuple[str, str] | None:
    try:
        return (group / "cpuset.cpus").read_text().strip(), (group / "memory.max").read_text().strip()
    except OSError:  # it has ended
        return None


def case() -> None:
    named = [word for target in TARGETS for word in ("-t", target)]
    seen: dict[str, tuple[str, str]] = {}
    changed: list[str] = []
    with host_unchanged():
        before = set(sessions())
        with begun("run", "-w", "idle", *named, "--samples", "2") as process:
            while process.poll() is None:
                for group in instances():
                    if group.name in seen or (found := limits(group)) is None or not found[0]:
                        continue
                    seen[group.name] = found
                    subprocess.run(["systemctl", "daemon-reload"], check=True)
                    after = limits(group)
                    if after not in (None, found):
                        changed.append(f"{group.name}: {found} became {after}")
                time.sleep(0.05)
        assert process.returncode == 0
        (folder,) = set(sessions()) - before
    assert not changed, changed
    session = read(folder)
    refuse_lost(session)
    memory = str(session.samples[0]["facts"]["memory_limit"])
    print("groups:", seen)
    assert {cores for cores, _ in seen.values()} == {session.samples[0]["facts"]["cpuset"]}
    slices = {name: most for name, (_, most) in seen.items() if name.endswith(".slice")}
    assert len(slices) == 3, "a slice for each of docker's samples, the warm-up's too"
    assert set(slices.values()) == {memory}
    # Of those in the scope native's are limited in memory, and a VM's guest is what is limited.
    assert {most for name, (_, most) in seen.items() if name not in slices} == {memory, "max"}

    with host_unchanged():
        tried = measure("-w", "idle", *named, "--study", "isolation")
    for target in TARGETS:
        (sample,) = tried.measured(target)
        assert sample["outcome"] == "ok", sample["error"]
        assert sample["facts"]["limits_hold"] is True, sample["facts"]["limits_tried"]


if __name__ == "__main__":
    main(case)
