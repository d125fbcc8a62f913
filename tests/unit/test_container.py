"""What a docker target's options add to the request that creates its containers."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import docker
import pytest

from isobench.engines import gvisor, runtimes
from isobench.engines.bridge import Network
from isobench.errors import UsageError
from isobench.guest.build import GuestBinaries
from isobench.images.types import Image, Rootfs
from isobench.model import Ready, Resources, Volume, Workload
from isobench.model.target import Option
from isobench.targets import base, catalog
from isobench.targets.base import Prepared
from isobench.targets.container import confinement, creation, stored
from isobench.workloads import load_one

SPECS = catalog.load_all([Path(base.__file__).parent / "targets.toml"])
HARDENED = SPECS["docker-hardened"].options
WORKLOAD = Workload("w", "t", "d", Path("/w"), ("true",), Ready("start"), Resources(1, 1 << 27, 1 << 25), ())
PREPARED = Prepared(WORKLOAD, Image("sha256:1", "t", (), "/", "", 1), Rootfs(Path("/r"), "sha256:2", 1, 1, 1))


def test_docker_adds_nothing_to_dockers_defaults() -> None:
    assert (
        confinement(SPECS["docker"].options, replace(PREPARED, workload=replace(WORKLOAD, capabilities=("KILL",))))
        == {}
    )


def test_hardened_takes_all_away() -> None:
    assert confinement(HARDENED, PREPARED) == {
        "cap_drop": ["ALL"], "cap_add": [], "security_opt": ["no-new-privileges:true"], "read_only": True,
        "tmpfs": {"/tmp": "mode=1777", "/run": "mode=755"}, "pids_limit": 512,
    }  # fmt: skip


def test_a_declared_capability_is_given() -> None:
    prepared = replace(PREPARED, workload=replace(WORKLOAD, capabilities=("NET_BIND_SERVICE", "CHOWN")))
    assert confinement(HARDENED, prepared)["cap_add"] == ["CHOWN", "NET_BIND_SERVICE"]


def test_init_can_become_the_images_user_and_end_its_processes() -> None:
    prepared = replace(PREPARED, image=replace(PREPARED.image, user="redis:redis"))
    assert confinement(HARDENED, prepared)["cap_add"] == ["KILL", "SETGID", "SETUID"]
    for root in ("0:0", "root"):
        prepared = replace(PREPARED, image=replace(PREPARED.image, user=root))
        assert confinement(HARDENED, prepared)["cap_add"] == []


def test_a_volume_takes_the_place_of_a_scratch_folder() -> None:
    prepared = replace(PREPARED, workload=replace(WORKLOAD, volume=Volume("/tmp", 1 << 20)))
    assert list(confinement(HARDENED, prepared)["tmpfs"]) == ["/run"]


@pytest.mark.parametrize(("asked", "said"), [("CHOWN", None), ("SYS_ADMIN", r"capabilities\.1: Input should be 'AUD")])
def test_a_workload_declares_what_every_target_can_give(tmp_path: Path, asked: str, said: str | None) -> None:
    text = (Path(__file__).parents[2] / "workloads" / "idle" / "workload.toml").read_text(encoding="utf-8")
    (tmp_path / "workload.toml").write_text(f'capabilities = ["{asked}"]\n{text}', encoding="utf-8")
    if said is None:
        assert load_one(tmp_path).capabilities == (asked,)
    else:
        with pytest.raises(UsageError, match=said):
            load_one(tmp_path)


VOLUME = replace(PREPARED, workload=replace(WORKLOAD, volume=Volume("/data", 1 << 20)))
GUEST = GuestBinaries(Path("/g/init"), Path("/g/stage1"), Path("/g/nest"), Path("/g/native"), Path("/g/enter"), "d")


@dataclass(frozen=True)
class NoEngine:
    """What the request is made from: docker-py's own client, which asks nothing of an engine for it."""

    network: Network = field(
        default_factory=lambda: Network("isobr0", ipaddress.IPv4Network("10.1.2.0/24"), "10.1.2.1")
    )
    network_name: str = "isobench"
    api: Any = field(default_factory=lambda: docker.APIClient(base_url="unix:///nowhere", version="1.41"))

    def ensure_answers(self) -> bool:
        return True


def request(options: dict[str, Option]) -> dict[str, Any]:
    engine, run, store = NoEngine(), Path("/run/i"), Path("/store/i")
    return creation(engine, VOLUME, GUEST, options, run, store, "i", "10.1.2.7", "1", "/isobench/i")


@pytest.mark.parametrize(
    ("options", "volumes", "bound", "tmpfs", "folder"),
    [
        ({}, ["/data"], [], None, None),
        ({"storage": "layer"}, None, [], None, "/data"),
        ({"storage": "bind"}, None, ["/store/i/volume:/data"], None, None),
        ({"storage": "tmpfs"}, None, [], {"/data": "mode=1777,size=1048576"}, None),
    ],
)
def test_the_volume_lies_where_the_option_says(
    options: dict[str, Option], volumes: object, bound: list[str], tmpfs: object, folder: str | None
) -> None:
    made = request(options)
    assert made["volumes"] == volumes
    assert made["host_config"]["Binds"][2:] == bound
    assert made["host_config"].get("Tmpfs") == tmpfs
    assert made.get("working_dir") == folder


def test_a_volume_in_memory_stands_beside_a_read_only_roots_scratch() -> None:
    scratch = request({"storage": "tmpfs", "read_only": True})["host_config"]["Tmpfs"]
    assert set(scratch) == {"/tmp", "/run", "/data"}


def test_only_a_container_on_the_bridge_has_an_address() -> None:
    made = request({})
    assert made["host_config"]["NetworkMode"] == "isobench"
    endpoint = made["networking_config"]["EndpointsConfig"]["isobench"]
    assert endpoint["IPAMConfig"]["IPv4Address"] == "10.1.2.7"
    for network in ("host", "none"):
        made = request({"network": network})
        assert made["host_config"]["NetworkMode"] == network
        assert "networking_config" not in made


def test_the_runtime_is_named_only_where_one_was_chosen() -> None:
    assert "Runtime" not in request({})["host_config"]
    assert request({"runtime": "crun"})["host_config"]["Runtime"] == "crun"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"storage": "layer", "read_only": True}, "needs a root that is not read_only"),
        ({"network": "macvlan"}, r"options\.network"),
        ({"runtime": "../runc"}, r"options\.runtime"),
        ({"storage": "nfs"}, r"options\.storage"),
    ],
)
def test_what_no_container_can_be_is_refused(options: dict[str, Option], said: str) -> None:
    table = {"kind": "docker", "title": "t", "description": "d", "isolates": "i", "options": options}
    with pytest.raises(UsageError, match=said):
        catalog.build(Path("targets.toml"), "mine", table)


def test_the_facts_are_those_of_what_is_mounted() -> None:
    told: dict[str, Any] = {"GraphDriver": {"Name": "overlay2", "Data": {}}, "HostConfig": {}}
    volume = Volume("/data", 1)
    assert stored(told, None, None) == {"storage": "overlay2 on the engine's store", "durability": "device"}
    assert str(stored(told, volume, None)["storage"]).endswith("volume on the writable layer")
    bound = told | {"Mounts": [{"Type": "bind", "Source": "/proc", "Destination": "/data"}]}
    assert stored(bound, volume, None)["storage_filesystem"] == "proc"
    assert stored(told, None, Path("/proc"))["storage_filesystem"] == "proc"
    assert "overlayfs on" in str(stored({"Driver": "overlayfs", "HostConfig": {}}, None, None)["storage"])
    memory = told | {"HostConfig": {"Tmpfs": {"/data": ""}}}
    assert stored(memory, volume, None)["durability"] == "volatile"


MODES: dict[str, object] = {
    f"runsc-{platform}-{network}": {} for platform in ("kvm", "ptrace") for network in ("sandbox", "host", "none")
}


def test_a_platform_that_hangs_is_tried_once() -> None:
    asked = []

    def attempt(runtime: str, network: str) -> runtimes.Trial:
        asked.append((runtime, network))
        if "kvm" in runtime:
            return runtimes.Trial("silent", late=True)
        return runtimes.Trial("refused" if runtime.endswith("sandbox") else None)

    choice = gvisor.choose(MODES, attempt)
    assert asked == [
        ("runsc-kvm-sandbox", "bridge"),
        ("runsc-ptrace-sandbox", "bridge"),
        ("runsc-ptrace-host", "bridge"),
    ]
    assert (choice.runtime, choice.network) == ("runsc-ptrace-host", "bridge")
    assert choice.reason == "runsc-kvm-sandbox: silent; runsc-ptrace-sandbox: refused"


def test_a_choice_is_kept_until_what_it_rests_on_changes(tmp_path: Path) -> None:
    asked = []

    def attempt(runtime: str, network: str) -> runtimes.Trial:
        asked.append(runtime)
        return runtimes.Trial(None)

    first = gvisor.probe(MODES, "engine 1", tmp_path, attempt)
    assert gvisor.probe(MODES, "engine 1", tmp_path, attempt) == first
    assert len(asked) == 1
    gvisor.probe(MODES, "engine 2", tmp_path, attempt)
    assert len(asked) == 2


def test_a_runsc_that_is_the_users_own_is_taken_as_it_is() -> None:
    assert runtimes.runsc_modes({"runc": {}, "runsc": {}}) == {"runsc": [("runsc", "bridge"), ("runsc", "none")]}
    assert gvisor.choose({"runc": {}}, lambda *_: runtimes.Trial(None)).reason == "Docker knows no runtime runsc"


def test_a_host_on_which_no_mode_worked_is_told_so_without_another_try(tmp_path: Path) -> None:
    assert gvisor.known_fault(tmp_path) is None
    gvisor.probe(MODES, "engine", tmp_path, lambda *_: runtimes.Trial("refused", late=True))
    assert gvisor.known_fault(tmp_path) == "runsc-kvm-sandbox: refused; runsc-ptrace-sandbox: refused"
