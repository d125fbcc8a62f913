"""``gvisor``: Docker's containers on runsc, whose own kernel answers their system calls; modes chosen by trying."""

from __future__ import annotations

import re
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from isobench.engines import docker, gvisor, runtimes
from isobench.errors import HarnessError, SampleError
from isobench.host import memory
from isobench.host.paths import Paths
from isobench.model import TargetSpec
from isobench.model.sample import Fact
from isobench.targets.base import Processes
from isobench.targets.docker import ContainerOptions, DockerTarget
from isobench.targets.docker_instance import DockerInstance
from isobench.targets.kind import Opened, Traits

if TYPE_CHECKING:
    from isobench.house import House

_GUEST_MEMORY = "/memfd:runsc-memory"
_HEADER = re.compile(r"^[0-9a-f]+-[0-9a-f]+ ")


class GvisorTarget(DockerTarget):
    """Containers of the house's Docker on one of runsc's modes."""

    def _kind_of_instance(self) -> type[DockerInstance]:
        return GvisorInstance


class GvisorKind:
    """Containers on gVisor; the mode is the first that works here."""

    options = ContainerOptions
    traits = Traits(
        "$CACHE/docker", "as gVisor was found to have one here", ("docker", "containerd", "runsc"), kernel="gVisor's"
    )

    def unavailable(self, spec: TargetSpec, paths: Paths) -> str | None:
        """Return why no Docker or no runsc is to be had; or why no mode worked when last tried."""
        if reason := docker.unavailable(paths) or runtimes.no_runsc():
            return reason
        fault = gvisor.known_fault(paths.cache)
        return f"runsc runs no container here: {fault}" if fault else None

    def open(self, spec: TargetSpec, house: House) -> Opened:
        """Return the target; raises HarnessError, naming what was tried, where no mode runs a container."""
        choice = house.once("gvisor", lambda: _chosen(house))
        if not choice.runtime:
            raise HarnessError(f"runsc runs no container here: {choice.reason}")
        options = {**spec.options, "runtime": choice.runtime, "network": choice.network}
        return Opened(GvisorTarget(replace(spec, options=options), house.docker, house.guest, house.store))


KIND = GvisorKind()


class GvisorInstance(DockerInstance):
    """One container in a sandbox: the shim, a gofer for its files, and the kernel of its own with what runs in it."""

    _container: str | None = None

    def surround(self, stack: ExitStack) -> None:
        """Refuse a service that nobody could reach: the sandbox has a loopback of its own."""
        workload = self.prepared.workload
        if self._network == "none" and (workload.service or any(job.on != "instance" for job in workload.jobs)):
            raise SampleError("error", "the workload serves a port, and gVisor runs here without a network only")
        super().surround(stack)

    def client_prefix(self) -> tuple[str, ...]:
        """Return no words: no namespace of the host's leads to the sandbox's own loopback."""
        return ()

    def processes(self) -> Processes:
        """Return all as helpers: what runs inside has no process that is its own alone."""
        found = super().processes()
        return Processes((), (*found.own, *found.helpers))

    def vmm_overhead(self) -> int:
        """Return the Pss of all but the file in memory that holds the sandbox's pages."""
        pids = self.processes().helpers
        return memory.pss(pids) - sum(_guest_memory(pid) for pid in pids)

    def facts(self) -> dict[str, Fact]:
        """Return a container's facts and runsc's version."""
        return super().facts() | {"gvisor": gvisor.version() or "unknown"}

    def remove(self) -> None:
        """Remove the container, and what runsc left of it."""
        super().remove()
        self._end_leftovers()

    def discard(self) -> None:
        """Remove the container in whatever state it is, and the processes that the engine has forgotten."""
        try:
            super().discard()
        finally:
            self._end_leftovers()

    def create(self) -> None:
        """Create the container and note its id, by which its processes are known."""
        super().create()
        self._container = str(self._api.inspect_container(self._name)["Id"])

    def _end_leftovers(self) -> None:
        if self._container:
            runtimes.end_leftovers(self._container)


def _chosen(house: House) -> gvisor.Gvisor:
    house.say("trying gVisor's platforms")
    engine = house.docker
    known = engine.api.info()["Runtimes"]

    def attempt(runtime: str, network: str) -> runtimes.Trial:
        return runtimes.tried(engine, house.guest, house.paths.run, runtime, network)

    choice = gvisor.probe(known, f"{engine.versions()['docker']} {engine.versions()['docker_engine']}",
                          house.paths.cache, attempt)  # fmt: skip
    if version := gvisor.version():
        house.versions["runsc"] = version
    return choice


def _guest_memory(pid: int) -> int:
    found, inside = 0, False
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps").read_text().splitlines():
            if _HEADER.match(line):
                inside = _GUEST_MEMORY in line
            elif inside and line.startswith("Pss:"):
                found += int(line.split()[1]) * 1024
    return found
