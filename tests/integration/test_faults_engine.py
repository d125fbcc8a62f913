"""Engines that die, freeze or are restarted while a session measures: it goes on, says so, and leaves nothing."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from docker import APIClient
from tests.integration.fault_table import row
from tests.integration.snapshot import leaving_nothing
from tests.integration.user import ENGINES, User, job, run_words

from isobench.engines import docker, libvirt, libvirt_choice
from isobench.engines.dockerd import EmbeddedDocker
from isobench.host import reaper
from isobench.host.paths import Paths
from isobench.host.process import command_lines

pytestmark = [*ENGINES, pytest.mark.beside]

# In a mount namespace, so that neither the host's libvirt, if it has one, nor its folders are touched: but for the
# images, which isobench puts where packages have them. It is configured as packages leave it: QEMU runs as
# libvirt-qemu, virtlogd takes its output, each VM has a control group of libvirt's, and owners of files change.
LIBVIRTD = """
mkdir -p "$1/lib/images"
mount --bind /var/lib/libvirt/images "$1/lib/images"
for folder in lib run etc cache log; do
    case $folder in run) place=/run/libvirt ;; etc) place=/etc/libvirt ;; *) place=/var/$folder/libvirt ;; esac
    mount --rbind "$1/$folder" "$place"
done
test -e "$1/virtlogd.pid" || virtlogd --daemon --pid-file "$1/virtlogd.pid"
exec libvirtd -f "$1/libvirtd.conf" -p "$1/pid"
"""
IMAGES = Path("/var/lib/libvirt/images")
PLACES = [Path(place, "libvirt") for place in ("/var/lib", "/run", "/etc", "/var/cache", "/var/log")]


def awaited(look: Callable[[], int | None], timeout: float = 60) -> int:
    """Return the process that ``look`` finds, as soon as it does."""
    deadline = time.monotonic() + timeout
    while (found := look()) is None:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return found


def qemu(user: User) -> int | None:
    """Return a VM of the session; the first word of its command line is the launcher that it was."""
    return program("", "guest=isobench-", str(user.paths.run))


def program(name: str, *words: str) -> int | None:
    """Return a process of that program whose command line has all the words in it."""
    for pid, said in command_lines():
        if Path(said[0]).name.startswith(name) and all(any(word in each for each in said) for word in words):
            return pid
    return None


def await_container(run: Path) -> None:
    """Return when a container of the engine with that run folder has been there for a while."""
    awaited(lambda: program("containerd-shim", str(run)))
    time.sleep(0.5)


def outcomes(user: User, target: str) -> list[str]:
    """Return the outcomes of a target's measured samples; the session is whole and every sample is told of."""
    meta, samples = user.session()
    assert meta["state"] == "complete"
    assert [sample["number"] for sample in samples] == list(range(len(samples)))
    for sample in samples:
        if sample["outcome"] != "ok":
            # Those of one cell that failed alike are told of in one line.
            line = f" (good@{sample['cell']['target']}): {sample['outcome']}: {sample['error']}"
            assert line in user.said()
    return [s["outcome"] for s in samples if s["cell"]["target"] == target and s["role"] == "measured"]


def error(user: User) -> str:
    """Return the words of the one sample that failed."""
    (words,) = (sample["error"] for sample in user.session()[1] if sample["outcome"] != "ok")
    return str(words)


def engine_row(fault: str, target: str, user: User) -> None:
    """Print the row of a fault that cost one sample."""
    row(fault, target, f"`error: {error(user)}`, exit 4", f"all {len(user.session()[1])} samples; the session goes on")


@pytest.mark.parametrize("fault", [signal.SIGKILL, signal.SIGSTOP])
def test_a_private_dockerd_that_dies_or_freezes_is_started_anew(user: User, fault: int) -> None:
    user.workload("good", job("sleep 1; echo rate 12.5"))
    with leaving_nothing(user.paths):
        process = user.start(*run_words(user, "-w", "good", "-t", "docker", "--samples", "2"))
        user.wait_for(process, "[  1/")  # a warm-up has no job
        await_container(user.paths.run)
        os.kill(awaited(lambda: program("dockerd", str(user.paths.run))), fault)
        assert process.wait(120) == 4, user.said()
    assert outcomes(user, "docker") == ["error", "ok"]
    assert error(user) == "the Docker engine died, froze or was restarted during this sample"
    assert user.said().count("started anew") == 1
    assert "Traceback" not in user.said()
    engine_row(f"private dockerd: {signal.Signals(fault).name}", "docker", user)


@contextmanager
def docker_of_the_users_own(scratch: Path) -> Iterator[tuple[EmbeddedDocker, str, Path]]:
    """Give a running engine that is not isobench's to start or stop, its URL and its run folder."""
    root = scratch / "own"
    paths = Paths(root / "cache", root / "run", root, root, (), ())
    paths.cache.mkdir(parents=True)
    daemon = EmbeddedDocker(paths)
    with daemon as url:
        yield daemon, url, paths.run
    shutil.rmtree(root)


def test_a_docker_of_the_users_own_that_is_restarted_is_waited_for(user: User) -> None:
    user.workload("good", job("sleep 1; echo rate 12.5"))
    with leaving_nothing(user.paths), docker_of_the_users_own(user.paths.cache.parent) as (daemon, url, run):
        process = user.start(*run_words(user, "-w", "good", "-t", "docker", "--samples", "2"), DOCKER_HOST=url)
        user.wait_for(process, "[  1/")
        await_container(run)
        os.kill(awaited(lambda: program("dockerd", str(run))), signal.SIGTERM)
        user.wait_for(process, "waiting up to")
        daemon.restart()
        assert process.wait(120) == 4, user.said()
        client = APIClient(base_url=url, version="auto")
        assert client.containers(all=True) == []
        assert client.networks(names=[docker.NETWORK]) == []
        client.close()
    assert outcomes(user, "docker") == ["error", "ok"]
    assert error(user) == "the Docker engine died, froze or was restarted during this sample"
    assert user.session()[0]["versions"]["docker_engine"] == "the host's own"
    engine_row("the user's own dockerd: restarted", "docker", user)


def test_what_a_killed_run_left_in_an_engine_of_the_users_own_is_removed(user: User) -> None:
    user.workload("good", job("sleep 5; echo rate 12.5"))
    with leaving_nothing(user.paths), docker_of_the_users_own(user.paths.cache.parent) as (_, url, run):
        process = user.start(*run_words(user, "-w", "good", "-t", "docker", "--samples", "1"), DOCKER_HOST=url)
        user.wait_for(process, "[  1/")
        await_container(run)
        process.kill()
        process.wait()
        code, said = user.isobench("clean", DOCKER_HOST=url)
        assert code == 0
        assert "removed container" in said
        assert "removed network isobench" in said
        assert user.isobench("clean", DOCKER_HOST=url) == (0, "nothing was left behind\n")


@pytest.mark.vm
def test_a_qemu_that_is_killed_aborted_or_frozen_is_one_failed_sample(user: User) -> None:
    if reason := libvirt.unavailable():
        pytest.skip(reason)
    user.workload("good", "timeout = 10\n" + job("sleep 2; echo rate 12.5", more="timeout = 6\n"))
    with leaving_nothing(user.paths):
        process = user.start(*run_words(user, "-w", "good", "-t", "vm-micro", "--samples", "4"))
        for number, fault in enumerate((signal.SIGKILL, signal.SIGABRT, signal.SIGSTOP), 1):
            user.wait_for(process, f"[  {number}/")
            vm = awaited(lambda: qemu(user))
            time.sleep(1)
            os.kill(vm, fault)
        assert process.wait(120) == 4, user.said()
    assert outcomes(user, "vm-micro") == ["died", "died", "timeout", "ok"]
    assert "Traceback" not in user.said()
    for name, sample in zip(("SIGKILL", "SIGABRT", "SIGSTOP"), user.session()[1][1:], strict=False):
        seen = f"`{sample['outcome']}: {sample['error']}`, exit 4"
        row(f"QEMU: {name}", "vm-micro", seen, "all samples; the session goes on")


@contextmanager
def system_libvirt(root: Path) -> Iterator[Callable[[], subprocess.Popen[bytes]]]:
    """Give what starts a libvirtd as a host has it, its state kept in ``root``."""
    for name in ("lib", "run", "etc", "cache", "log", "socket"):
        (root / name).mkdir(parents=True)
    (root / "libvirtd.conf").write_text(
        f'unix_sock_dir = "{root}/socket"\nauth_unix_rw = "none"\nauth_unix_ro = "none"\n'
        f'log_outputs = "3:file:{root}/libvirtd.log"\n'
    )
    libvirt_choice.ensure_user()
    made = [place for place in (*PLACES, IMAGES) if not place.is_dir()]
    for place in made:
        place.mkdir()
    started: list[subprocess.Popen[bytes]] = []

    def start() -> subprocess.Popen[bytes]:
        daemon = subprocess.Popen(["unshare", "--mount", "sh", "-euc", LIBVIRTD, "sh", root])
        started.append(daemon)
        deadline = time.monotonic() + 20
        while not (root / "socket" / "libvirt-sock").is_socket():
            assert daemon.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.02)
        return daemon

    try:
        # Where process 1 is slow to reap, libvirtd waits for each QEMU that it probes.
        reaper.adopt_orphans("qemu-system")
        yield start
    finally:
        for daemon in started:
            daemon.terminate()
            daemon.send_signal(signal.SIGCONT)
            daemon.wait(20)
        if (virtlogd := root / "virtlogd.pid").exists():
            os.kill(int(virtlogd.read_text()), signal.SIGTERM)
            awaited(lambda: None if virtlogd.exists() else 1)
        for place in reversed(made):
            place.rmdir()
        shutil.rmtree(root)


NO_LIBVIRTD = pytest.mark.skipif(shutil.which("libvirtd") is None, reason="libvirtd is not installed")


def libvirt_uri(root: Path) -> str:
    return f"qemu:///system?socket={root}/socket/libvirt-sock"


@pytest.mark.vm
@NO_LIBVIRTD
def test_a_libvirtd_of_the_users_own_that_is_restarted_or_thawed_is_waited_for(user: User) -> None:
    if reason := libvirt.unavailable():
        pytest.skip(reason)
    user.workload("good", job("sleep 1; echo rate 12.5"))
    root = user.paths.cache.parent / "lv"
    uri = libvirt_uri(root)
    # QEMU's user must come to the sockets in the run folder.
    user.paths.run.parent.chmod(0o711)
    with leaving_nothing(user.paths), system_libvirt(root) as start:
        daemon = start()
        words = run_words(user, "-w", "good", "-t", "vm-micro", "--samples", "3")
        process = user.start(*words, LIBVIRT_DEFAULT_URI=uri)
        user.wait_for(process, "[  1/")
        awaited(lambda: qemu(user))
        daemon.kill()
        daemon.wait()
        (root / "socket" / "libvirt-sock").unlink()
        user.wait_for(process, "waiting up to")
        daemon = start()
        user.wait_for(process, "[  2/")
        awaited(lambda: qemu(user))
        daemon.send_signal(signal.SIGSTOP)
        awaited(lambda: user.said().count("waiting up to") == 2 or None)
        daemon.send_signal(signal.SIGCONT)
        assert process.wait(120) == 4, user.said()
        listed = subprocess.run(["virsh", "-c", uri, "list", "--all", "--name"], capture_output=True, check=True)
        assert listed.stdout.split() == []
    assert outcomes(user, "vm-micro") == ["error", "error", "ok"]
    assert user.session()[0]["versions"]["libvirt_engine"] == "the host's own"
    assert "Traceback" not in user.said()
    for fault, sample in zip(("SIGKILL, restarted", "SIGSTOP, thawed"), user.session()[1][1:], strict=False):
        assert "libvirt" in sample["error"]
        row(f"the user's own libvirtd: {fault}", "vm-micro", f"`error: {sample['error']}`, exit 4",
            "all samples; the session goes on")  # fmt: skip


def test_a_private_dockerd_that_freezes_during_a_build_is_started_anew_and_builds_again(user: User) -> None:
    dockerfile = "FROM scratch\nCOPY bin /bin\nENV PATH=/bin\nRUN sleep 3\n"
    user.workload("slow", job("echo rate 12.5"), dockerfile=dockerfile)
    with leaving_nothing(user.paths):
        process = user.start(*run_words(user, "-w", "slow", "-t", "native", "--samples", "1"))
        user.wait_for(process, "building the image of slow")
        time.sleep(1)
        os.kill(awaited(lambda: program("dockerd", str(user.paths.run))), signal.SIGSTOP)
        assert process.wait(120) == 0, user.said()
    said = user.said()
    assert "Traceback" not in said
    (line,) = (line for line in said.splitlines() if "started anew" in line)
    assert said.count("building the image of slow") == 2
    row("private dockerd: SIGSTOP during a build", "any", f"`{line}`; exit 0", "all samples: it is built again")
