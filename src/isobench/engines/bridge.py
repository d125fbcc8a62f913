"""One bridge for all: containers' veths and VMs' taps meet there, so both have the same way to the host.

Each run folder has a bridge of its own, so that no isobench takes another's away.
"""

from __future__ import annotations

import hashlib
import ipaddress
import itertools
import json
import socket
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from isobench.errors import HarnessError
from isobench.host.lock import HOST
from isobench.host.paths import run_folder
from isobench.host.process import run

_NAME = "isobr"


@dataclass(frozen=True, slots=True)
class Network:
    """The bridge's network: the host is ``gateway``, instances get the addresses after it."""

    bridge: str
    subnet: ipaddress.IPv4Network
    gateway: str

    def address(self, number: int) -> str:
        """Return an instance's address; numbers go round within the subnet."""
        return str(self.subnet[2 + number % (self.subnet.num_addresses - 4)])


def own_name(folder: Path) -> str:
    """Return the name of the bridge that belongs to a run folder: ``isobr0`` for the host's usual one."""
    # A link's name may have 15 characters.
    return f"{_NAME}0" if folder == HOST else f"{_NAME}-{hashlib.sha256(bytes(folder)).hexdigest()[:8]}"


class Bridge:
    """The bridge, made on entry with a subnet that the host does not use, removed on exit.

    Without a name it is that of this process's run folder. Raises HarnessError where a living process has it.
    """

    def __init__(self, name: str | None = None) -> None:
        self._name = name or own_name(run_folder())

    def __enter__(self) -> Network:
        claim = _claim(self._name)
        if claim is None:
            raise HarnessError(f"another isobench uses the bridge {self._name}", mend="wait until it has ended")
        self._held = claim
        _remove(self._name)
        subnet = _free_subnet()
        network = Network(self._name, subnet, str(subnet[1]))
        try:
            run(["ip", "link", "add", self._name, "type", "bridge", "forward_delay", "0"], mend="install iproute2")
            run(["ip", "address", "add", f"{network.gateway}/{subnet.prefixlen}", "dev", self._name])
            run(["ip", "link", "set", self._name, "up"])
        except BaseException:
            # An interrupt may come when the link is there and this context is not yet.
            self._leave()
            raise
        return network

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._leave()

    def _leave(self) -> None:
        _remove(self._name)
        self._held.close()


def clean(folder: Path) -> list[str]:
    """Remove the bridge that a killed run of this run folder left; return a line when there was one."""
    name = own_name(folder)
    claim = _claim(name)
    if claim is None:
        return []
    with claim:
        return [f"bridge {name}"] if _remove(name) else []


def _claim(name: str) -> socket.socket | None:
    """Claim a bridge for this process until the socket is closed; None when another has it.

    Abstract names live in a network namespace, as links do, and the kernel frees them when their holder dies.
    """
    claim = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        claim.bind(f"\0isobench/{name}")
    except OSError:
        claim.close()
        return None
    return claim


def _remove(name: str) -> bool:
    """Remove the bridge if it is there; return whether it was."""
    # Not by the answer of `ip`: there are versions of it that find nothing to delete and call that a success.
    try:
        socket.if_nametoindex(name)
    except OSError:
        return False
    return run(["ip", "link", "delete", name, "type", "bridge"], check=False).returncode == 0


def _free_subnet() -> ipaddress.IPv4Network:
    """Return the first /24 of 10.213.0.0/16 and on that no route of the host touches."""
    routes = json.loads(run(["ip", "-json", "route", "show", "table", "all"]).stdout or b"[]")
    taken = [
        ipaddress.ip_network(route["dst"], strict=False)
        for route in routes
        if route.get("dst", "default") != "default" and ":" not in route["dst"]
    ]
    for second, third in itertools.product(range(213, 250), range(256)):
        candidate = ipaddress.IPv4Network(f"10.{second}.{third}.0/24")
        if not any(candidate.overlaps(network) for network in taken if network.version == 4):
            return candidate
    raise HarnessError("every subnet from 10.213.0.0 to 10.249.255.0 is in use", mend="free one")
