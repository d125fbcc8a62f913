"""The system layer of a full VM: a bootable disk with the distribution's boot loader, kernel, initrd and systemd."""

from __future__ import annotations

import hashlib
import shlex
import shutil
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from isobench.errors import HarnessError
from isobench.guest.build import GuestBinaries
from isobench.host.process import run
from isobench.images import disk, manifest
from isobench.images.base import package_sources
from isobench.images.cache import entry, read_json, write_json
from isobench.images.full_files import FILES, GRUB, INIT, LABEL, grub_config
from isobench.images.types import Kernel
from isobench.progress import under_way

PACKAGES = ("systemd", "systemd-sysv", "udev", "dbus", "initramfs-tools", "zstd", "grub-pc-bin")
_MODULES = ("biosdisk", "part_msdos", "ext2", "normal", "linux", "smbios", "echo")
_SECTOR = 512
_START = 1 << 20
"""Where the one partition begins, as partitioning tools have it: the boot loader lies before it."""
_SPARE = 128 << 20
_LINUX = 0x83
_BOOTABLE = 0x80
_TABLE = 446
_TOOLS = {"mmdebstrap": "mmdebstrap", "mke2fs": "e2fsprogs"}


@dataclass(frozen=True, slots=True)
class Layer:
    """A system layer. ``digest`` is its files' manifest's, ``systemd`` the version of its first process.

    ``kernel_size`` is what of it is kernel and initrd, ``file_bytes`` what its files hold; both in bytes.
    """

    disk: Path
    digest: str
    systemd: str
    kernel_size: int
    file_bytes: int


def unavailable() -> str | None:
    """Return why no layer can be made here, or None."""
    for program, package in _TOOLS.items():
        if not shutil.which(program):
            return f"{program} is not installed: apt-get install {package}"
    return None


def ensure_layer(guest: GuestBinaries, kernel: Kernel, cache: Path, say: Callable[[str], None]) -> Layer:
    """Return the layer with the very kernel package that the other VMs' kernel is from; made first where need be.

    It takes a minute or two. Raises HarnessError where the package sources do not give its packages.
    """
    folder = cache / "full" / _key(guest, kernel)

    def make(scratch: Path) -> None:
        with under_way(say, "making the system layer of a full VM, for a minute or two"):
            _make(guest, kernel, scratch)

    entry(folder, make)
    facts = read_json(folder / "facts.json")
    return Layer(folder / "disk.raw", facts["digest"], facts["systemd"], facts["kernel_size"], facts["file_bytes"])


def _key(guest: GuestBinaries, kernel: Kernel) -> str:
    parts = (PACKAGES, _MODULES, FILES, grub_config(kernel.release), kernel.package, guest.digest, _SPARE)
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


def _make(guest: GuestBinaries, kernel: Kernel, scratch: Path) -> None:
    tree = scratch / "tree"
    _bootstrap(guest, kernel, scratch, tree)
    packages = _ask(tree, "dpkg-query", "-W").splitlines()
    run(["chroot", tree, "systemctl", "enable", "isobench.service"])
    # Empty, each instance makes an id of its own, and its boot is no installation's first.
    (tree / "etc/machine-id").write_text("")
    (tree / GRUB).mkdir(exist_ok=True)
    (tree / GRUB / "grub.cfg").write_text(grub_config(kernel.release), encoding="ascii")
    loader = _boot_loader(tree)
    file_bytes, _ = manifest.sizes(tree)
    digest = manifest.digest(manifest.manifest(tree))
    boot = [tree / "boot" / f"{name}-{kernel.release}" for name in ("vmlinuz", "initrd.img")]
    facts = {
        "digest": digest,
        "systemd": next(line.split("\t")[1] for line in packages if line.startswith("systemd\t")),
        "kernel_size": sum(file.stat().st_size for file in boot),
        "file_bytes": file_bytes,
    }
    write_disk(scratch / "disk.raw", tree, file_bytes * 5 // 4 + _SPARE, loader)
    shutil.rmtree(tree)
    write_json(scratch / "facts.json", facts)
    write_json(scratch / "packages.json", packages)


def _bootstrap(guest: GuestBinaries, kernel: Kernel, scratch: Path, tree: Path) -> None:
    """Install the distribution into ``tree`` from the host's own package sources."""
    own = scratch / "own"
    for name, (mode, text) in FILES.items():
        file = own / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="ascii")
        file.chmod(mode)
    (own / INIT).parent.mkdir(parents=True)
    shutil.copy(guest.init, own / INIT)
    lines, suite = package_sources()
    sources = scratch / "sources.list"
    sources.write_text("\n".join(lines) + "\n", encoding="utf-8")
    run(
        [
            # What it mounts in the tree, and all it starts, ends with it, also where it is killed.
            "unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc",
            "mmdebstrap", "--mode=root", "--variant=minbase", "--quiet",
            "--aptopt=APT::Install-Recommends false",
            "--dpkgopt=path-exclude=/usr/share/man/*",
            "--dpkgopt=path-exclude=/usr/share/doc/*",
            "--dpkgopt=path-exclude=/usr/share/locale/*",
            f"--include={','.join((*PACKAGES, kernel.package))}",
            f"--essential-hook=copy-in {shlex.quote(str(own / 'etc'))} {shlex.quote(str(own / 'usr'))} /",
            suite, tree, sources,
        ],
        timeout=900,
        mend="the system layer is made from this host's package sources: see that apt-get update works; a kernel "
        "that they no longer have is replaced by removing kernel/ in the cache",
    )  # fmt: skip
    shutil.rmtree(own)
    sources.unlink()


def _boot_loader(tree: Path) -> bytes:
    """Return what lies before the partition: GRUB's boot sector, and its core as ``grub-install`` embeds it."""
    run(
        [
            "chroot", tree, "grub-mkimage", "--format=i386-pc", f"--output=/{GRUB}/core.img",
            f"--prefix=(hd0,msdos1)/{GRUB}", *_MODULES,
        ],
    )  # fmt: skip
    # As they are, the boot sector loads the second sector of the disk, and that what follows it.
    return (tree / "usr/lib/grub/i386-pc/boot.img").read_bytes() + (tree / GRUB / "core.img").read_bytes()


def write_disk(path: Path, tree: Path, size: int, loader: bytes) -> None:
    """Write a disk with a boot loader, a partition table and ``tree`` in one bootable ext4 partition of ``size``."""
    if len(loader) > _START:
        raise HarnessError(f"the boot loader takes {len(loader)} bytes, {_START} are before the partition")
    size = size // _START * _START
    disk.format_ext4(path, _START + size, tree, offset=_START, label=LABEL)
    with path.open("r+b") as file:
        file.write(with_table(loader, _START // _SECTOR, size // _SECTOR))


def with_table(loader: bytes, first: int, sectors: int) -> bytes:
    """Return the loader with a partition table of one bootable Linux partition in its first sector.

    Its addresses in cylinders are all ones, which says that sector numbers alone hold.
    """
    entry = struct.pack("<B3sB3sII", _BOOTABLE, b"\xfe\xff\xff", _LINUX, b"\xfe\xff\xff", first, sectors)
    table = entry + bytes(3 * len(entry)) + b"\x55\xaa"
    return loader[:_TABLE] + table + loader[_SECTOR:]


def _ask(tree: Path, *words: str) -> str:
    return run(["chroot", tree, *words]).stdout.decode()
