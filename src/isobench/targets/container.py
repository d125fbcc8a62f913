"""The request that creates a container: Docker's defaults, changed as the options say; and where its data then lies."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from isobench.guest.build import GuestBinaries
from isobench.host.facts import backing
from isobench.images.types import DockerApi
from isobench.model import Volume
from isobench.model.sample import Fact
from isobench.model.target import Option
from isobench.targets.base import Prepared

if TYPE_CHECKING:
    from isobench.engines.bridge import Network

_TMPFS = {"/tmp": "mode=1777", "/run": "mode=755"}  # noqa: S108 - a path inside
# What init needs to run commands as another user and to end them; after setuid that user's processes have none.
_TO_BECOME_USER = ("KILL", "SETGID", "SETUID")


class Engine(Protocol):
    """An engine with Docker's interface, and the network on which its containers meet the host."""

    @property
    def api(self) -> DockerApi:
        """The client of docker-py, for instances."""

    @property
    def network(self) -> Network:
        """The bridge's network."""

    @property
    def network_name(self) -> str:
        """The engine's own name for it."""

    def ensure_answers(self) -> bool:
        """Return whether the engine answered at once; one that did not is back afterwards, or HarnessError."""


def creation(
    engine: Engine, prepared: Prepared, guest: GuestBinaries, options: Mapping[str, Option], folder: Path, store: Path,
    name: str, address: str, cores: str, parent: str, hosts: Mapping[str, str] | None = None, kept: str = "",
) -> dict[str, Any]:  # fmt: skip
    """Return the arguments of ``create_container`` for one instance; ``store`` takes what lies on the host's disk.

    ``hosts`` are the addresses of an application's other members, by name; ``kept`` is a volume that outlives it.
    """
    api, workload = engine.api, prepared.workload
    place = storage(options, prepared, store, kept)
    request: dict[str, Any] = {
        "image": prepared.image.id,
        "name": f"isobench-{name}",
        "hostname": name,
        "labels": {"isobench": name},
        "user": "0:0",
        "entrypoint": ["/dev/isobench/init"],
        "command": ["/dev/isobench/channel"],
        # An image's own (nginx asks for SIGQUIT, say) would not reach the injected init, nor would its probe.
        "stop_signal": "SIGTERM",
        "healthcheck": {"test": ["NONE"]},
        "volumes": place.get("volumes"),
    }
    if "working_dir" in place:
        request["working_dir"] = place["working_dir"]
    mode = str(options.get("network", "bridge"))
    if mode == "bridge":
        mode = engine.network_name
        endpoint = api.create_endpoint_config(ipv4_address=address)
        request["networking_config"] = api.create_networking_config({mode: endpoint})
    host = confinement(options, prepared)
    if scratch := {**host.get("tmpfs", {}), **place.get("tmpfs", {})}:
        host["tmpfs"] = scratch
    if options.get("pid") == "host":
        host["pid_mode"] = "host"
    if hosts:
        host["extra_hosts"] = dict(hosts)
    if "runtime" in options:
        host["runtime"] = options["runtime"]
    request["host_config"] = api.create_host_config(
        # The one init in the cache is bound over, so that all instances share its pages.
        binds=[f"{folder}:/dev/isobench:ro", f"{guest.init}:/dev/isobench/init:ro", *place.get("binds", ())],
        cgroup_parent=parent,
        mem_limit=workload.resources.memory,
        memswap_limit=workload.resources.memory,
        cpuset_cpus=cores,
        network_mode=mode,
        log_config={"type": "none"},
        **host,
    )
    return request


def storage(options: Mapping[str, Option], prepared: Prepared, store: Path, kept: str = "") -> dict[str, Any]:
    """Return the parts of the request that put the workload's volume where the option ``storage`` says.

    ``kept`` names one that was there before: a volume of the engine's, or a folder.
    """
    volume = prepared.workload.volume
    if volume is None:
        return {}
    match options.get("storage", "volume"):
        case "layer":
            # The engine makes a container's working folder where its image lacks it; init has one of its own.
            return {"working_dir": volume.path}
        case "bind":
            return {"binds": [f"{kept or store / 'volume'}:{volume.path}"]}
        case "tmpfs":
            return {"tmpfs": {volume.path: f"mode=1777,size={volume.size}"}}
        case _:
            # An anonymous volume goes with the container.
            return {"binds": [f"{kept}:{volume.path}"]} if kept else {"volumes": [volume.path]}


def confinement(options: Mapping[str, Option], prepared: Prepared) -> dict[str, Any]:
    """Return what a target's options add to the container's host configuration: nothing where there are none."""
    added: dict[str, Any] = {}
    if options.get("capabilities") == "declared":
        user = prepared.image.user.partition(":")[0]
        of_init = () if user in ("", "0", "root") else _TO_BECOME_USER
        added |= {"cap_drop": ["ALL"], "cap_add": sorted({*prepared.workload.capabilities, *of_init})}
    if options.get("no_new_privileges"):
        added["security_opt"] = ["no-new-privileges:true"]
    if options.get("read_only"):
        volume = prepared.workload.volume
        scratch = {path: how for path, how in _TMPFS.items() if volume is None or path != volume.path}
        added |= {"read_only": True, "tmpfs": scratch}
    if "pids_limit" in options:
        added["pids_limit"] = options["pids_limit"]
    return added


def stored(told: Mapping[str, Any], volume: Volume | None, folder: Path | None) -> dict[str, Fact]:
    """Return the facts of an inspected container's storage: that of the volume where there is one, else the layer's.

    ``folder`` is the one that takes what is written to the layer, None where it is not known.
    What is flushed reaches the device from all of them but memory; ``storage_device`` and ``storage_filesystem`` are
    what lies behind on this host.
    """
    # With the containerd image store there is no graph driver: a snapshotter has its place.
    driver = (told.get("GraphDriver") or {}).get("Name") or told.get("Driver") or "unknown"
    layer = f"{driver} on the engine's store"
    if volume is None:
        return {"storage": layer, **_class(folder)}
    mounts = {mount["Destination"]: mount for mount in told.get("Mounts") or ()}
    if volume.path in (told["HostConfig"].get("Tmpfs") or {}):
        return {"storage": f"{layer}; volume in memory (tmpfs)", "durability": "volatile",
                "storage_device": "memory", "storage_filesystem": "tmpfs"}  # fmt: skip
    if (mount := mounts.get(volume.path)) is None:
        return {"storage": f"{layer}; volume on the writable layer", **_class(folder)}
    kind = "a folder of the host" if mount["Type"] == "bind" else "a local volume"
    return {"storage": f"{layer}; volume on {kind}", **_class(mount.get("Source"))}


def _class(folder: str | Path | None) -> dict[str, Fact]:
    if not folder:
        return {"durability": "device"}
    device, filesystem = backing(Path(folder))
    durability = "volatile" if filesystem == "tmpfs" else "device"
    return {"durability": durability, "storage_device": device, "storage_filesystem": filesystem}
