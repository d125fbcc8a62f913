"""The engines: they come up, tell their versions, carry a domain, and leave nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from isobench.engines import bridge, docker, dockerd
from isobench.engines.docker import DockerEngine
from isobench.engines.libvirt import LibvirtEngine
from isobench.errors import HarnessError, SampleError, UsageError
from isobench.guest.console import Console
from isobench.host.paths import Paths

# org 0x7c00: xor ax,ax; mov ds,ax; cld; mov si,0x7c16; lodsb; test al,al; jz halt; mov dx,0x3f8; out dx,al;
# jmp lodsb; halt: hlt; jmp halt; then the text.
SAID = b"boot sector runs\n"
CODE = bytes.fromhex("31c08ed8fcbe167cac84c07406baf803eeebf5f4ebfd") + SAID + b"\0"
BOOT_SECTOR = CODE.ljust(510, b"\0") + b"\x55\xaa"

HARNESS = """
import sys, time
from pathlib import Path
from isobench.engines.dockerd import EmbeddedDocker
from isobench.host.paths import Paths
root = Path(sys.argv[1])
with EmbeddedDocker(Paths(root / "cache", root / "run", root, root, (), ())):
    print("up", flush=True)
    time.sleep(60)
"""


def state() -> tuple[str, ...]:
    """What an engine could leave on the host: links, rules, mounts."""
    return "\n".join(sorted(rules())), Path("/proc/mounts").read_text(), "\n".join(sorted(os.listdir("/sys/class/net")))  # noqa: PTH208


def folders(root: Path) -> Paths:
    return Paths(root / "cache", root / "run", root, root, (), ())


@pytest.mark.docker
def test_a_killed_harness_leaves_what_clean_removes(paths: Paths) -> None:
    # The fixture keeps measurements away: this test compares the whole host's rules, links and mounts.
    if docker.unavailable(paths):
        pytest.skip("the embedded Docker needs root and dockerd")
    # Beside the fixture's own folders: containerd's sockets need a short path.
    root = paths.cache.parent / "killed"
    root.mkdir()
    paths = folders(root)
    paths.cache.mkdir()
    before = state()
    with subprocess.Popen([sys.executable, "-c", HARNESS, root], stdout=subprocess.PIPE) as harness:
        assert harness.stdout is not None
        assert harness.stdout.readline() == b"up\n"
        assert (root / "run/docker/docker.sock").stat().st_mode & 0o777 == 0o600
        assert dockerd.clean(paths) == []  # a living harness keeps its own
        with pytest.raises(HarnessError, match="another isobench"):
            dockerd.EmbeddedDocker(paths).__enter__()
        harness.send_signal(signal.SIGKILL)
    removed = dockerd.clean(paths)
    assert any("dockerd" in line for line in removed)
    assert state() == before
    assert dockerd.clean(paths) == []


OTHERS = ["--source", "198.51.100.9", "--jump", "f2b-test"]
ROUTE = Path("/proc/sys/net/ipv4/conf/all/route_localnet")


@pytest.fixture
def somebody_elses_rules() -> Iterator[Callable[[], None]]:
    """Give what changes the firewall as fail2ban or an admin does; all of it is taken back afterwards."""
    before = ROUTE.read_text()

    def change() -> None:
        subprocess.run(["iptables", "-w", "-N", "f2b-test"], check=True)
        subprocess.run(["iptables", "-w", "-A", "INPUT", *OTHERS], check=True)
        ROUTE.write_text("0" if before.strip() == "1" else "1")

    yield change
    subprocess.run(["iptables", "-w", "-D", "INPUT", *OTHERS], check=False)
    subprocess.run(["iptables", "-w", "-X", "f2b-test"], check=False)
    ROUTE.write_text(before)


@pytest.mark.docker
def test_what_others_change_of_the_firewall_meanwhile_stays(
    paths: Paths, network: bridge.Network, somebody_elses_rules: Callable[[], None]
) -> None:
    if docker.unavailable(paths):
        pytest.skip("the embedded Docker needs root and dockerd")
    root = paths.cache.parent / "rules"
    root.mkdir()
    (root / "cache").mkdir()
    before, route = rules(), ROUTE.read_text()
    with docker.docker_engine(folders(root), network):
        ours = rules() - before
        assert any(network.bridge in rule for rule in ours)
        assert any(rule.startswith(":DOCKER") for rule in ours)
        somebody_elses_rules()
    assert rules() - before == {":f2b-test -", "-A INPUT -s 198.51.100.9/32 -j f2b-test"}
    assert before - rules() == set()
    assert ROUTE.read_text() != route


@pytest.mark.docker
def test_where_another_dockerd_was_started_meanwhile_its_rules_stay(paths: Paths, network: bridge.Network) -> None:
    if docker.unavailable(paths):
        pytest.skip("the embedded Docker needs root and dockerd")
    first, second = paths.cache.parent / "d1", paths.cache.parent / "d2"
    for root in (first, second):
        (root / "cache").mkdir(parents=True)
    before = rules()
    with ExitStack() as later:
        with docker.docker_engine(folders(first), network):
            later.enter_context(dockerd.EmbeddedDocker(folders(second)))
        left = rules() - before
        assert any(rule.startswith(":DOCKER") for rule in left)
        assert not any(network.bridge in rule for rule in left)
    assert dockerd.clean(folders(first)) == []
    assert rules() == before


def rules() -> set[str]:
    """Return the rules, chains and policies of all tables but for what a table has that was just loaded."""
    saved = subprocess.run(["iptables-save"], capture_output=True, text=True, check=False).stdout
    found = {line.split(" [")[0] for line in saved.splitlines() if line.startswith((":", "-A"))}
    return {line for line in found if not line.endswith(" ACCEPT") or line.startswith("-A")}


@pytest.mark.docker
def test_docker_tells_its_versions_and_has_the_network(docker_engine: DockerEngine) -> None:
    assert all(docker_engine.versions().values())
    (network,) = docker_engine.api.networks(names=[docker_engine.network_name])
    assert network["IPAM"]["Config"][0]["Gateway"] == docker_engine.network.gateway


@pytest.mark.parametrize("url", ["tcp://10.0.0.1:2375", "ssh://host"])
def test_a_remote_docker_is_refused_in_one_line(url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DOCKER_HOST", url)
    with pytest.raises(UsageError, match="remote") as caught:
        docker.unavailable(folders(tmp_path))
    assert "\n" not in caught.value.line()


@pytest.mark.vm
def test_a_kvm_domain_runs_a_boot_sector(libvirt_engine: LibvirtEngine, paths: Paths) -> None:
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        pytest.skip("no /dev/kvm")
    import libvirt

    disk = paths.run / "boot.raw"
    disk.write_bytes(BOOT_SECTOR.ljust(1 << 20, b"\0"))
    name = str(uuid.uuid4())
    with Console(paths.run / "com1") as console:
        domain = libvirt_engine.connection.createXML(f"""
            <domain type='kvm'><name>isobench-boot-sector</name><uuid>{name}</uuid><memory unit='MiB'>64</memory>
            <os><type arch='x86_64' machine='q35'>hvm</type><boot dev='hd'/></os><features><acpi/></features>
            <cpu mode='custom' match='exact' check='none'><model fallback='forbid'>qemu64</model></cpu>
            <devices><controller type='usb' model='none'/><memballoon model='none'/>
            <disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='{disk}'/>
            <target dev='sda' bus='sata'/></disk>
            <serial type='unix'><source mode='connect' path='{console.path}'/><target port='0'/></serial>
            </devices></domain>""")
        try:
            started = libvirt_engine.wait_event(name, libvirt.VIR_DOMAIN_EVENT_STARTED, 20)
            assert console.wait_mark(SAID, 20) > 0
        finally:
            domain.destroy()
        assert libvirt_engine.wait_event(name, libvirt.VIR_DOMAIN_EVENT_STOPPED, 20) > started
    assert libvirt_engine.versions()["qemu"]
    with pytest.raises(SampleError, match="no event"):
        libvirt_engine.wait_event(name, libvirt.VIR_DOMAIN_EVENT_PMSUSPENDED, 0.01)
