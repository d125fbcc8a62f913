"""Docker: the user's own local engine where one is reachable, else the embedded one."""

from __future__ import annotations

import logging
import os
import platform
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from isobench.engines.bridge import Network
from isobench.engines.dockerd import EmbeddedDocker
from isobench.engines.watch import Watch
from isobench.errors import HarnessError, UsageError
from isobench.host.cgroup import systemd
from isobench.host.paths import Paths
from isobench.images.types import DockerApi

_LOG = logging.getLogger(__name__)

NETWORK = "isobench"
_SYSTEM_SOCKET = Path("/var/run/docker.sock")
_SOON, _PATIENT = 30, 1800
_RETURN = 60.0
_TRIES = 2

T = TypeVar("T")


@dataclass(slots=True)
class DockerEngine:
    """A running engine and the network on which instances meet the host.

    ``api`` is for instances and gives up soon; ``builder`` has the patience that builds and exports need. ``daemon``
    is the embedded engine, None where the engine is the user's own, which is waited for as long as ``patience`` says.
    """

    api: DockerApi
    builder: DockerApi
    network: Network
    network_name: str
    url: str
    daemon: EmbeddedDocker | None
    patience: float = _RETURN

    def ensure_answers(self) -> bool:
        """Return whether the engine answered at once: one of our own that did not is started anew, another waited for.

        Raises HarnessError when it does not come back. Called around an instance's life, outside any measured time.
        """
        if _answers(self.url):
            return True
        if self.daemon is not None:
            _LOG.warning("the private Docker engine did not answer: it is started anew")
            self.daemon.restart()
        else:
            self._await_return()
        self.make_network()
        return False

    def watched(self, work: Callable[[], T]) -> T:
        """Return what ``work`` makes of calls to ``builder``; where the engine dies or freezes meanwhile, do it again.

        So ``work`` must be fit to be repeated. Raises HarnessError where the engine stays away, or is lost again.
        """
        for _ in range(_TRIES):
            with Watch(Path(self.url.removeprefix("unix://")), lambda: _answers(self.url)) as watch:
                try:
                    return work()
                except Exception as error:
                    raised = error
            if self.ensure_answers() and not watch.lost:
                raise raised
        raise HarnessError(f"the Docker engine was lost {_TRIES} times during one build", where=self.url) from raised

    def _await_return(self) -> None:
        if self.patience:
            _LOG.warning("the Docker engine does not answer: waiting up to %g s for it", self.patience)
        began = time.monotonic()
        while not _answers(self.url):
            if time.monotonic() - began > self.patience:
                # It was waited for once; from now on one look must do.
                self.patience = 0.0
                raise HarnessError("the Docker engine does not answer any more", where=self.url, mend="start it again")
            time.sleep(0.2)
        self.patience = _RETURN

    def make_network(self) -> None:
        """Make the network of the instances; what a killed run left of it, or on it, goes first."""
        import docker

        remove_stale(self.api)
        pool = docker.types.IPAMPool(subnet=str(self.network.subnet), gateway=self.network.gateway)
        self.api.create_network(
            self.network_name,
            driver="bridge",
            options={"com.docker.network.bridge.name": self.network.bridge},
            ipam=docker.types.IPAMConfig(pool_configs=[pool]),
            labels={"isobench": "network"},
        )
        if self.daemon is not None:
            self.daemon.note_firewall()

    def versions(self) -> dict[str, str]:
        """Return the versions of the engine and its parts, and how it stores and confines."""
        version, info = self.api.version(), self.api.info()
        parts = {part["Name"]: part["Version"] for part in version.get("Components", ())}
        return {
            "docker": version["Version"],
            "containerd": parts.get("containerd", "unknown"),
            "runc": parts.get("runc", "unknown"),
            "docker_storage": info["Driver"],
            "docker_cgroup_driver": info["CgroupDriver"],
            "docker_engine": "embedded" if self.daemon else "the host's own",
        }


def unavailable(paths: Paths) -> str | None:
    """Return why no Docker engine can be had here, or None."""
    if own_url() is not None:
        return None
    if os.geteuid() != 0:
        return "no Docker engine is reachable, and starting one needs root: run with sudo"
    missing = next((program for program in ("dockerd", "iptables") if shutil.which(program) is None), None)
    return f"no Docker engine is reachable, and to start one {missing} is not installed: ./bench" if missing else None


@contextmanager
def docker_engine(paths: Paths, network: Network) -> Iterator[DockerEngine]:
    """Give an engine with the network ``isobench`` on the bridge; what was started for it ends with it."""
    import docker

    with ExitStack() as stack:
        daemon = None
        if (url := own_url()) is None:
            daemon = EmbeddedDocker(paths, network.bridge)
            url = stack.enter_context(daemon)
        api, builder = (docker.APIClient(base_url=url, version="auto", timeout=limit) for limit in (_SOON, _PATIENT))
        stack.callback(builder.close)
        stack.callback(api.close)
        _refuse_desktop(api)
        engine = DockerEngine(api, builder, network, NETWORK, url, daemon)
        engine.make_network()
        stack.callback(_leave, engine)
        yield engine


def _leave(engine: DockerEngine) -> None:
    """Remove what is ours from an engine that goes on; a private one that does not answer is ended as it is."""
    if _answers(engine.url):
        remove_stale(engine.api)
    elif engine.daemon is None:
        _LOG.warning("the Docker engine does not answer: what isobench left there is removed by its next run")


def own_url() -> str | None:
    """Return the user's own engine where it is reachable; raises UsageError when the chosen one is remote."""
    chosen, where = os.environ.get("DOCKER_HOST"), "DOCKER_HOST"
    if not chosen:
        chosen, where = _context()
    url = chosen or (f"unix://{_SYSTEM_SOCKET}" if _SYSTEM_SOCKET.exists() else None)
    if url is None:
        return None
    if not url.startswith("unix://"):
        raise UsageError(
            f"{url} is a remote engine, which shares neither clock nor memory with this host",
            where=where, mend="choose a local one (unix://…), or none",
        )  # fmt: skip
    return url if _answers(url) else None


def _context() -> tuple[str | None, str]:
    """Return the endpoint of the current Docker context where the user chose one."""
    from docker.context import ContextAPI

    named = os.environ.get("DOCKER_CONTEXT")
    context: Any = ContextAPI.get_context(named) if named else ContextAPI.get_current_context()
    if context is None or context.Name == "default":
        return None, ""
    return context.Host, f"Docker context {context.Name}"


def _answers(url: str) -> bool:
    import docker

    try:
        client = docker.APIClient(base_url=url, version="auto", timeout=5)
        client.close()
    except (docker.errors.DockerException, OSError):
        return False
    return True


def _refuse_desktop(api: DockerApi) -> None:
    info = api.info()
    system = str(info.get("OperatingSystem", ""))
    if "Docker Desktop" in system:
        raise UsageError("Docker Desktop runs its containers in a VM of its own", mend="use a Linux engine")
    if info.get("KernelVersion") != platform.release():
        raise UsageError("the Docker engine runs on another kernel than this host's", mend="use a local engine")
    if info.get("CgroupDriver") == "systemd" and not systemd.manages():
        raise UsageError(
            "the Docker engine leaves control groups to systemd on cgroup v1, where systemd limits no cores",
            mend="boot with systemd.unified_cgroup_hierarchy=1, or set native.cgroupdriver=cgroupfs in daemon.json",
        )
    if any("rootless" in option for option in info.get("SecurityOptions") or ()):
        raise UsageError("a rootless Docker engine cannot use this host's bridge", mend="use a system engine")


def clean() -> list[str]:
    """Remove what a killed run left in the user's own engine, where one answers; return a line for each thing."""
    import docker

    if (url := own_url()) is None:
        return []
    api = docker.APIClient(base_url=url, version="auto", timeout=_SOON)
    try:
        return remove_stale(api)
    finally:
        api.close()


def remove_stale(api: DockerApi) -> list[str]:
    """Remove isobench's network and, where a killed run left some, its containers; return a line for each."""
    removed = []
    for container in api.containers(all=True, filters={"label": "isobench"}):
        api.remove_container(container["Id"], force=True, v=True)
        removed.append(f"container {container['Id'][:12]}")
    for volume in api.volumes(filters={"label": "isobench"})["Volumes"] or ():
        api.remove_volume(volume["Name"], force=True)
        removed.append(f"volume {volume['Name']}")
    for network in api.networks(names=[NETWORK]):
        if network["Name"] == NETWORK:
            api.remove_network(network["Id"])
            removed.append(f"network {NETWORK}")
    return removed
