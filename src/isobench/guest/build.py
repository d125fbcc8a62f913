"""Compile the guest's programs on first use: static, so that they run in any image, even one FROM scratch."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from isobench.host.process import run
from isobench.images.cache import entry

SOURCES = Path(__file__).parent / "src"

# Warnings are errors in the tests only: a user's newer compiler may warn of something new.
FLAGS = ("-static", "-Os", "-std=gnu11", "-Wall", "-Wextra", "-s", "-Wl,--build-id=none")

_ATTEMPTS = ("attempt", "attempt_memory", "attempt_syscalls", "hog")

PARTS = {
    "init": ("init", "channel", "runs", "spawn", "machine", "net", "paths", *_ATTEMPTS),
    "stage1": ("stage1", "ports", "paths"),
    "nest": ("nest", "ports", "paths"),
    "native": ("native", "native_root", "native_confine", "cgroup", "net", "paths"),
    "enter": ("enter", "cgroup"),
}


@dataclass(frozen=True)
class GuestBinaries:
    """The compiled programs, and the digest (12 hex digits) of the sources and flags that they come from."""

    init: Path
    """PID 1 of an instance, in the workload's root filesystem."""
    stage1: Path
    """``/init`` of a VM's initramfs."""
    nest: Path
    """Inside a VM, starts the runtime of a container with the container's line to the host."""
    native: Path
    """The host's launcher of the ``native`` target."""
    enter: Path
    """Stands in for libvirt's emulator: enters the instance's cgroups, then becomes QEMU."""
    digest: str


def build(cache: Path) -> GuestBinaries:
    """Return the guest's programs under ``cache``, compiled there first if these very sources have not been.

    Raises HarnessError where there is no C compiler or no static C library.
    """
    digest = sources_digest()
    folder = cache / "guest" / digest
    entry(folder, _compile_into)
    return GuestBinaries(**{name: folder / name for name in PARTS}, digest=digest)


def sources_digest() -> str:
    """Return the digest of every source file and of the flags, as 12 hexadecimal digits."""
    whole = hashlib.sha256(repr((FLAGS, PARTS)).encode())
    for source in sorted(SOURCES.glob("*.[ch]")):
        text = source.read_bytes()
        whole.update(f"{source.name} {len(text)}\n".encode())
        whole.update(text)
    return whole.hexdigest()[:12]


def compile_program(name: str, output: Path, extra: tuple[str, ...] = ()) -> None:
    """Compile one of PARTS to ``output``, with ``extra`` flags after the usual ones."""
    sources = [SOURCES / f"{part}.c" for part in PARTS[name]]
    run(
        ["cc", *FLAGS, *extra, "-o", output, *sources],
        mend="the guest's programs need gcc and a static C library (Debian: gcc libc6-dev)",
    )


def _compile_into(folder: Path) -> None:
    for name in PARTS:
        compile_program(name, folder / name)
