"""A libvirt domain's XML from plain values: pure, so that a test can look at every element."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from xml.etree import ElementTree as Tree

QEMU = "http://libvirt.org/schemas/domain/qemu/1.0"
CHANNEL_NAME = "isobench.0"
TRANSPORT = {"microvm": "mmio", "q35": "pci"}

Machine = Literal["microvm", "q35"]
Acceleration = Literal["kvm", "tcg"]


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that one domain is made of. ``memory`` is bytes, ``cores`` the kernel's list format."""

    name: str
    uuid: str
    machine: Machine
    acceleration: Acceleration
    memory: int
    vcpus: int
    cores: str
    emulator: Path
    cgroup_files: tuple[Path, ...]
    kernel: Path
    initramfs: Path
    command_line: str
    base: Path
    overlay: Path
    volume: Path | None
    bridge: str
    mac: str
    channel: Path
    console: Path


def command_line(acceleration: Acceleration, tsc_khz: int | None) -> str:
    """Return the guest kernel's command line.

    Emulated timers are slow: without a stated TSC a microvm hangs calibrating it against a PIT that lags, and the
    check of the timer interrupt fails in the same way.
    """
    words = [
        "console=ttyS0", "quiet", "reboot=t", "panic=-1", "random.trust_cpu=on",
        "isobench.root=/dev/vda", "isobench.fstype=ext4",
    ]  # fmt: skip
    if acceleration == "tcg":
        words += [f"tsc_early_khz={tsc_khz}"] if tsc_khz else []
        words += ["no_timer_check"]
    return " ".join(words)


def mac(number: int) -> str:
    """Return the MAC address of the instance with this number, in QEMU's own range."""
    return "52:54:00:" + ":".join(f"{number >> shift & 0xFF:02x}" for shift in (16, 8, 0))


def domain_xml(plan: Plan) -> str:
    """Return the domain as XML."""
    Tree.register_namespace("qemu", QEMU)
    root = Tree.Element("domain", type="kvm" if plan.acceleration == "kvm" else "qemu")
    _text(root, "name", plan.name)
    _text(root, "uuid", plan.uuid)
    _text(root, "memory", str(plan.memory >> 10), unit="KiB")
    _text(root, "vcpu", str(plan.vcpus), placement="static", cpuset=plan.cores)
    Tree.SubElement(Tree.SubElement(root, "cputune"), "emulatorpin", cpuset=plan.cores)
    system = Tree.SubElement(root, "os")
    _text(system, "type", "hvm", arch="x86_64", machine=plan.machine)
    _text(system, "kernel", str(plan.kernel))
    _text(system, "initrd", str(plan.initramfs))
    _text(system, "cmdline", plan.command_line)
    # Powering off needs it, and a microvm finds its virtio-mmio devices by it.
    Tree.SubElement(Tree.SubElement(root, "features"), "acpi")
    Tree.SubElement(root, "cpu", mode="host-passthrough" if plan.acceleration == "kvm" else "maximum")
    for event in ("on_poweroff", "on_reboot", "on_crash"):
        _text(root, event, "destroy")
    _add_devices(Tree.SubElement(root, "devices"), plan)
    environment = Tree.SubElement(root, f"{{{QEMU}}}commandline")
    files = ":".join(str(file) for file in plan.cgroup_files)
    Tree.SubElement(environment, f"{{{QEMU}}}env", name="ISOBENCH_CGROUP", value=files)
    Tree.indent(root)
    return Tree.tostring(root, encoding="unicode")


def _add_devices(devices: Tree.Element, plan: Plan) -> None:
    _text(devices, "emulator", str(plan.emulator))
    _add_disk(devices, plan, "vda", plan.overlay, plan.base)
    if plan.volume:
        _add_disk(devices, plan, "vdb", plan.volume, None)
    Tree.SubElement(devices, "controller", type="usb", model="none")
    _place(Tree.SubElement(devices, "controller", type="virtio-serial", index="0"), plan)
    interface = Tree.SubElement(devices, "interface", type="bridge")
    Tree.SubElement(interface, "mac", address=plan.mac)
    Tree.SubElement(interface, "source", bridge=plan.bridge)
    Tree.SubElement(interface, "model", type="virtio")
    if plan.machine == "q35":
        # Its network boot code would be loaded and never run.
        Tree.SubElement(interface, "rom", enabled="no")
    _place(interface, plan)
    _add_line(devices, "serial", plan.console, port="0")
    _add_line(devices, "channel", plan.channel, type="virtio", name=CHANNEL_NAME)
    Tree.SubElement(Tree.SubElement(devices, "video"), "model", type="none")
    Tree.SubElement(devices, "memballoon", model="none")


def _add_disk(devices: Tree.Element, plan: Plan, target: str, file: Path, base: Path | None) -> None:
    disk = Tree.SubElement(devices, "disk", type="file", device="disk")
    if base:
        # The base goes through the host's page cache, as a container's layers do; flushes still reach the device.
        Tree.SubElement(disk, "driver", name="qemu", type="qcow2", cache="writeback")
    else:
        Tree.SubElement(disk, "driver", name="qemu", type="raw", cache="none", io="native")
    Tree.SubElement(disk, "source", file=str(file))
    if base:
        backing = Tree.SubElement(disk, "backingStore", type="file")
        Tree.SubElement(backing, "format", type="raw")
        Tree.SubElement(backing, "source", file=str(base))
        Tree.SubElement(backing, "backingStore")
    Tree.SubElement(disk, "target", dev=target, bus="virtio")
    _place(disk, plan)


def _add_line(devices: Tree.Element, kind: str, path: Path, **target: str) -> None:
    line = Tree.SubElement(devices, kind, type="unix")
    # QEMU calls, the harness listens: no byte can be lost before somebody reads.
    Tree.SubElement(line, "source", mode="connect", path=str(path))
    Tree.SubElement(line, "target", target)


def _place(device: Tree.Element, plan: Plan) -> None:
    if plan.machine == "microvm":
        Tree.SubElement(device, "address", type="virtio-mmio")


def _text(parent: Tree.Element, tag: str, text: str, **attributes: str) -> None:
    Tree.SubElement(parent, tag, attributes).text = text
