"""``podman``: a container of a private Podman, asked through its Docker-compatible socket."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from isobench.engines import docker, podman
from isobench.errors import HarnessError
from isobench.guest.build import GuestBinaries
from isobench.host.paths import Paths
from isobench.model import TargetSpec
from isobench.targets.abilities import UnableError
from isobench.targets.base import Prepared
from isobench.targets.docker import ContainerOptions, DockerTarget
from isobench.targets.docker_instance import DockerInstance
from isobench.targets.kind import Opened, Traits

if TYPE_CHECKING:
    from isobench.engines.docker import DockerEngine
    from isobench.engines.podman import PodmanEngine
    from isobench.house import House


class PodmanTarget(DockerTarget):
    """Containers of Podman; the images are those that Docker has built, by the same digest."""

    def __init__(
        self, spec: TargetSpec, engine: PodmanEngine, guest: GuestBinaries, store: Path, source: DockerEngine
    ) -> None:
        super().__init__(spec, engine, guest, store)
        self._podman = engine
        self._source = source

    def prepare(self, prepared: Prepared) -> None:
        """Load the image into Podman's store, where it is not there yet."""
        self._podman.load(self._source.builder, prepared.image.id)

    def _kind_of_instance(self) -> type[DockerInstance]:
        return PodmanInstance


class PodmanInstance(DockerInstance):
    """One container; of what its engine could do, what the Docker-compatible socket offers."""

    restarter = "Podman's restart policy always, which has no back-off"

    def pause(self) -> int | None:
        """Pause it; return None: Podman's events come from a log, looked at four times a second."""
        self._api.pause(self._name)
        return None

    def save(self) -> int:
        """Refuse."""
        raise UnableError("Podman's Docker-compatible socket offers no checkpoint")


class PodmanKind:
    """Containers of a Podman of isobench's own."""

    options = ContainerOptions
    traits = Traits("$CACHE/podman", "veth on isobench's bridge", ("podman", "runc"))

    def unavailable(self, spec: TargetSpec, paths: Paths) -> str | None:
        """Return why not: images are built by Docker, containers made by Podman with runc."""
        return docker.unavailable(paths) or podman.unavailable()

    def open(self, spec: TargetSpec, house: House) -> Opened:
        """Return the target; raises HarnessError with Podman's own words where it does not come up."""
        if reason := podman.unavailable():
            raise HarnessError(reason)
        engine = house.once("podman", lambda: _open(house))
        return Opened(PodmanTarget(spec, engine, house.guest, house.store, house.docker))


KIND = PodmanKind()


def _open(house: House) -> PodmanEngine:
    house.say("starting Podman")
    engine = house.stack.enter_context(podman.podman_engine(house.paths, house.docker.network))
    house.versions |= engine.versions()
    return engine
