"""Proving KVM: only a guest kernel that has booted on it counts; a device that opens may still lie."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import time
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from pathlib import Path

from isobench.errors import SampleError
from isobench.guest.console import KERNEL_DONE, Console
from isobench.host.boot import boot_id
from isobench.host.facts import cpu_model
from isobench.host.process import run
from isobench.images.types import Kernel

_DEVICE = Path("/dev/kvm")
_TIMEOUT = 10.0
_LONGEST = 40.0
"""Seconds that a guest kernel has to reach its init: at the first try, and at most, when one was too slow before."""
_BELIEVED = 600.0
"""Seconds for which a failure by time-out is believed: the host may have been busy."""
_LOOK = 0.2
_MACHINES = {"q35": "pci", "microvm": "mmio"}
"""Both must boot: a host may run the one and not the other."""


@dataclass(frozen=True, slots=True)
class KvmState:
    """Whether KVM runs a Linux guest here, and how that is known. ``device`` tells whether there is a /dev/kvm."""

    available: bool
    reason: str
    device: bool = True


@dataclass(frozen=True, slots=True)
class _Kept:
    """An answer as it is kept: ``late`` where it rests on a time-out, of ``patience`` seconds, at ``uptime``."""

    available: bool
    reason: str
    late: bool
    patience: float
    uptime: float
    tried: str

    @property
    def age(self) -> float:
        return time.clock_gettime(time.CLOCK_BOOTTIME) - self.uptime

    def state(self) -> KvmState:
        """Return the answer; one that rests on a time-out says when it was tried, and what tries it again."""
        when = f" (tried {self.tried}; it is tried again {_BELIEVED / 60:g} minutes later, or by `doctor --probe`)"
        return KvmState(self.available, self.reason + (when if self.late else ""))


def probe(
    kernel: Kernel, cache: Path, run_folder: Path, qemu: str = "qemu-system-x86_64", *, anew: bool = False
) -> KvmState:
    """Boot the guest kernel on KVM up to its initramfs; the answer is kept for this boot of the host.

    A time-out is believed for ten minutes only, and then tried again with twice the patience. ``anew`` asks again now,
    with as much patience as there is.
    """
    if not _DEVICE.exists():
        return KvmState(
            False, "there is no /dev/kvm: enable virtualisation in the firmware, or load kvm_intel or kvm_amd",
            device=False,
        )  # fmt: skip
    if not os.access(_DEVICE, os.R_OK | os.W_OK):
        return KvmState(False, "/dev/kvm may not be opened: run as root, or join the group kvm")
    key, file = _key(kernel, qemu), cache / "kvm.json"
    known = _read(file, key)
    if known is not None and not anew and not (known.late and known.age > _BELIEVED):
        return known.state()
    patience = _LONGEST if anew else min(known.patience * 2, _LONGEST) if known else _TIMEOUT
    kept = _try(kernel, run_folder, qemu, patience)
    file.write_text(json.dumps({"key": key, **asdict(kept)}))
    return kept.state()


def _key(kernel: Kernel, qemu: str) -> dict[str, str]:
    """Return what an answer holds for."""
    version = run([qemu, "--version"]).stdout.decode().split("\n", 1)[0]
    # The device as well: what stands there now may be another than the one that was tried.
    device = f"{_DEVICE.stat().st_rdev:x}"
    return {"boot": boot_id(), "kernel": kernel.digest, "qemu": version, "cpu": cpu_model(), "device": device}


def _read(file: Path, key: dict[str, str]) -> _Kept | None:
    try:
        told = json.loads(file.read_text())
        return _Kept(**{field.name: told[field.name] for field in fields(_Kept)}) if told["key"] == key else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _try(kernel: Kernel, run_folder: Path, qemu: str, patience: float) -> _Kept:
    failed: _Failure | None = None
    for machine, transport in _MACHINES.items():
        if failed := _boot(kernel, run_folder, qemu, machine, transport, patience):
            break
    return _Kept(
        available=failed is None,
        reason=failed.reason if failed else "the guest kernel has booted on it",
        late=failed is not None and failed.late,
        patience=patience,
        uptime=time.clock_gettime(time.CLOCK_BOOTTIME),
        tried=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
    )


@dataclass(frozen=True, slots=True)
class _Failure:
    reason: str
    late: bool


def _await_kernel(vm: subprocess.Popen[bytes], console: Console, patience: float) -> None:
    """Wait for the kernel's end; raises SampleError as soon as QEMU is gone, which it may be before it calls."""
    deadline = time.monotonic() + patience
    while True:
        try:
            console.wait_mark(KERNEL_DONE, _LOOK)
            return
        except SampleError as error:
            if error.outcome != "timeout" or vm.poll() is not None or time.monotonic() > deadline:
                raise


def _boot(
    kernel: Kernel, run_folder: Path, qemu: str, machine: str, transport: str, patience: float
) -> _Failure | None:
    """Return why the guest kernel did not reach its init, or None."""
    with Console(run_folder / f"kvm-{secrets.token_hex(3)}") as console:
        argv = [
            qemu, "-name", "guest=isobench-probe", "-machine", f"{machine},accel=kvm", "-cpu", "host", "-m", "128",
            "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
            "-kernel", str(kernel.image), "-initrd", str(kernel.initramfs[transport]),
            "-append", "console=ttyS0 quiet reboot=t panic=-1 isobench.probe",
            "-chardev", f"socket,id=console,path={console.path}", "-serial", "chardev:console",
        ]  # fmt: skip
        with subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as vm:
            try:
                _await_kernel(vm, console, patience)
            except SampleError as error:
                vm.kill()
                said = (vm.stderr.read() if vm.stderr else b"").decode("utf-8", "replace").strip().split("\n")[-1]
                late = error.outcome == "timeout" and not said
                why = f"it stayed silent for {patience:g} s" if late else f"QEMU ended: {said or 'without a word'}"
                return _Failure(f"the guest kernel did not reach its init on KVM ({machine}): {why}", late)
            finally:
                vm.kill()
    return None
