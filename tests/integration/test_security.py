"""What confines each target, read from inside an instance and from the host, on the real engines."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.integration.living import CAN_RUN, MARKS, SPECS, Bench, ask, living, opened_bench

from isobench.guest import commands
from isobench.guest.frames import Exit, Running
from isobench.host.paths import Paths
from isobench.host.process import command_lines
from isobench.targets.base import Instance

pytestmark = CAN_RUN

# moby's DefaultCapabilities; native keeps all of them but CAP_MKNOD.
DOCKER = 0xA80425FB
NATIVE = DOCKER & ~(1 << 27)
NO_FILTER, FILTER = "0", "2"
HARDENED = "docker-hardened"


def parameters(*names: str) -> list[object]:
    return [pytest.param(name, marks=MARKS[SPECS[name].kind]) for name in names]


@pytest.fixture(scope="module")
def bench(paths: Paths) -> Iterator[Bench]:
    with opened_bench(paths) as made:
        yield made


def status(text: str) -> dict[str, str]:
    return dict(re.findall(r"^(\w+):\t(.*)$", text, re.MULTILINE))


def seccomp_of(pid: int) -> set[str]:
    """Return the seccomp modes of all threads of a host process."""
    return {status(file.read_text())["Seccomp"] for file in Path(f"/proc/{pid}/task").glob("*/status")}


def writes(instance: Instance, run_id: int, path: str) -> bool:
    return ask(instance, run_id, f"echo x 2>/dev/null > {path} && cat {path}") == "x\n"


@pytest.mark.parametrize(
    ("target", "capabilities", "no_new_privileges", "seccomp"),
    [
        pytest.param("native", NATIVE, "1", NO_FILTER),
        pytest.param("docker", DOCKER, "0", FILTER, marks=pytest.mark.docker),
        pytest.param(HARDENED, 0, "1", FILTER, marks=pytest.mark.docker),
        # A VM's root has its own kernel to itself: what holds it is the machine, and QEMU's sandbox around that.
        pytest.param("vm-micro", None, "0", NO_FILTER, marks=pytest.mark.vm),
    ],
)
def test_what_root_inside_may_do(
    bench: Bench, target: str, capabilities: int | None, no_new_privileges: str, seccomp: str
) -> None:
    with living(bench, target, f"s-{target}-caps") as (instance, _, _):
        of_init, own = (status(ask(instance, 2 + n, f"cat /proc/{pid}/status")) for n, pid in enumerate(("1", "self")))
        last = int(ask(instance, 4, "cat /proc/sys/kernel/cap_last_cap"))
    expected = (2 << last) - 1 if capabilities is None else capabilities
    for found in (of_init, own):
        assert {int(found[name], 16) for name in ("CapEff", "CapPrm", "CapBnd")} == {expected}
        assert found["NoNewPrivs"] == no_new_privileges
        assert found["Seccomp"] == seccomp


@pytest.mark.parametrize("target", parameters("native", "docker", "vm-micro"))
def test_the_root_and_the_volume_are_writable(bench: Bench, target: str) -> None:
    with living(bench, target, f"s-{target}-root") as (instance, _, _):
        assert writes(instance, 2, "/x")
        assert writes(instance, 3, "/data/x")
        assert ask(instance, 4, "chown 7:7 /data/x && echo done") == "done\n"


@pytest.mark.docker
def test_hardened_writes_to_its_volume_and_scratch_folders_only(bench: Bench) -> None:
    with living(bench, HARDENED, "s-hard-root") as (instance, _, _):
        assert not writes(instance, 2, "/x")
        assert not writes(instance, 3, "/bin/x")
        assert "Read-only file system" in ask(instance, 4, "echo x 2>&1 > /x")
        for number, folder in enumerate(("/data", "/tmp", "/run"), 5):
            assert writes(instance, number, f"{folder}/x"), folder
        assert "not permitted" in ask(instance, 8, "chown 7:7 /data/x 2>&1")


@pytest.mark.docker
def test_hardened_cannot_fork_beyond_its_limit(bench: Bench) -> None:
    limit = int(SPECS[HARDENED].options["pids_limit"])
    script = f"i=0; while [ $i -lt {limit} ]; do sleep 60 & i=$((i+1)); done 2>&1; echo all"
    with living(bench, HARDENED, "s-hard-pids") as (instance, _, _):
        said = ask(instance, 2, script)
        assert "can't fork" in said
        assert "all" not in said
        assert limit - 4 <= len(instance.processes().own) <= limit


@pytest.mark.docker
def test_hardened_runs_an_images_own_user_without_any_and_can_end_it(bench: Bench) -> None:
    with living(bench, HARDENED, "s-hard-user", user="1000") as (instance, _, _):
        channel = instance.channel
        channel.send(commands.run(2, ["/bin/cat", "/proc/self/status"], uid=1000, gid=1000))
        channel.wait(Exit, 10, run_id=2)
        found = status(channel.output(2).data().decode())
        assert found["Uid"].split() == ["1000"] * 4
        assert {int(found[name], 16) for name in ("CapEff", "CapPrm", "CapInh", "CapAmb")} == {0}
        channel.send(commands.run(3, ["/bin/sleep", "600"], uid=1000, gid=1000))
        channel.wait(Running, 10, run_id=3)
        channel.send(commands.signal(3, signal.SIGTERM))
        ended = channel.wait(Exit, 5, run_id=3)[1]
        assert (ended.signaled, ended.code) == (True, signal.SIGTERM)


@pytest.mark.docker
def test_docker_has_no_limit_of_processes_and_no_options_of_ours(bench: Bench) -> None:
    with living(bench, "docker", "s-docker-defaults") as (_, _, _):
        told = bench.docker.api.inspect_container("isobench-s-docker-defaults")["HostConfig"]
    assert not told["PidsLimit"]
    assert not told["CapAdd"] and not told["CapDrop"] and not told["SecurityOpt"]
    assert (told["Privileged"], told["ReadonlyRootfs"], told["PidMode"], told["UsernsMode"]) == (False, False, "", "")


@pytest.mark.parametrize("target", parameters("vm-micro", "vm-q35"))
def test_qemu_runs_in_its_sandbox_with_no_share_of_the_host(bench: Bench, target: str) -> None:
    with living(bench, target, f"s-{target}-box") as (instance, _, _):
        (pid,) = instance.processes().helpers
        words = next(found for number, found in command_lines() if number == pid)
        assert words[0].startswith("/") and Path(f"/proc/{pid}/exe").resolve().name.startswith("qemu-system")
        sandbox = words[words.index("-sandbox") + 1].split(",")
        assert sandbox[0] == "on"
        assert {"obsolete=deny", "elevateprivileges=deny", "spawn=deny", "resourcecontrol=deny"} <= set(sandbox)
        assert seccomp_of(pid) == {FILTER}
        text = " ".join(words)
        assert not re.search(r"-fsdev|-virtfs|virtio-9p|vhost-user-fs|-smb|ivshmem|vfio", text)
        # libvirt's own definition of the running machine, not ours: nothing was added to it.
        xml = bench.libvirt.connection.lookupByName(f"isobench-s-{target}-box").XMLDesc()
        assert not re.search(r"<(filesystem|shmem|hostdev|redirdev)\b", xml)
