"""A unix socket on which one guest calls, and the thread that stamps its bytes as they arrive."""

from __future__ import annotations

import contextlib
import os
import selectors
import socket
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from isobench.errors import HarnessError, SampleError

_MAX_PATH = 107  # sun_path holds 108 bytes with its NUL
_CHUNK = 65536

_T = TypeVar("_T")


class Listener:
    """Listens at ``path`` from its making, takes one connection, and is closed at the end of its ``with``.

    All stamps are the host's monotonic clock, in nanoseconds, taken by the thread as the kernel wakes it.
    A stale socket at ``path`` is replaced. Raises HarnessError when the path cannot be listened on.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.connected_at: int | None = None
        """When the guest connected."""
        self.closed_at: int | None = None
        """When the connection ended, from either side."""
        self._changed = threading.Condition()
        self._outgoing: deque[bytes] = deque()
        self._closing = False
        self._server: socket.socket | None = _listen(path)
        self._inode = path.stat().st_ino
        self._connection: socket.socket | None = None
        self._wake, self._woken = socket.socketpair()
        self._woken.setblocking(False)
        self._wake.setblocking(False)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._server, selectors.EVENT_READ, self._accept)
        self._selector.register(self._woken, selectors.EVENT_READ, self._drain_wake)
        self._thread = threading.Thread(target=self._serve, name=f"isobench {path.name}", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Hang up, end the thread and remove the socket. What has been recorded stays readable."""
        if self._closing:
            return
        self._closing = True
        self._notify_thread()
        self._thread.join()
        self._wake.close()
        # A successor may listen at the same path by now; its socket is not ours to remove.
        with contextlib.suppress(FileNotFoundError):
            if self.path.stat().st_ino == self._inode:
                self.path.unlink()

    def wait_connected(self, timeout_s: float) -> int:
        """Return when the guest connected. Raises SampleError("timeout" or "died")."""
        return self._wait_for(lambda: self.connected_at, timeout_s, "no connection")

    def _received(self, at_ns: int, data: bytes) -> None:
        """Take in what arrived; called by the thread with the condition held."""
        raise NotImplementedError

    def _send(self, data: bytes) -> None:
        """Queue bytes for the guest; they leave once it is connected. Never blocks."""
        with self._changed:
            self._outgoing.append(data)
        self._notify_thread()

    def _wait_for(self, look: Callable[[], _T | None], timeout_s: float, lack: str) -> _T:
        """Wait until ``look`` returns something; it is called with the condition held, at each arrival."""
        deadline = time.monotonic() + timeout_s
        with self._changed:
            while True:
                found = look()
                if found is not None:
                    return found
                if self.closed_at is not None:
                    raise SampleError("died", f"{lack} before the instance hung up", where=self.path.name)
                left = deadline - time.monotonic()
                if left <= 0:
                    raise SampleError("timeout", f"{lack} within {timeout_s:g} s", where=self.path.name)
                self._changed.wait(left)

    def _notify_thread(self) -> None:
        # A full pipe means that the thread has news waiting already.
        with contextlib.suppress(BlockingIOError):
            self._wake.send(b"w")

    def _serve(self) -> None:
        # Where an instance has every core, its load must not delay the stamps: this thread does next to nothing,
        # but at once. Without the right to ask for it, it is an ordinary thread.
        with contextlib.suppress(OSError):
            os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
        while not self._closing:
            for key, events in self._selector.select():
                at_ns = time.monotonic_ns()
                key.data(at_ns, events)
        self._hang_up()
        self._stop_listening()
        self._selector.close()
        self._woken.close()

    def _drain_wake(self, _at_ns: int, _events: int) -> None:
        self._woken.recv(4096)
        self._watch_connection()

    def _accept(self, at_ns: int, _events: int) -> None:
        assert self._server is not None  # noqa: S101 - the selector holds it, so it is open
        connection, _ = self._server.accept()
        connection.setblocking(False)
        self._stop_listening()
        self._connection = connection
        self._selector.register(connection, selectors.EVENT_READ, self._serve_connection)
        with self._changed:
            self.connected_at = at_ns
            self._changed.notify_all()
        self._watch_connection()

    def _stop_listening(self) -> None:
        # One guest, one connection: with the socket closed, any later caller is refused by the kernel.
        if self._server is not None:
            self._selector.unregister(self._server)
            self._server.close()
            self._server = None

    def _watch_connection(self) -> None:
        if self._connection is None:
            return
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if self._outgoing else 0)
        self._selector.modify(self._connection, events, self._serve_connection)

    def _serve_connection(self, _at_ns: int, events: int) -> None:
        if events & selectors.EVENT_READ:
            self._read()
        if events & selectors.EVENT_WRITE and self._connection is not None:
            self._write()

    def _read(self) -> None:
        assert self._connection is not None  # noqa: S101 - the selector holds it, so it is open
        try:
            data = self._connection.recv(_CHUNK)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        at_ns = time.monotonic_ns()
        if not data:
            self._hang_up(at_ns)
            return
        with self._changed:
            self._received(at_ns, data)
            self._changed.notify_all()

    def _write(self) -> None:
        assert self._connection is not None  # noqa: S101 - the selector holds it, so it is open
        with self._changed:
            try:
                while self._outgoing:
                    sent = self._connection.send(self._outgoing[0])
                    rest = self._outgoing.popleft()[sent:]
                    if rest:
                        self._outgoing.appendleft(rest)
            except BlockingIOError:
                return
            except OSError:
                # The guest has gone; the reading side tells of it once what it still wrote has been read.
                self._outgoing.clear()
        self._watch_connection()

    def _hang_up(self, at_ns: int | None = None) -> None:
        if self._connection is not None:
            self._selector.unregister(self._connection)
            self._connection.close()
            self._connection = None
        with self._changed:
            self._outgoing.clear()
            if self.closed_at is None:
                self.closed_at = time.monotonic_ns() if at_ns is None else at_ns
            self._changed.notify_all()


def _listen(path: Path) -> socket.socket:
    name = bytes(path)
    if len(name) > _MAX_PATH:
        raise HarnessError(
            f"a socket's path may have {_MAX_PATH} bytes, this one has {len(name)}",
            where=str(path),
            mend="set a shorter cache folder (XDG_CACHE_HOME)",
        )
    server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        path.unlink(missing_ok=True)
        server.bind(name)
        path.chmod(0o666)
        server.listen(8)
        server.setblocking(False)
    except OSError as error:
        server.close()
        raise HarnessError(f"cannot listen: {error.strerror}", where=str(path)) from error
    return server
