"""Time to the first correct application reply: the one instant that needs tries."""

from __future__ import annotations

import ctypes
import os
import re
import select
import socket
import threading
import time

from isobench.errors import SampleError
from isobench.model import Service

PERIOD = 0.002
"""Seconds between two fresh connects: the resolution of ``time_to_service``."""

_REPLY_WAIT = 0.25
_CLONE_NEWNET = 0x40000000


class ServiceProbe(threading.Thread):
    """Tries the service on the instance's own address until it replies; ``netns`` names a namespace to do it in."""

    def __init__(self, address: str, service: Service, timeout: float, netns: str | None) -> None:
        super().__init__(name="isobench probe", daemon=True)
        self._to = (address, service.port)
        self._service = service
        self._timeout = timeout
        self._deadline = time.monotonic() + timeout
        self._netns = netns
        self._found: int | None = None
        self._problem: str | None = None

    def run(self) -> None:
        """Try until a correct reply came or time is up."""
        try:
            if self._netns:
                _enter(self._netns)
            pattern = re.compile(self._service.reply.encode())
            while self._found is None and time.monotonic() < self._deadline:
                began = time.monotonic()
                self._found = self._attempt(pattern)
                if self._found is None:
                    time.sleep(max(PERIOD - (time.monotonic() - began), 0))
        except OSError as error:
            self._problem = str(error)

    def wait(self) -> int:
        """Return when the reply was whole, CLOCK_MONOTONIC nanoseconds; raises SampleError ``timeout``."""
        self.join()
        if self._found is None:
            lack = "no correct reply" if self._service.reply else "nothing listened"
            said = self._problem or f"{lack} within {self._timeout:g} s"
            raise SampleError("timeout", said, where=f"port {self._to[1]}")
        return self._found

    def _attempt(self, pattern: re.Pattern[bytes]) -> int | None:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as sock:
            sock.setblocking(False)
            sock.connect_ex(self._to)
            if not _ready(sock, select.POLLOUT, PERIOD) or sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
                return None
            if not self._service.reply:
                return time.monotonic_ns()  # to be let in is all that is asked
            got = b""
            try:
                sock.send(self._service.request)
                while _ready(sock, select.POLLIN, _REPLY_WAIT):
                    data = sock.recv(65536)
                    at = time.monotonic_ns()
                    got = (got + data)[-65536:]
                    if pattern.search(got):
                        return at
                    if not data:
                        break
            except OSError:
                return None
            return None


def _ready(sock: socket.socket, event: int, timeout: float) -> bool:
    poller = select.poll()
    poller.register(sock, event)
    return bool(poller.poll(timeout * 1000))


def _enter(netns: str) -> None:
    """Move this thread, and it alone, into a network namespace."""
    descriptor = os.open(netns, os.O_RDONLY | os.O_CLOEXEC)
    try:
        if ctypes.CDLL(None, use_errno=True).setns(descriptor, _CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "setns")
    finally:
        os.close(descriptor)
