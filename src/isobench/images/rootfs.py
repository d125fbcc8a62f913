"""Image to root file system: exported once, extracted with owners and attributes, and given its digest."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from pathlib import Path

from isobench.errors import HarnessError
from isobench.host.process import last_lines
from isobench.images import manifest
from isobench.images.cache import building, entry, read_json, write_json
from isobench.images.types import DockerApi, Image, Rootfs

_LEVEL = 3
"""zstd's level for ``image_size_compressed``, by definition."""


def ensure_rootfs(api: DockerApi, image: Image, cache: Path) -> Rootfs:
    """Return the image's root file system, exported first when it is not in the cache."""
    folder = cache / "rootfs" / image.id.removeprefix("sha256:")[:16]
    if not folder.is_dir():
        with building(cache):
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
        compressed = _extract(api.export(container), tree)
    finally:
        api.remove_container(container, force=True)
    lines = list(manifest.manifest(tree))
    (scratch / "manifest.txt").write_text("\n".join(lines) + "\n", encoding="utf-8", errors="surrogateescape")
    file_bytes, stored = manifest.sizes(tree)
    write_json(
        scratch / "facts.json",
        {
            "image": image.id,
            "digest": manifest.digest(iter(lines)),
            "file_bytes": file_bytes,
            "stored_bytes": stored,
            "compressed_bytes": compressed,
        },
    )


def _extract(stream: Iterable[bytes], tree: Path) -> int:
    """Pipe the tar through GNU tar, which keeps members inside ``tree``; return its size compressed, in bytes."""
    import zstandard

    counter = zstandard.ZstdCompressor(level=_LEVEL).compressobj()
    size = 0
    argv = [
        "tar", "--extract", "--numeric-owner", "--same-owner", "--preserve-permissions",
        "--xattrs", "--xattrs-include=*", "--directory", str(tree),
    ]  # fmt: skip
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stderr=subprocess.PIPE) as tar:
        assert tar.stdin and tar.stderr  # noqa: S101 - both are pipes
        try:
            for chunk in stream:
                tar.stdin.write(chunk)
                size += len(counter.compress(chunk))
        except BrokenPipeError:
            pass
        tar.stdin.close()
        said = tar.stderr.read()
    if tar.returncode != 0:
        raise HarnessError(f"tar could not extract the image: {last_lines(said)}", where=str(tree))
    return size + len(counter.flush())
