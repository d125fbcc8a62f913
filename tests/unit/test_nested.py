"""The container inside a VM: its OCI configuration, the commands that start it, and the VM's further port."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Tree

import pytest

from isobench.errors import UsageError
from isobench.guest import commands
from isobench.images.nested import libraries
from isobench.targets.nested import with_port
from isobench.targets.nested_bundle import Container, configuration, start
from isobench.targets.nested_defaults import Defaults, from_config

CONTAINER = Container("0", "box", "isobench.0", "/dev/vda", 256 << 20)
DOCKERS: dict[str, Any] = {
    "process": {"capabilities": {"bounding": ["CAP_CHOWN"]}},
    "mounts": [
        {"destination": "/proc", "type": "proc", "source": "proc"},
        {"destination": "/etc/hosts", "type": "bind", "source": "/var/lib/docker/hosts"},
    ],
    "linux": {
        "resources": {"devices": [{"allow": False, "access": "rwm"}], "cpu": {"shares": 0}},
        "seccomp": {"defaultAction": "SCMP_ACT_ERRNO"},
        "maskedPaths": ["/proc/kcore"],
        "readonlyPaths": ["/proc/sys"],
        "namespaces": [{"type": "network", "path": "/proc/1/ns/net"}],
    },
}


def test_dockers_defaults_are_taken_but_for_what_is_of_its_host() -> None:
    defaults = from_config(DOCKERS)
    assert defaults.capabilities == {"bounding": ["CAP_CHOWN"]}
    assert defaults.seccomp == {"defaultAction": "SCMP_ACT_ERRNO"}
    assert (defaults.masked, defaults.readonly) == (("/proc/kcore",), ("/proc/sys",))
    assert [mount["destination"] for mount in defaults.mounts] == ["/proc"]
    with pytest.raises(KeyError):
        from_config({"process": {}})


def test_the_configuration_confines_as_docker_does_and_limits_to_the_vms_memory() -> None:
    made = configuration(CONTAINER, from_config(DOCKERS))
    assert made["process"]["capabilities"] == {"bounding": ["CAP_CHOWN"]}
    assert made["linux"]["seccomp"] == {"defaultAction": "SCMP_ACT_ERRNO"}
    assert made["linux"]["resources"]["memory"]["limit"] == 256 << 20
    assert {"type": "network"} not in made["linux"]["namespaces"]
    assert [mount["destination"] for mount in made["mounts"]] == ["/proc", "/dev/shm", "/dev/isobench/init"]
    assert made["hostname"] == "box"


def test_a_volume_is_mounted_in_the_guest_and_bound_into_the_container() -> None:
    container = Container("0", "box", "isobench.0", "/dev/vda", 256 << 20, ("/dev/vdb", "/data"))
    made = configuration(container, from_config(DOCKERS))
    assert made["mounts"][-1]["source"] == "/run/0/volume"
    assert made["mounts"][-1]["destination"] == "/data"
    said = start(container, from_config(DOCKERS), 1)
    assert said.startswith(
        commands.mount("/dev/vda", "/run/0/rootfs", "ext4") + commands.mount("/dev/vdb", "/run/0/volume", "ext4")
    )


def test_it_is_run_with_its_port_handed_down() -> None:
    said = start(CONTAINER, from_config(DOCKERS), 7)
    text = json.dumps(configuration(CONTAINER, from_config(DOCKERS)), separators=(",", ":"))
    assert said.endswith(
        commands.run(7, ["/bin/nest", "isobench.0", "/run/0/config.json", text, "/bin/runc", "--root", "/run/runc",
                         "run", "--preserve-fds", "1", "--bundle", "/run/0", "0"])
    )  # fmt: skip


def test_a_configuration_that_no_program_can_be_given_is_refused() -> None:
    endless = Defaults({}, {"names": ["x" * (128 << 10)]}, (), (), (), ())
    with pytest.raises(UsageError, match="configuration is too long"):
        start(CONTAINER, endless, 1)


def test_the_further_port_stands_beside_what_is_laid_over_the_domain() -> None:
    extra = Tree.Element("domain")
    Tree.SubElement(Tree.SubElement(extra, "devices"), "sound", model="ich9")
    made = with_port(extra, "isobench.agent", Path("/run/x/agent"))
    assert [child.tag for child in made.findall("devices/*")] == ["sound", "channel"]
    assert made.find("devices/channel/target").attrib == {"type": "virtio", "name": "isobench.agent"}  # type: ignore[union-attr]
    assert extra.find("devices/channel") is None
    assert with_port(None, "a", Path("/b")).find("devices/channel/source").attrib["path"] == "/b"  # type: ignore[union-attr]


def test_the_libraries_of_a_program_are_its_loader_and_what_it_links() -> None:
    found = libraries(Path("/bin/ls"))
    assert any(path.name.startswith("libc.so") for path in found)
    assert all(path.is_file() for path in found)
