"""The system layer of a nested container: the host's own runc with the libraries it needs, beside the initramfs."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

from isobench.errors import HarnessError
from isobench.guest.build import GuestBinaries
from isobench.host.process import run
from isobench.images import manifest
from isobench.images.cache import entry, read_json, write_json
from isobench.images.types import Kernel

PLACE = "/system"
"""The folder of the initramfs that becomes the guest's root."""
RUNTIME, NEST = "/bin/runc", "/bin/nest"

_LIBRARY = re.compile(r"(?:=> )?(/\S+) \(0x")


@dataclass(frozen=True, slots=True)
class System:
    """A system layer. ``kernel`` has it in its initramfs; ``digest`` is that of the layer alone, a manifest's."""

    digest: str
    runtime: str
    kernel: Kernel


def unavailable() -> str | None:
    """Return why there is no layer to be made here, or None."""
    return None if shutil.which("runc") else "runc is not installed: ./bench installs it, with Docker"


def ensure_system(guest: GuestBinaries, kernel: Kernel, cache: Path) -> System:
    """Return the guest kernel with the layer packed in, made first where the cache has none of these very files."""
    if (runc := shutil.which("runc")) is None:
        raise HarnessError("runc is not installed", mend="./bench installs it, with Docker")
    files = {RUNTIME: Path(runc), NEST: guest.nest, **{str(path): path for path in libraries(Path(runc))}}
    folder = cache / "nested" / _key(files, kernel)
    entry(folder, lambda scratch: _make(files, kernel, scratch))
    facts = read_json(folder / "facts.json")
    initramfs = {transport: folder / file.name for transport, file in kernel.initramfs.items()}
    return System(facts["digest"], facts["runtime"], replace(kernel, initramfs=initramfs, digest=facts["with_kernel"]))


def libraries(program: Path) -> list[Path]:
    """Return the loader and the shared libraries of a program; none where it is static."""
    told = run(["ldd", program], check=False).stdout.decode()
    return [Path(found[1]) for line in told.splitlines() if (found := _LIBRARY.search(line))]


def _key(files: dict[str, Path], kernel: Kernel) -> str:
    whole = hashlib.sha256(kernel.digest.encode())
    for name, path in sorted(files.items()):
        with path.open("rb") as file:
            whole.update(f"{name} {hashlib.file_digest(file, 'sha256').hexdigest()}\n".encode())
    return whole.hexdigest()[:16]


def _make(files: dict[str, Path], kernel: Kernel, scratch: Path) -> None:
    root = scratch / PLACE.strip("/")
    for name, path in files.items():
        target = root / name.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
        target.chmod(0o755)
    archive = _packed(scratch, root)
    digest = manifest.digest(manifest.manifest(root))
    shutil.rmtree(root)
    for file in kernel.initramfs.values():
        # The kernel unpacks one archive after another.
        (scratch / file.name).write_bytes(file.read_bytes() + archive)
    version = run([files[RUNTIME], "--version"]).stdout.decode().split("\n", 1)[0].removeprefix("runc version ")
    both = hashlib.sha256(f"{kernel.digest} {digest}".encode()).hexdigest()
    write_json(
        scratch / "facts.json", {"digest": digest, "runtime": f"runc {version}", "with_kernel": f"sha256:{both}"}
    )


def _packed(top: Path, root: Path) -> bytes:
    # The archive carries times; with all of them alike, the same contents have the same digest.
    for path in (root, *root.rglob("*")):
        os.utime(path, (0, 0))
    names = "\n".join(sorted(str(path.relative_to(top)) for path in (root, *root.rglob("*"))))
    return run(
        ["cpio", "--quiet", "--create", "--format=newc", "--owner=0:0", "--reproducible"],
        stdin=names.encode(), cwd=top,
    ).stdout  # fmt: skip
