"""What the images part knows: values only."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

from isobench.model import Workload

DockerApi: TypeAlias = Any
"""docker.APIClient, which ships no types of its own; imported only where Docker is used."""


@dataclass(frozen=True, slots=True)
class Image:
    """A container image with what its configuration says of running it.

    ``command`` is ENTRYPOINT, then CMD; ``entrypoint`` the former alone.
    """

    id: str
    tag: str
    env: tuple[tuple[str, str], ...]
    cwd: str
    user: str
    stored_bytes: int
    command: tuple[str, ...] = ()
    entrypoint: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Source:
    """Where an image comes from. ``name`` may be published: a reference, or a file's name without its folders.

    ``archive`` is what ``docker save`` writes, ``rootfs`` the tar of a root file system. ``path`` is the file's, of no
    meaning for a reference.
    """

    kind: Literal["dockerfile", "reference", "archive", "rootfs"]
    name: str
    path: Path = Path()


@dataclass(frozen=True, slots=True)
class Brought(Workload):
    """A workload on an image that is not built from its own folder.

    Without a ``command`` it runs what its image names: see ``isobench.workloads.bring.settle``.
    """

    source: Source = Source("reference", "")


@dataclass(frozen=True, slots=True)
class Rootfs:
    """An image's exported root file system: the folder, its digest and its sizes in bytes."""

    folder: Path
    digest: str
    file_bytes: int
    stored_bytes: int
    compressed_bytes: int

    @property
    def tree(self) -> Path:
        """The file system itself; read only by agreement."""
        return self.folder / "tree"


@dataclass(frozen=True, slots=True)
class Kernel:
    """The guest's kernel and, for each virtio transport, its initramfs."""

    release: str
    package: str
    image: Path
    initramfs: dict[str, Path]
    digest: str

    def size(self, transport: str) -> int:
        """Return what a VM must ship: kernel and initramfs, bytes."""
        return self.image.stat().st_size + self.initramfs[transport].stat().st_size
