"""``isobench/base``: the image that every Dockerfile of the suite starts FROM.

Where a registry answers, it is the distribution's own slim image; elsewhere it is made from the host's package
sources. Either way it is built once and kept, its package list beside it, and changes only on request.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from isobench.errors import HarnessError, UsageError
from isobench.host.process import run
from isobench.images.build import origin
from isobench.images.cache import building, write_json
from isobench.images.types import DockerApi
from isobench.model import Workload
from isobench.progress import under_way

TAG = "isobench/base"
_KEYRINGS = "/usr/share/keyrings"


def needs_base(workload: Workload) -> bool:
    """Return whether the workload's image is built on ``isobench/base``: others need not wait for it."""
    source = origin(workload)
    try:
        return source.kind == "dockerfile" and TAG in source.path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise UsageError(f"cannot be read: {error.strerror}", where=str(source.path)) from None


def ensure_base(api: DockerApi, cache: Path, say: Callable[[str], None]) -> str:
    """Return the id of ``isobench/base``, made first where it is not there yet, which ``say`` is told."""
    from docker.errors import ImageNotFound

    try:
        return str(api.inspect_image(TAG)["Id"])
    except ImageNotFound:
        pass
    with building(cache), under_way(say, "making the base image from this host's package sources, for a minute or two"):
        api.import_image_from_file(str(ensure_archive(cache)), repository=TAG, tag="latest")
    return str(api.inspect_image(TAG)["Id"])


def ensure_archive(cache: Path) -> Path:
    """Return the base's root file system as a tar archive, made first where the cache has none."""
    kept = cache / "base" / "rootfs.tar"
    if not kept.is_file():
        kept.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".building-", dir=kept.parent) as scratch:
            fresh = Path(scratch) / "rootfs.tar"
            packages = _bootstrap(fresh, Path(scratch))
            write_json(kept.parent / "packages.json", packages)
            fresh.rename(kept)
    return kept


def _bootstrap(tar: Path, scratch: Path) -> list[str]:
    """Make a minimal Debian or Ubuntu from the host's own sources; return its packages with their versions."""
    lines, suite = package_sources()
    sources = scratch / "sources.list"
    sources.write_text("\n".join(lines) + "\n", encoding="utf-8")
    listing = scratch / "packages"
    run(
        [
            "mmdebstrap", "--variant=minbase", "--quiet",
            "--aptopt=APT::Install-Recommends false",
            "--dpkgopt=path-exclude=/usr/share/man/*",
            "--dpkgopt=path-exclude=/usr/share/doc/*",
            "--dpkgopt=path-exclude=/usr/share/locale/*",
            "--include=ca-certificates",
            f"--customize-hook=chroot \"$1\" dpkg-query -W > {listing}",
            suite, tar, sources,
        ],
        timeout=600,
        mend="the base image is made from this host's package sources; see that `apt-get update` works",
    )  # fmt: skip
    return listing.read_text(encoding="utf-8").splitlines()


def package_sources() -> tuple[list[str], str]:
    """Return the host's sources of its own distribution as one-line entries, and the release's name."""
    found = run(
        [
            "apt-get", "indextargets", "--format",
            "$(SITE)|$(RELEASE)|$(COMPONENT)|$(REPO_URI)|$(SIGNED_BY)|$(ORIGIN)", "Created-By: Packages",
        ],
        mend="isobench makes its base image with apt; on another distribution, tag one as isobench/base",
    ).stdout.decode()  # fmt: skip
    entries: dict[tuple[str, str, str], set[str]] = {}
    for line in found.splitlines():
        _, release, component, uri, signed_by, origin = line.split("|")
        if origin in ("Debian", "Ubuntu"):
            entries.setdefault((uri, release, signed_by), set()).add(component)
    if not entries:
        raise HarnessError("this host's package sources are unknown to apt", mend="run apt-get update")
    lines = []
    for (uri, release, key), components in entries.items():
        signed = f"[signed-by={key}] " if key.startswith(_KEYRINGS) else ""
        lines.append(f"deb {signed}{uri} {release} {' '.join(sorted(components))}")
    return lines, min((release for _, release, _ in entries), key=len)
