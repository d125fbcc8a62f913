"""A libvirt domain's XML from plain values: pure, so that a test can look at every element."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from xml.etree import ElementTree as Tree

from isobench.targets.domain_overlay import CHANNEL_NAME, QEMU, merge
from isobench.targets.vm_options import Machine, VmOptions

TRANSPORT: dict[Machine, str] = {"microvm": "mmio", "q35": "pci"}

Acceleration = Literal["kvm", "tcg"]


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that one domain is made of. ``memory`` is bytes, ``cores`` the kernel's list format.

    ``overlay`` is the instance's own root disk, in the format that the options say, over a ``base`` of its format;
    without a ``bridge`` it has no network, without a ``channel`` no port for init. ``extra`` is the user's own XML.
    ``more`` are further disks, each raw, or a qcow2 overlay with its base: vdc, vdd and so on, after the volume.
    Without a ``kernel`` the firmware boots the first disk: a ``system`` (a qcow2 overlay and its raw base) where there
    is one, else the root disk; the command line is then an SMBIOS string, for a boot loader to read.
    """

    name: str
    uuid: str
    options: VmOptions
    acceleration: Acceleration
    memory: int
    vcpus: int
    cores: str
    emulator: Path
    cgroup_files: tuple[Path, ...]
    kernel: Path | None
    initramfs: Path | None
    command_line: str
    base: Path
    overlay: Path
    volume: Path | None
    bridge: str | None
    mac: str
    channel: Path | None
    console: Path
    extra: Tree.Element | None = None
    system: tuple[Path, Path] | None = None
    base_format: Literal["raw", "qcow2"] = "raw"
    more: tuple[tuple[Path, Path | None], ...] = ()


def command_line(acceleration: Acceleration, tsc_khz: int | None) -> str:
    """Return the guest kernel's command line.

    Emulated timers are slow: without a stated TSC a microvm hangs calibrating it against a PIT that lags, and the
    check of the timer interrupt fails in the same way. The emulated TSC is the host's own, so it is declared reliable:
    on a busy host the kernel would find it unlike its lagging ticks, and tell the time by those from then on.
    """
    words = [
        "console=ttyS0", "quiet", "reboot=t", "panic=-1", "random.trust_cpu=on",
        "isobench.root=/dev/vda", "isobench.fstype=ext4",
    ]  # fmt: skip
    if acceleration == "tcg":
        words += [f"tsc_early_khz={tsc_khz}", "tsc=reliable"] if tsc_khz else []
        words += ["no_timer_check"]
    return " ".join(words)


def device(place: int) -> str:
    """Return the guest's name of its virtio disk at a place: ``vda``, ``vdb`` and so on."""
    return f"vd{chr(ord('a') + place)}"


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
    if plan.options.hugepages:
        Tree.SubElement(Tree.SubElement(root, "memoryBacking"), "hugepages")
    _text(root, "vcpu", str(plan.vcpus), placement="static", cpuset=plan.cores)
    if plan.options.iothreads:
        _text(root, "iothreads", str(plan.options.iothreads))
    pins = Tree.SubElement(root, "cputune")
    Tree.SubElement(pins, "emulatorpin", cpuset=plan.cores)
    for number in range(1, plan.options.iothreads + 1):
        Tree.SubElement(pins, "iothreadpin", iothread=str(number), cpuset=plan.cores)
    system = Tree.SubElement(root, "os")
    _text(system, "type", "hvm", arch="x86_64", machine=plan.options.machine)
    if plan.kernel:
        _text(system, "kernel", str(plan.kernel))
        _text(system, "initrd", str(plan.initramfs))
    else:
        Tree.SubElement(system, "boot", dev="hd")
    _text(system, "cmdline", plan.command_line)
    # Powering off needs it, and a microvm finds its virtio-mmio devices by it.
    Tree.SubElement(Tree.SubElement(root, "features"), "acpi")
    Tree.SubElement(root, "cpu", mode="host-passthrough" if plan.acceleration == "kvm" else "maximum")
    for event in ("on_poweroff", "on_reboot", "on_crash"):
        _text(root, event, "destroy")
    _add_devices(Tree.SubElement(root, "devices"), plan)
    if plan.cgroup_files:
        environment = Tree.SubElement(root, f"{{{QEMU}}}commandline")
        files = ":".join(str(file) for file in plan.cgroup_files)
        Tree.SubElement(environment, f"{{{QEMU}}}env", name="ISOBENCH_CGROUP", value=files)
    if plan.extra is not None:
        merge(root, plan.extra)
    if not plan.kernel:
        _hand_to_loader(root, system)
    Tree.indent(root)
    return Tree.tostring(root, encoding="unicode")


def _hand_to_loader(root: Tree.Element, system: Tree.Element) -> None:
    """Turn the command line, with the user's own words, into the one string of SMBIOS type 11."""
    words = system.find("cmdline")
    if words is None:
        return
    system.remove(words)
    if words.text:
        Tree.SubElement(system, "smbios", mode="sysinfo")
        strings = Tree.SubElement(Tree.SubElement(root, "sysinfo", type="smbios"), "oemStrings")
        _text(strings, "entry", words.text)


def _add_devices(devices: Tree.Element, plan: Plan) -> None:
    options = plan.options
    _text(devices, "emulator", str(plan.emulator))
    # In "writeback" the base goes through the host's page cache, as a container's layers do; flushes still reach the
    # device.
    base = plan.base if options.format == "qcow2" else None
    if plan.system:
        _add_disk(devices, plan, 0, plan.system[0], "qcow2", options.cache, plan.system[1])
    first = 1 if plan.system else 0
    _add_disk(devices, plan, first, plan.overlay, options.format, options.cache, base, plan.base_format)
    if plan.volume:
        _add_disk(devices, plan, first + 1, plan.volume, "raw", options.volume_cache, None)
    for place, (file, backing) in enumerate(plan.more, first + (2 if plan.volume else 1)):
        kind, cache = ("qcow2", options.cache) if backing else ("raw", options.volume_cache)
        _add_disk(devices, plan, place, file, kind, cache, backing)
    Tree.SubElement(devices, "controller", type="usb", model="none")
    _place(Tree.SubElement(devices, "controller", type="virtio-serial", index="0"), plan)
    if plan.bridge:
        _add_interface(devices, plan, plan.bridge)
    _add_line(devices, "serial", plan.console, port="0")
    if plan.channel:
        _add_line(devices, "channel", plan.channel, type="virtio", name=CHANNEL_NAME)
    Tree.SubElement(Tree.SubElement(devices, "video"), "model", type="none")
    Tree.SubElement(devices, "memballoon", model="none")


def _add_interface(devices: Tree.Element, plan: Plan, bridge: str) -> None:
    interface = Tree.SubElement(devices, "interface", type="bridge")
    Tree.SubElement(interface, "mac", address=plan.mac)
    Tree.SubElement(interface, "source", bridge=bridge)
    Tree.SubElement(interface, "model", type="virtio")
    if plan.options.vhost is not None:
        # Left unsaid, libvirt uses vhost where the host has it.
        Tree.SubElement(interface, "driver", name="vhost" if plan.options.vhost else "qemu")
    if plan.options.machine == "q35":
        # Its network boot code would be loaded and never run.
        Tree.SubElement(interface, "rom", enabled="no")
    _place(interface, plan)


def _add_disk(
    devices: Tree.Element, plan: Plan, place: int, file: Path, form: str, cache: str, base: Path | None,
    base_format: str = "raw",
) -> None:  # fmt: skip
    disk = Tree.SubElement(devices, "disk", type="file", device="disk")
    driver = Tree.SubElement(disk, "driver", name="qemu", type=form, cache=cache)
    if cache == "none":
        driver.set("io", "native")
    if plan.options.iothreads:
        driver.set("iothread", str(place % plan.options.iothreads + 1))
    Tree.SubElement(disk, "source", file=str(file))
    if base:
        backing = Tree.SubElement(disk, "backingStore", type="file")
        Tree.SubElement(backing, "format", type=base_format)
        Tree.SubElement(backing, "source", file=str(base))
        Tree.SubElement(backing, "backingStore")
    Tree.SubElement(disk, "target", dev=device(place), bus="virtio")
    _place(disk, plan)


def _add_line(devices: Tree.Element, kind: str, path: Path, **target: str) -> None:
    line = Tree.SubElement(devices, kind, type="unix")
    # QEMU calls, the harness listens: no byte can be lost before somebody reads.
    Tree.SubElement(line, "source", mode="connect", path=str(path))
    Tree.SubElement(line, "target", target)


def _place(device: Tree.Element, plan: Plan) -> None:
    if plan.options.machine == "microvm":
        Tree.SubElement(device, "address", type="virtio-mmio")


def _text(parent: Tree.Element, tag: str, text: str, **attributes: str) -> None:
    Tree.SubElement(parent, tag, attributes).text = text
