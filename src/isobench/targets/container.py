"""The request that creates a container, from plain values: Docker's defaults, confined as the target's options say."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from isobench.guest.build import GuestBinaries
from isobench.model.target import Option
from isobench.targets.base import Prepared

if TYPE_CHECKING:
    from isobench.engines.docker import DockerEngine

_TMPFS = {"/tmp": "mode=1777", "/run": "mode=755"}  # noqa: S108 - a path inside
# What init needs to run commands as another user and to end them; after setuid that user's processes have none.
_TO_BECOME_USER = ("KILL", "SETGID", "SETUID")


def creation(
    engine: DockerEngine, prepared: Prepared, guest: GuestBinaries, options: Mapping[str, Option], folder: Path,
    name: str, address: str, cores: str, parent: str,
) -> dict[str, Any]:  # fmt: skip
    """Return the arguments of ``create_container`` for one instance."""
    api, workload = engine.api, prepared.workload
    return {
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
        # An anonymous volume: it goes with the container.
        "volumes": [workload.volume.path] if workload.volume else None,
        "networking_config": api.create_networking_config(
            {engine.network_name: api.create_endpoint_config(ipv4_address=address)}
        ),
        "host_config": api.create_host_config(
            # The one init in the cache is bound over, so that all instances share its pages.
            binds=[f"{folder}:/dev/isobench:ro", f"{guest.init}:/dev/isobench/init:ro"],
            cgroup_parent=parent,
            mem_limit=workload.resources.memory,
            memswap_limit=workload.resources.memory,
            cpuset_cpus=cores,
            network_mode=engine.network_name,
            log_config={"type": "none"},
            **confinement(options, prepared),
        ),
    }


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
