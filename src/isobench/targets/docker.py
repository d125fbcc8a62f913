"""``docker``: a container over the engine's own API, with Docker's defaults or confined as the target's options say."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self

from pydantic import Field, model_validator

from isobench.engines import docker, runtimes
from isobench.errors import HarnessError
from isobench.guest.build import GuestBinaries
from isobench.host.cgroup import Cgroup
from isobench.host.cgroup.slice import Slice
from isobench.host.paths import Paths
from isobench.host.process import remove_tree
from isobench.images.manifest import sizes
from isobench.model import TargetSpec
from isobench.targets.base import Prepared, Slot
from isobench.targets.container import Engine, creation
from isobench.targets.docker_instance import DockerInstance
from isobench.targets.kind import Opened, Options, Traits

if TYPE_CHECKING:
    from isobench.house import House


class DockerTarget:
    """Containers of one engine. ``store`` takes the folders that are bound in; else they lie in the instance's own."""

    def __init__(self, spec: TargetSpec, engine: Engine, guest: GuestBinaries, store: Path | None = None) -> None:
        self.spec = spec
        self._engine = engine
        self._guest = guest
        self._store = store
        self._layers: dict[str, tuple[Path, ...]] = {}
        self._sizes: dict[Path, int] = {}
        self._systemd = engine.api.info()["CgroupDriver"] == "systemd"

    def prepare(self, prepared: Prepared) -> None:
        """Do nothing: the image is in the engine's store."""

    def instance(self, prepared: Prepared, slot: Slot) -> DockerInstance:
        """Return an instance that is not created yet."""
        return self._kind_of_instance()(
            prepared, slot, self._engine, self._guest, self.spec.options, self._folder(slot), self._layers,
            systemd=self._systemd,
        )  # fmt: skip

    @contextmanager
    def volume(self, prepared: Prepared, slot: Slot) -> Iterator[str]:
        """Make a named volume of the engine, or a folder that is bound in, as the option ``storage`` says."""
        match self.spec.options.get("storage", "volume"):
            case "volume":
                name = f"isobench-{slot.id}"
                self._engine.api.create_volume(name, labels={"isobench": slot.id})
                try:
                    yield name
                finally:
                    self._engine.api.remove_volume(name, force=True)
            case "bind":
                folder = self._folder(slot).with_suffix(".kept")
                try:
                    # What an image's users may set-user-id is nobody else's to run.
                    folder.mkdir(parents=True, mode=0o700)
                    (folder / "volume").mkdir()
                    yield str(folder / "volume")
                finally:
                    remove_tree(folder)
            case _:
                yield ""

    def group(self, name: str, cores: str) -> Cgroup:
        """Return the group that holds those of an application's members, of the kind that theirs are."""
        return (Slice if self._systemd else Cgroup)(name, cores=cores)

    def _folder(self, slot: Slot) -> Path:
        return self._store / slot.id if self._store else slot.folder / "store"

    def _kind_of_instance(self) -> type[DockerInstance]:
        return DockerInstance

    def sizes(self, prepared: Prepared) -> dict[str, float]:
        """Return what the image's unpacked layers take, once an instance has shown where they lie."""
        layers = self._layers.get(prepared.image.id)
        return {"stored_bytes": float(self._allocated(layers))} if layers is not None else {}

    def _allocated(self, layers: tuple[Path, ...]) -> int:
        """Return the bytes that layers take; they do not change, so each is looked through once."""
        for layer in layers:
            if layer not in self._sizes:
                self._sizes[layer] = sizes(layer)[1]
        return sum(self._sizes[layer] for layer in layers)

    def describe(self, prepared: Prepared) -> dict[str, str]:
        """Return the API's request to create the container."""
        request = creation(
            self._engine, prepared, self._guest, self.spec.options, Path("RUN/ID"), Path("STORE/ID"), "ID",
            "ADDRESS", "CORES", "PARENT",
        )  # fmt: skip
        return {"create": json.dumps(request, sort_keys=True, default=str)}


class ContainerOptions(Options):
    """How far containers are confined and where their volume lies. Without any option, all is Docker's default."""

    capabilities: Literal["default", "declared"] = "default"
    no_new_privileges: bool = False
    read_only: bool = False
    pids_limit: int | None = Field(default=None, ge=16)
    storage: Literal["volume", "layer", "bind", "tmpfs"] = "volume"

    @model_validator(mode="after")
    def _layer_is_writable(self) -> Self:
        if self.storage == "layer" and self.read_only:
            raise ValueError("storage = 'layer' needs a root that is not read_only")
        return self


class DockerOptions(ContainerOptions):
    """The options of ``docker``: those of a container, its network, whose processes it sees, and a runtime."""

    network: Literal["bridge", "host", "none"] = "bridge"
    pid: Literal["private", "host"] = "private"
    runtime: str | None = Field(default=None, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")


class DockerKind:
    """Containers of the house's one Docker engine."""

    options = DockerOptions
    traits = Traits("$CACHE/docker", "veth on isobench's bridge", ("docker", "containerd", "runc"))

    def unavailable(self, spec: TargetSpec, paths: Paths) -> str | None:
        """Return why no Docker can be reached or started here, or why it cannot have the runtime."""
        runtime = spec.options.get("runtime")
        return docker.unavailable(paths) or (runtimes.unknown(str(runtime)) if runtime else None)

    def open(self, spec: TargetSpec, house: House) -> Opened:
        """Return the target. A runtime that is named has run a container first; HarnessError where it cannot."""
        if runtime := spec.options.get("runtime"):
            network = str(spec.options.get("network", "bridge"))
            trial = house.once(
                f"runtime {runtime} {network}",
                lambda: runtimes.tried(house.docker, house.guest, house.paths.run, str(runtime), network),
            )
            if trial.reason:
                raise HarnessError(f"the runtime {runtime} runs no container here: {trial.reason}")
        return Opened(DockerTarget(spec, house.docker, house.guest, house.store))


KIND = DockerKind()
