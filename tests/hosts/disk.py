"""A host's disk: a Debian tree with its packages, isobench set up in it at this machine's own speed, one ext4 image.

Three steps, each kept in the cache under the digest of all that goes into it, so that a change repeats as little as it
must: the tree with its packages, the tree with isobench's Python environment and guest kernel, and the image.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.hosts.host import BASE, HERE, Host, hosts

from isobench.host.paths import cache_folder

ROOT = HERE.parents[1]
CHECKOUT = "/srv/isobench"
SIZE = "16G"
EMULATOR = "debian13"
"""The host whose QEMU runs all: those before 9.2 hang nested guests (SVM with paging off)."""
_PREPARE = """
from isobench.guest.build import build
from isobench.host.paths import Paths
from isobench.images.base import ensure_archive
from isobench.images.full import ensure_layer
from isobench.images.kernel import ensure_kernel
cache = Paths.default().cache
cache.mkdir(parents=True, exist_ok=True)
guest = build(cache)
ensure_layer(guest, ensure_kernel(guest, cache), cache, print)
ensure_archive(cache)
"""
"""What a first run would make, and what an emulated host would take minutes for."""

_ENVIRONMENT_FILES = ("bench", "pyproject.toml", "requirements/build.txt", "requirements/run.txt")
_TRUSTED = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pip.conf")


@dataclass(frozen=True, slots=True)
class Disk:
    """What a host boots from: its image, its kernel and its initrd; and the tree whose QEMU runs it."""

    image: Path
    kernel: Path
    initrd: Path
    tree: Path


def lab_folder() -> Path:
    """Return the folder in isobench's cache that keeps trees, disks and outcomes."""
    return cache_folder() / "lab"


def ensure_disk(host: Host, say: Callable[[str], None]) -> Disk:
    """Return a host's disk, made first where the cache has none of this description; disks of no host are removed."""
    _prune()
    tree = _ensure_tree(host, say)
    folder = _ensure(lab_folder() / "disk" / _disk_digest(host), lambda scratch: _image(tree, scratch),
                     say, f"{host.name}: isobench, disk")  # fmt: skip
    return Disk(folder / "disk.img", folder / "vmlinuz", folder / "initrd.img", _ensure_tree(hosts()[EMULATOR], say))


def _ensure_tree(host: Host, say: Callable[[str], None]) -> Path:
    return _ensure(lab_folder() / "tree" / _tree_digest(host), lambda scratch: _packages(host, scratch),
                   say, f"{host.name}: packages")  # fmt: skip


def _tree_digest(host: Host) -> str:
    scripts = [(HERE / name).read_text() for name in ("inside", "prepare")]
    return _digest(host.suite, *BASE, *host.packages, "--", *host.lean, "--", *host.setup, *scripts)


def _disk_digest(host: Host) -> str:
    own = [(ROOT / name).read_bytes().hex() for name in _ENVIRONMENT_FILES]
    own += [file.read_bytes().hex() for file in sorted((ROOT / "src/isobench/guest/src").iterdir())]
    return _digest(_tree_digest(host), *own, _PREPARE, SIZE)


def _prune() -> None:
    """Remove trees and disks that no host has any more: each takes some gigabytes."""
    wanted = {digest for host in hosts().values() for digest in (_tree_digest(host), _disk_digest(host))}
    for kept in (*lab_folder().glob("tree/*"), *lab_folder().glob("disk/*")):
        if kept.name not in wanted:
            shutil.rmtree(kept, ignore_errors=True)


def project_archive(target: Path) -> None:
    """Write the project as it is in this checkout, uncommitted changes included, as a tar archive."""
    names = _run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, keep=True)
    there = b"\0".join(name for name in names.split(b"\0") if name and (ROOT / os.fsdecode(name)).exists())
    _run(["tar", "--create", "--file", target, "--null", "--files-from", "-"], cwd=ROOT, stdin=there)


def _packages(host: Host, tree: Path) -> None:
    tree.rmdir()
    source = package_source()
    with_recommends = ["apt-get", "-o", "APT::Install-Recommends=true", "install", "--yes", *host.packages]
    lean = ["apt-get", "install", "--yes", "--no-install-recommends", *host.lean]
    options = ["APT::Install-Recommends \"false\"", "Acquire::Check-Valid-Until \"false\"",
               "Acquire::Check-Date \"false\""]  # fmt: skip
    _run([
        "mmdebstrap", "--quiet", "--variant=minbase", "--components=main",
        *(f"--aptopt={option}" for option in options),
        f"--include={','.join(BASE)}",
        *(f'--customize-hook=chroot "$1" {" ".join(words)}' for words in (with_recommends, lean) if len(words) > 4),
        host.suite, tree, f"deb [trusted=yes] {source} {host.suite} main",
    ])  # fmt: skip
    _run([HERE / "inside", tree, HERE, "--", "sh", "-eux", HERE / "prepare", *host.setup])


def _image(tree: Path, scratch: Path) -> None:
    """Set isobench up in a copy of the tree, and make the copy an image."""
    with tempfile.TemporaryDirectory(prefix=".building-", dir=scratch.parent) as folder:
        copy = Path(folder) / "tree"
        _run(["cp", "--archive", "--reflink=auto", tree, copy])
        home = copy / CHECKOUT.lstrip("/")
        home.mkdir(parents=True)
        archive = Path(folder) / "project.tar"
        project_archive(archive)
        _run(["tar", "--extract", "--file", archive, "--directory", home])
        (home / "prepare.py").write_text(_PREPARE)
        links = [Path(word) for word in os.environ.get("PIP_FIND_LINKS", "").split() if Path(word).is_dir()]
        shared = [file for file in map(Path, _TRUSTED) if file.exists()]
        enter: list[str | Path] = [HERE / "inside", copy, *shared, *links, "--", "env", "HOME=/root", "CI=1"]
        _run([*enter, "apt-get", "update"])
        _run([*enter, f"{CHECKOUT}/bench", "list", "targets"])
        _run([*enter, f"{CHECKOUT}/.venv/bin/python", f"{CHECKOUT}/prepare.py"])
        (home / "prepare.py").unlink()
        _run(["mke2fs", "-q", "-t", "ext4", "-d", copy, scratch / "disk.img", SIZE])
        for name, found in (("vmlinuz", "boot/vmlinuz-*"), ("initrd.img", "boot/initrd.img-*")):
            shutil.copy(max(copy.glob(found)), scratch / name)


def package_source() -> str:
    """Return the address of this machine's Debian mirror, without its suites."""
    told = _run(["apt-get", "indextargets", "--format", "$(REPO_URI)|$(LABEL)", "Created-By: Packages"], keep=True)
    for line in told.decode().splitlines():
        address, _, label = line.partition("|")
        if label == "Debian":
            return address
    raise RuntimeError("the lab needs a Debian mirror among this machine's package sources: apt-get update")


def _ensure(kept: Path, make: Callable[[Path], None], say: Callable[[str], None], what: str) -> Path:
    if kept.is_dir():
        return kept
    say(f"making {what}")
    kept.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=".building-", dir=kept.parent))
    try:
        make(scratch)
        scratch.chmod(0o755)
        scratch.rename(kept)
    except BaseException:
        shutil.rmtree(scratch, ignore_errors=True)
        raise
    return kept


def _digest(*words: str) -> str:
    return hashlib.sha256("\0".join(words).encode()).hexdigest()[:16]


def _run(
    words: Sequence[str | Path], *, cwd: Path | None = None, stdin: bytes | None = None, keep: bool = False
) -> bytes:
    """Run a program to its end; raises RuntimeError with its last lines where it fails."""
    argv = [str(word) for word in words]
    done = subprocess.run(argv, cwd=cwd, input=stdin or b"", capture_output=True, timeout=1200, check=False)
    if done.returncode:
        said = (done.stdout + done.stderr).decode("utf-8", "replace").splitlines()[-15:]
        raise RuntimeError(f"{' '.join(argv[:6])} … ended with {done.returncode}:\n" + "\n".join(said))
    return done.stdout if keep else b""
