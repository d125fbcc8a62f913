"""What all kinds of VM share in a house: libvirt, the guest kernel, and whether KVM boots it."""

from __future__ import annotations

from dataclasses import dataclass

from isobench.engines import kvm, libvirt
from isobench.engines.libvirt import LibvirtEngine
from isobench.errors import HarnessError
from isobench.house import House
from isobench.images.kernel import ensure_kernel
from isobench.images.types import Kernel


@dataclass(frozen=True, slots=True)
class Virtual:
    """libvirt is open; ``acceleration`` is "kvm" only where the kernel has booted on it, else "tcg"."""

    engine: LibvirtEngine
    kernel: Kernel
    acceleration: str


def virtual(house: House) -> Virtual:
    """Return the house's one libvirt, opened on the first call. Raises HarnessError where there is none."""
    return house.once("libvirt", lambda: _open(house))


def _open(house: House) -> Virtual:
    if reason := libvirt.unavailable():
        raise HarnessError(reason)
    house.say("opening libvirt")
    engine = house.stack.enter_context(libvirt.libvirt_engine(house.paths))
    kernel = ensure_kernel(house.guest, house.paths.cache)
    house.say("proving KVM")
    state = kvm.probe(kernel, house.paths.cache, house.paths.run)
    if state.device and not state.available:
        house.say(f"VMs are emulated although this host has /dev/kvm: {state.reason}")
    house.versions |= engine.versions() | {"guest_kernel": kernel.release}
    return Virtual(engine, kernel, "kvm" if state.available else "tcg")
