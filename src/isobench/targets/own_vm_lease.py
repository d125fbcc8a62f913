"""An address for a guest that asks for one: DHCP (RFC 2131, RFC 2132) on isobench's bridge, for one machine."""

from __future__ import annotations

import select
import socket
import struct
import threading
from ipaddress import IPv4Address
from types import TracebackType
from typing import Self

from isobench.engines.bridge import Network
from isobench.errors import SampleError

_SERVER, _CLIENT = 67, 68
_HEAD = struct.Struct("!BBBBIHH4s4s4s4s16s192x4s")
_COOKIE = b"\x63\x82\x53\x63"
_REQUEST, _REPLY = 1, 2
_ETHERNET, _LENGTH = 1, 6
_DISCOVER, _OFFER, _ASK, _ACK = 1, 2, 3, 5
_KIND, _SERVER_ID, _LEASE, _MASK, _ROUTER, _PAD, _END = 53, 54, 51, 1, 3, 0, 255
_ANSWERS = {_DISCOVER: _OFFER, _ASK: _ACK}
_HOURS = 24 * 3600
_LOOK = 0.25


class Lease:
    """Answers one MAC address on the bridge with one IPv4 address, in a thread, until the end of its ``with``.

    Raises SampleError where the port of DHCP servers is taken.
    """

    def __init__(self, network: Network, mac: str, address: str) -> None:
        self._network, self._mac, self._address = network, bytes.fromhex(mac.replace(":", "")), address
        self._ended = threading.Event()
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._thread = threading.Thread(target=self._serve, name="isobench lease", daemon=True)

    def __enter__(self) -> Self:
        try:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
            # Nothing that comes by another link is heard, and nothing is said there.
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, self._network.bridge.encode())
            self._socket.bind(("", _SERVER))
        except OSError as error:
            self._socket.close()
            raise SampleError("error", f"no address can be given to the guest: {error.strerror}") from error
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        poll = select.poll()
        poll.register(self._socket, select.POLLIN)
        while not self._ended.is_set():
            if not poll.poll(_LOOK * 1000):
                continue
            try:
                said = answer(self._socket.recv(2048), self._network, self._mac, self._address)
                if said:
                    self._socket.sendto(said, ("255.255.255.255", _CLIENT))
            except OSError:
                continue  # the bridge is down for a moment: the guest asks again


def answer(asked: bytes, network: Network, mac: bytes, address: str) -> bytes | None:
    """Return the reply to a client's message, or None where it is not that client's, or none to reply to."""
    if len(asked) < _HEAD.size:
        return None
    kind, hardware, length, _, number, _, flags, _, _, _, relay, client, cookie = _HEAD.unpack_from(asked)
    if (kind, hardware, length, cookie) != (_REQUEST, _ETHERNET, _LENGTH, _COOKIE) or client[:_LENGTH] != mac:
        return None
    said = _ANSWERS.get(_options(asked[_HEAD.size :]).get(_KIND, b"\0")[0])
    if said is None:
        return None
    given, server = IPv4Address(address).packed, IPv4Address(network.gateway).packed
    head = _HEAD.pack(_REPLY, _ETHERNET, _LENGTH, 0, number, 0, flags, bytes(4), given, server, relay, client, cookie)
    options = (
        (_KIND, bytes([said])), (_SERVER_ID, server), (_LEASE, struct.pack("!I", _HOURS)),
        (_MASK, network.subnet.netmask.packed), (_ROUTER, server),
    )  # fmt: skip
    return head + b"".join(bytes([code, len(value)]) + value for code, value in options) + bytes([_END])


def _options(rest: bytes) -> dict[int, bytes]:
    """Return a message's options as far as they are whole."""
    found: dict[int, bytes] = {}
    place = 0
    while place + 1 < len(rest) and rest[place] != _END:
        if rest[place] == _PAD:
            place += 1
            continue
        value = rest[place + 2 : place + 2 + rest[place + 1]]
        if len(value) == rest[place + 1] and value:
            found[rest[place]] = value
        place += 2 + rest[place + 1]
    return found
