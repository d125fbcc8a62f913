"""One bridge for all: containers' veths and VMs' taps meet there, so both have the same way to the host."""

from __future__ import annotations

import ipaddress
import itertools
import json
from dataclasses import dataclass
from types import TracebackType

from isobench.errors import HarnessError
from isobench.host.process import run

NAME = "isobr0"


@dataclass(frozen=True, slots=True)
class Network:
    """The bridge's network: the host is ``gateway``, instances get the addresses after it."""

    bridge: str
    subnet: ipaddress.IPv4Network
    gateway: str

    def address(self, number: int) -> str:
        """Return an instance's address; numbers go round within the subnet."""
        return str(self.subnet[2 + number % (self.subnet.num_addresses - 4)])


class Bridge:
    """The bridge, made on entry with a subnet that the host does not use, removed on exit."""

    def __init__(self, name: str = NAME) -> None:
        self._name = name

    def __enter__(self) -> Network:
        remove(self._name)
        subnet = _free_subnet()
        network = Network(self._name, subnet, str(subnet[1]))
        try:
            run(["ip", "link", "add", self._name, "type", "bridge", "forward_delay", "0"], mend="install iproute2")
            run(["ip", "address", "add", f"{network.gateway}/{subnet.prefixlen}", "dev", self._name])
            run(["ip", "link", "set", self._name, "up"])
        except BaseException:
            # An interrupt may come when the link is there and this context is not yet.
            remove(self._name)
            raise
        return network

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        remove(self._name)


def remove(name: str = NAME) -> bool:
    """Remove the bridge if it is there; return whether it was."""
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
