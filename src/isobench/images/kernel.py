"""The guest's kernel: the distribution's own package, unpacked and never installed, with a tiny initramfs."""

from __future__ import annotations

import hashlib
import lzma
import os
import platform
import re
import shutil
from pathlib import Path

from isobench.errors import HarnessError, UsageError
from isobench.guest.build import GuestBinaries
from isobench.host.process import run
from isobench.images.cache import entry, read_json, write_json
from isobench.images.types import Kernel

META_PACKAGES = ("linux-image-cloud-amd64", "linux-image-virtual", "linux-image-amd64")
"""Debian's kernel for clouds, Ubuntu's for VMs, and what is left: the first that the host's sources have."""

WANTED = ("virtio_blk", "virtio_net", "virtio_console")
TRANSPORTS = {"pci": "virtio_pci", "mmio": "virtio_mmio"}

_MODULES = ("lib/modules", "usr/lib/modules")
"""Where Debian unpacks to, and a merged-/usr release."""
_NAME_ONE = "name a package such as linux-image-6.1.0-56-cloud-amd64_….deb that holds a kernel and its modules"


def ensure_kernel(guest: GuestBinaries, cache: Path, package: Path | None = None) -> Kernel:
    """Return the guest kernel with one initramfs a transport, fetched and packed first where need be.

    ``package`` is a Debian kernel package of the user's own instead; raises UsageError where it is none.
    """
    unpacked = _ensure_unpacked(cache) if package is None else _ensure_own(package, cache)
    facts = read_json(unpacked / "facts.json")
    folder = unpacked.parent / f"{unpacked.name}-{guest.digest}"
    image = unpacked / "boot" / f"vmlinuz-{facts['release']}"
    entry(folder, lambda scratch: _pack_all(unpacked, facts["release"], guest, image, scratch))
    initramfs = {name: folder / f"initramfs-{name}.cpio" for name in TRANSPORTS}
    digest = (folder / "digest").read_text(encoding="ascii")
    return Kernel(facts["release"], facts["package"], image, initramfs, digest)


def _ensure_unpacked(cache: Path) -> Path:
    """Return the newest kernel in the cache; fetch one only where there is none: it changes only on request."""
    kept = sorted((cache / "kernel").glob("linux-*/facts.json"))
    package = kept[-1].parent.name if kept else _resolve()
    return entry(cache / "kernel" / package, lambda scratch: _unpack(package, scratch))


def _ensure_own(package: Path, cache: Path) -> Path:
    """Return the user's own kernel, unpacked; it is known by its package's contents."""
    try:
        with package.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise UsageError(f"cannot be read: {error.strerror}", where=str(package), mend=_NAME_ONE) from error
    return entry(cache / "kernel" / f"own-{digest[:16]}", lambda scratch: _unpack_own(package.absolute(), scratch))


def _unpack_own(package: Path, scratch: Path) -> None:
    name = run(["dpkg-deb", "--field", package, "Package"], check=False)
    if name.returncode != 0:
        raise UsageError("is no Debian package", where=str(package), mend=_NAME_ONE)
    run(["dpkg", "-x", package, scratch], timeout=600)
    images = sorted(scratch.glob("boot/vmlinuz-*"))
    if len(images) != 1:
        raise UsageError(f"holds {len(images)} kernels (boot/vmlinuz-*), not one", where=str(package), mend=_NAME_ONE)
    release = images[0].name.removeprefix("vmlinuz-")
    if not any((scratch / top / release).is_dir() for top in _MODULES):
        raise UsageError(f"holds no modules of its kernel {release}", where=str(package), mend=_NAME_ONE)
    write_json(scratch / "facts.json", {"package": name.stdout.decode().strip(), "release": release})


def _resolve() -> str:
    """Return the kernel package that the first known meta package stands for."""
    if platform.machine() != "x86_64":
        raise HarnessError(f"no guest kernel is known for {platform.machine()}", mend="run on x86_64")
    for meta in META_PACKAGES:
        depends = run(["apt-cache", "depends", meta], check=False).stdout.decode()
        if found := re.search(r"Depends: (linux-image-\d\S+)", depends):
            return found[1]
    raise HarnessError("apt knows no kernel package", mend="run apt-get update")


def _unpack(package: str, scratch: Path) -> None:
    release = package.removeprefix("linux-image-")
    # Where the modules have a package of their own (Ubuntu), both are needed.
    modules = f"linux-modules-{release}"
    known = run(["apt-cache", "policy", modules], check=False).stdout.strip()
    for name in (package, modules) if known else (package,):
        run(["apt-get", "download", name], cwd=scratch, timeout=600, mend="see that apt-get update works")
    for deb in sorted(scratch.glob("*.deb")):
        run(["dpkg", "-x", deb, scratch])
        deb.unlink()
    write_json(scratch / "facts.json", {"package": package, "release": release})


def _pack_all(unpacked: Path, release: str, guest: GuestBinaries, image: Path, scratch: Path) -> None:
    modules = next((path for top in _MODULES if (path := unpacked / top / release).is_dir()), unpacked / _MODULES[0])
    for transport, driver in TRANSPORTS.items():
        _pack(scratch / f"initramfs-{transport}.cpio", modules, (driver, *WANTED), guest, scratch / transport)
    whole = hashlib.sha256(image.read_bytes())
    for transport in TRANSPORTS:
        whole.update((scratch / f"initramfs-{transport}.cpio").read_bytes())
    (scratch / "digest").write_text(f"sha256:{whole.hexdigest()}", encoding="ascii")


def _pack(target: Path, modules: Path, wanted: tuple[str, ...], guest: GuestBinaries, root: Path) -> None:
    """Pack an initramfs: stage1, the guest init, and modules whose names give the order of loading."""
    (root / "modules").mkdir(parents=True)
    shutil.copy(guest.stage1, root / "init")
    shutil.copy(guest.init, root / "init-guest")
    for place, path in enumerate(load_order(modules, wanted)):
        name = re.sub(r"\.ko.*$", ".ko", path.name)
        (root / "modules" / f"{place:02}-{name}").write_bytes(_plain(path))
    # The archive carries times; with all of them alike, the same contents have the same digest.
    for path in root.rglob("*"):
        os.utime(path, (0, 0))
    names = "\n".join(sorted(str(path.relative_to(root)) for path in root.rglob("*")))
    cpio = run(
        ["cpio", "--quiet", "--create", "--format=newc", "--owner=0:0", "--reproducible"],
        stdin=names.encode(), cwd=root,
    )  # fmt: skip
    target.write_bytes(cpio.stdout)
    shutil.rmtree(root)


def load_order(modules: Path, wanted: tuple[str, ...]) -> list[Path]:
    """Return the module files to load, each after what it depends on; what the kernel has built in is left out."""
    files = {_module_name(str(path)): path for path in modules.rglob("*.ko*")}
    builtin = {_module_name(line) for line in (modules / "modules.builtin").read_text().splitlines()}
    order: list[Path] = []

    def add(name: str) -> None:
        if name in builtin:
            return
        if name not in files:
            raise HarnessError(f"the guest kernel has no module {name}", where=str(modules))
        for need in _needs(_plain(files[name])):
            add(_module_name(need))
        if files[name] not in order:
            order.append(files[name])

    for name in wanted:
        add(name)
    return order


def _needs(module: bytes) -> list[str]:
    """Return what a module's own .modinfo says it depends on (a package not installed has no modules.dep)."""
    found = re.search(rb"\0depends=([^\0]*)\0", module)
    return found[1].decode().split(",") if found and found[1] else []


def _module_name(path: str) -> str:
    return re.sub(r"\.ko.*$", "", path.rsplit("/", 1)[-1]).replace("-", "_")


def _plain(path: Path) -> bytes:
    """Return a module's bytes uncompressed, as every kernel can load them."""
    data = path.read_bytes()
    match path.suffix:
        case ".xz":
            return lzma.decompress(data)
        case ".zst":
            import zstandard

            return zstandard.ZstdDecompressor().decompressobj().decompress(data)
        case _:
            return data
