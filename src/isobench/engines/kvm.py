"""Proving KVM: only a guest kernel that has booted on it counts; a device that opens may still lie."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from isobench.errors import SampleError
from isobench.guest.console import KERNEL_DONE, Console
from isobench.host.facts import cpu_model
from isobench.host.process import run
from isobench.images.types import Kernel

_DEVICE = Path("/dev/kvm")
_TIMEOUT = 10.0
_LOOK = 0.2
_MACHINES = {"q35": "pci", "microvm": "mmio"}
"""Both must boot: a host may run the one and not the other."""


@dataclass(frozen=True, slots=True)
class KvmState:
    """Whether KVM runs a Linux guest here, and how that is known."""

    available: bool
    reason: str


def probe(kernel: Kernel, cache: Path, run_folder: Path, qemu: str = "qemu-system-x86_64") -> KvmState:
    """Boot the guest kernel on KVM up to its initramfs, within 10 s; the answer is kept for this boot of the host."""
    if not _DEVICE.exists():
        return KvmState(
            False, "there is no /dev/kvm: enable virtualisation in the firmware, or load kvm_intel or kvm_amd"
        )
    if not os.access(_DEVICE, os.R_OK | os.W_OK):
        return KvmState(False, "/dev/kvm may not be opened: run as root, or join the group kvm")
    version = run([qemu, "--version"]).stdout.decode().split("\n", 1)[0]
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    # The device as well: what stands there now may be another than the one that was tried.
    device = f"{_DEVICE.stat().st_rdev:x}"
    key = {"boot": boot, "kernel": kernel.digest, "qemu": version, "cpu": cpu_model(), "device": device}
    kept = cache / "kvm.json"
    try:
        known = json.loads(kept.read_text())
        if known["key"] == key:
            return KvmState(bool(known["available"]), str(known["reason"]))
    except (OSError, ValueError, KeyError):
        pass
    for machine, transport in _MACHINES.items():
        state = _boot(kernel, run_folder, qemu, machine, transport)
        if not state.available:
            break
    kept.write_text(json.dumps({"key": key, "available": state.available, "reason": state.reason}))
    return state


def _await_kernel(vm: subprocess.Popen[bytes], console: Console) -> None:
    """Wait for the kernel's end; raises SampleError as soon as QEMU is gone, which it may be before it calls."""
    deadline = time.monotonic() + _TIMEOUT
    while True:
        try:
            console.wait_mark(KERNEL_DONE, _LOOK)
            return
        except SampleError as error:
            if error.outcome != "timeout" or vm.poll() is not None or time.monotonic() > deadline:
                raise


def _boot(kernel: Kernel, run_folder: Path, qemu: str, machine: str, transport: str) -> KvmState:
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
                _await_kernel(vm, console)
            except SampleError as error:
                vm.kill()
                said = (vm.stderr.read() if vm.stderr else b"").decode("utf-8", "replace").strip().split("\n")[-1]
                late = error.outcome == "timeout" and not said
                why = f"it stayed silent for {_TIMEOUT:g} s" if late else f"QEMU ended: {said or 'without a word'}"
                return KvmState(False, f"the guest kernel did not reach its init on KVM ({machine}): {why}")
            finally:
                vm.kill()
    return KvmState(True, "the guest kernel has booted on it")
