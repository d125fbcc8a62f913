"""Every target with its real engine: an instance's whole life, and nothing left of it."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.integration.living import CAN_RUN, MARKS, NAMES, SPECS, Bench, ask, living, opened_bench

from isobench.errors import SampleError
from isobench.guest import commands
from isobench.guest.frames import Done, Fail, Init, Memory
from isobench.host.cgroup import hierarchy, home
from isobench.host.paths import Paths

pytestmark = CAN_RUN
ALL = [pytest.param(name, marks=MARKS[SPECS[name].kind]) for name in NAMES]


@pytest.fixture(scope="module")
def bench(paths: Paths) -> Iterator[Bench]:
    with opened_bench(paths) as made:
        yield made


def traces(bench: Bench, name: str) -> list[str]:
    """Return all that bears the instance's name: processes, groups, files, links."""
    found = [group for group in home.instances() if name in group]
    found += [str(path) for path in (bench.store / name, bench.paths.run / name) if path.exists()]
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if name.encode() in entry.read_bytes():
                found.append(str(entry))
        except OSError:
            continue
    found += [str(p) for p in hierarchy.ROOT.glob(f"*/isobench/{name}")]
    return found


@pytest.mark.parametrize("target", ALL)
def test_a_whole_life_leaves_nothing(bench: Bench, target: str) -> None:
    name = f"t-{target}-stop"
    with living(bench, target, name) as (instance, times, prepared):
        assert not [frame for _, frame in instance.channel.frames() if isinstance(frame, Fail)]
        own_kernel = SPECS[target].kind == "vm"
        assert (instance.channel.wait(Init, 1)[1].kernel == os.uname().release) is not own_kernel
        if own_kernel:
            for what in ("hostname", "net", "mount"):
                instance.channel.wait(Done, 5, where=lambda done, what=what: done.name == what)  # type: ignore[misc]
        assert ask(instance, 2, "hostname").strip() == name
        assert " /data " in ask(instance, 3, "cat /proc/mounts")
        if target != "native":
            assert f"inet {instance.address}/24" in ask(instance, 4, "ip address")
        instance.channel.send(commands.memory())
        assert instance.channel.wait(Memory, 10)[1].total > 64 << 20
        before = instance.disk_bytes()
        ask(instance, 5, "dd if=/dev/zero of=/big bs=1048576 count=8 conv=fsync")
        grown = instance.disk_bytes() - before
        assert grown == 0 if SPECS[target].options.get("read_only") else grown >= 8 << 20
        processes = instance.processes()
        assert processes.helpers
        assert set(processes.own + processes.helpers) <= set(instance.cgroup.pids())
        assert 0 < instance.vmm_overhead() < 512 << 20
        assert instance.cgroup.memory().current > 0
        print(target, "vmm_overhead", instance.vmm_overhead() >> 10, "KiB", instance.facts())
        assert bench.target(target).sizes(prepared)["stored_bytes"] > 0
        assert bench.target(target).describe(prepared)
        asked = time.monotonic_ns()
        times["stop"] = round((instance.stop(8) - asked) / 1e9, 3)
        asked = time.monotonic_ns()
        instance.remove()
        times["remove"] = round((time.monotonic_ns() - asked) / 1e9, 3)
    print(target, times)
    assert traces(bench, name) == []


@pytest.mark.parametrize("target", ALL)
def test_a_killed_one_leaves_nothing(bench: Bench, target: str) -> None:
    name = f"t-{target}-kill"
    with living(bench, target, name) as (instance, times, _):
        asked = time.monotonic_ns()
        times["kill"] = round((instance.kill() - asked) / 1e9, 3)
    print(target, times)
    assert traces(bench, name) == []


@pytest.mark.parametrize("target", ALL)
def test_leaving_in_the_middle_leaves_nothing(bench: Bench, target: str) -> None:
    name = f"t-{target}-left"
    with pytest.raises(SampleError, match="enough"), living(bench, target, name):
        raise SampleError("error", "enough")
    assert traces(bench, name) == []
