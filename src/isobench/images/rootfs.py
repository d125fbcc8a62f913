"""Image to root file system: exported once, extracted with owners and attributes, and given its digest."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from isobench.host import overlay
from isobench.host.process import run
from isobench.images import manifest
from isobench.images.cache import entry, read_json, write_json
from isobench.images.types import DockerApi, Image, Rootfs
from isobench.images.unpack import unpack


def ensure_rootfs(api: DockerApi, image: Image, cache: Path) -> Rootfs:
    """Return the image's root file system, exported first when it is not in the cache.

    An image's set-user-id programs and devices work in the cache as well, so nobody but the owner may reach them.
    """
    folder = cache / "rootfs" / image.id.removeprefix("sha256:")[:16]
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.parent.chmod(0o700)
    entry(folder, lambda scratch: _export(api, image, scratch))
    facts = read_json(folder / "facts.json")
    return Rootfs(
        folder=folder,
        digest=facts["digest"],
        file_bytes=facts["file_bytes"],
        stored_bytes=facts["stored_bytes"],
        compressed_bytes=facts["compressed_bytes"],
    )


def _export(api: DockerApi, image: Image, scratch: Path) -> None:
    tree = scratch / "tree"
    tree.mkdir(mode=0o755)
    container = api.create_container(image.id, command=["-"], labels={"isobench": "export"})["Id"]
    try:
        compressed = unpack(api.export(container), tree, image.tag)
    finally:
        _remove(api, container)
    with (scratch / "manifest.txt").open("w", encoding="utf-8", errors="surrogateescape") as file:
        digest = manifest.digest(_written(manifest.manifest(tree), file))
    file_bytes, stored = manifest.sizes(tree)
    write_json(
        scratch / "facts.json",
        {
            "image": image.id,
            "digest": digest,
            "file_bytes": file_bytes,
            "stored_bytes": stored,
            "compressed_bytes": compressed,
        },
    )


def _remove(api: DockerApi, container: str) -> None:
    """Remove a container that was exported, and the mount of its layers: Docker 26 leaves it where it was."""
    data = (api.inspect_container(container).get("GraphDriver") or {}).get("Data") or {}
    api.remove_container(container, force=True)
    if (merged := data.get("MergedDir")) and overlay.at(merged):
        run(["umount", "--lazy", "--", merged], check=False)


def _written(lines: Iterator[str], file: TextIO) -> Iterator[str]:
    for line in lines:
        file.write(line + "\n")
        yield line
