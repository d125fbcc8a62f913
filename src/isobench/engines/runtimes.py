"""OCI runtimes beside runc: which ones the private dockerd is told of, and whether one runs a container here."""

from __future__ import annotations

import io
import json
import os
import secrets
import shutil
import signal
import socket
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from isobench.errors import SampleError
from isobench.guest.build import GuestBinaries
from isobench.guest.channel import Channel
from isobench.guest.frames import Init
from isobench.host.cgroup import Cgroup
from isobench.host.cgroup.slice import Slice
from isobench.host.process import command_lines

if TYPE_CHECKING:
    from isobench.engines.docker import DockerEngine

LIMIT = 10.0
"""Seconds that each step of a trial may take."""

_PLAIN = ("crun", "kata-runtime", "youki")
_SHIMS = "io.containerd."
"""A name with it is a shim's, which newer engines find by themselves."""
_PLATFORMS = ("systrap", "kvm", "ptrace")
_NETWORKS = ("sandbox", "host", "none")
_HOST_SOCKETS = "--host-uds=open"
"""The channel is a unix socket of the host, which runsc opens only where it is told to."""
_PARTS = ("runsc", "containerd-shim", "crun", "runc", "kata", "youki", "exe")


def runtimes() -> dict[str, dict[str, Any]]:
    """Return the value of ``runtimes`` in a daemon.json: every runtime installed here, runsc in each of its modes."""
    found: dict[str, dict[str, Any]] = {name: {"path": path} for name in _PLAIN if (path := shutil.which(name))}
    if runsc := shutil.which("runsc"):
        for platform in _PLATFORMS:
            for network in _NETWORKS:
                words = [f"--platform={platform}", f"--network={network}", _HOST_SOCKETS]
                found[f"runsc-{platform}-{network}"] = {"path": runsc, "runtimeArgs": words}
    return found


def runsc_modes(known: Mapping[str, Any]) -> dict[str, list[tuple[str, str]]]:
    """Return (runtime, Docker's network) by platform, the best first: ours, or whatever runsc the engine knows.

    ``sandbox`` is runsc's own network stack, ``host`` the kernel's in the container's network namespace.
    """
    ours = {
        platform: [(f"runsc-{platform}-{mode}", "none" if mode == "none" else "bridge") for mode in _NETWORKS]
        for platform in _PLATFORMS
        if f"runsc-{platform}-none" in known
    }
    return ours or {name: [(name, "bridge"), (name, "none")] for name in sorted(known) if name.startswith("runsc")}


def unknown(runtime: str) -> str | None:
    """Return why no Docker here can know a runtime, or None. Opens nothing: asks the user's engine or this host."""
    known = _of_own_engine() or ("runc", *runtimes())
    if runtime in known or runtime.startswith(_SHIMS):
        return None
    if path := shutil.which(runtime):
        return _untold(runtime, {"path": path})
    return f"{runtime} is not installed, nor among the runtimes of `docker info`: {', '.join(sorted(known))}"


def no_runsc() -> str | None:
    """Return why no Docker here can know runsc, or None."""
    if runsc_modes(dict.fromkeys(_of_own_engine() or runtimes())):
        return None
    if path := shutil.which("runsc"):
        return _untold("runsc", {"path": path, "runtimeArgs": [_HOST_SOCKETS]})
    return "runsc is not installed: install gVisor (on Debian the package runsc)"


def _untold(runtime: str, entry: dict[str, Any]) -> str:
    """Return what an administrator adds to the configuration of a Docker that has not been told of a runtime."""
    line = json.dumps({"runtimes": {runtime: entry}})
    return (
        f"{runtime} is installed, but the Docker that runs here has not been told: put {line} into"
        " /etc/docker/daemon.json, then systemctl restart docker"
    )


def _of_own_engine() -> tuple[str, ...]:
    import docker as library

    from isobench.engines import docker

    if (url := docker.own_url()) is None:
        return ()
    api = library.APIClient(base_url=url, version="auto", timeout=LIMIT)
    try:
        return tuple(api.info()["Runtimes"])
    finally:
        api.close()


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of trying a runtime: ``reason`` is None where init called; ``late`` where nothing came in time."""

    reason: str | None
    late: bool = False


def tried(
    engine: DockerEngine, guest: GuestBinaries, run_folder: Path, runtime: str, network: str, limit: float = LIMIT
) -> Trial:
    """Run init alone in a container of this runtime, limited as an instance is, and see it call; remove all of it.

    On the bridge the host must reach it, too.
    """
    import docker as library
    import requests

    name = f"probe-{secrets.token_hex(4)}"
    if runtime not in (known := engine.api.info()["Runtimes"]) and not runtime.startswith(_SHIMS):
        return Trial(f"it is none of those in `docker info`: {', '.join(sorted(known))}")
    api = library.APIClient(base_url=engine.url, version="auto", timeout=limit)
    try:
        with _surroundings(engine, run_folder / name) as (folder, cgroup), Channel(folder / "channel") as channel:
            with _container(engine, api, guest, folder, cgroup, runtime, network) as (container, address):
                api.start(container)
                channel.wait(Init, limit)
                if network == "bridge" and not _reached(address, limit):
                    return Trial("the host does not reach it over the bridge")
    except (requests.exceptions.Timeout, requests.exceptions.ConnectionError):
        return Trial(f"it did not start a container within {limit:g} s", late=True)
    except library.errors.DockerException as error:
        return Trial(" ".join(str(getattr(error, "explanation", None) or error).split())[-300:])
    except SampleError as error:
        return Trial(f"init did not call: {error.message}", late=error.outcome == "timeout")
    finally:
        api.close()
    return Trial(None)


def end_leftovers(container: str) -> list[str]:
    """Kill the processes of a container's runtime that outlived it, known by its id in their words; return a line each.

    A runsc container that failed to start leaves its gofer, its sandbox and its shim, which the engine forgets.
    """
    ended = []
    for pid, words in command_lines():
        name = Path(words[0]).name
        if name.startswith(_PARTS) and any(container in word for word in words[1:]):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
                ended.append(f"process {pid} ({name})")
    return ended


@contextmanager
def _surroundings(engine: DockerEngine, folder: Path) -> Iterator[tuple[Path, Cgroup]]:
    group = Slice if engine.api.info()["CgroupDriver"] == "systemd" else Cgroup
    folder.mkdir(parents=True)
    try:
        (folder / "init").touch()
        with group(folder.name) as cgroup:
            yield folder, cgroup
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _container(
    engine: DockerEngine, api: Any, guest: GuestBinaries, folder: Path, cgroup: Cgroup, runtime: str, network: str
) -> Iterator[tuple[str, str]]:
    """Make a container of an image with nothing in it; all of it is gone afterwards."""
    import docker as library

    image = f"isobench/{folder.name}"
    api.import_image_from_data(_empty(), repository=image, tag="probe")
    address = engine.network.address(0)
    mode = engine.network_name if network == "bridge" else network
    endpoint = {mode: api.create_endpoint_config(ipv4_address=address)}
    container = None
    try:
        container = api.create_container(
            f"{image}:probe", entrypoint=["/dev/isobench/init"], command=["/dev/isobench/channel"],
            labels={"isobench": folder.name},
            networking_config=api.create_networking_config(endpoint) if network == "bridge" else None,
            host_config=api.create_host_config(
                binds=[f"{folder}:/dev/isobench:ro", f"{guest.init}:/dev/isobench/init:ro"], runtime=runtime,
                network_mode=mode, mem_limit=1 << 28, log_config={"type": "none"}, cgroup_parent=cgroup.engine_parent,
            ),
        )["Id"]  # fmt: skip
        yield container, address
    finally:
        if container is not None:
            with suppress(library.errors.APIError):
                engine.api.kill(container)
            end_leftovers(container)
            engine.api.remove_container(container, force=True, v=True)
        with suppress(library.errors.APIError):
            engine.api.remove_image(f"{image}:probe", force=True)


def _empty() -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        for name in ("dev", "proc", "sys", "etc"):
            folder = tarfile.TarInfo(name)
            folder.type, folder.mode = tarfile.DIRTYPE, 0o755
            archive.addfile(folder)
    return made.getvalue()


def _reached(address: str, limit: float) -> bool:
    """Return whether a host's stack answers there: that nothing listens on the port is an answer."""
    try:
        socket.create_connection((address, 9), limit).close()
    except ConnectionRefusedError:
        return True
    except OSError:
        return False
    return True
