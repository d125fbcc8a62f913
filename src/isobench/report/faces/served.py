"""``isobench report --watch``: a page on loopback that follows a running session, and ends with it.

Whoever can reach the port sees figures, nothing else: one page, one stream of events, no input. A page elsewhere that
has its name resolved to 127.0.0.1 (DNS rebinding) is refused by the Host header.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from isobench.errors import HarnessError, UsageError
from isobench.report import shell
from isobench.report.faces.follow import RUNNING, STOPPED, Follower, Seen, stopped

LOOPBACK = "127.0.0.1"
LOOK = 1.0
"""Seconds between two looks at the session's files."""
_KEEP_ALIVE = 15.0
"""Seconds after which a stream without news says that it is still there, and so notices that nobody listens."""
_PARTING = 2.0
"""Seconds that open streams get to take the last news."""


def watch(folder: Path, say: Callable[[str], None], look: float = LOOK) -> str:
    """Serve the page of the session in that folder until it ends, and return its last state.

    ``say`` is told the page's address. Raises UsageError where the session has ended already or cannot be read,
    HarnessError once its run has stopped without ending.
    """
    follower = Follower(folder)
    _refuse_stopped(folder, follower.seen)
    if follower.seen.state != RUNNING:
        raise UsageError(f"has ended: {follower.seen.state}", where=folder.name,
                         mend=f"write its report with `isobench report {folder.name}`")  # fmt: skip
    with _serving(Server()) as server:
        server.tell(follower.seen.shown)
        say(server.address)
        while follower.seen.state == RUNNING:
            time.sleep(look)
            try:
                changed = follower.changed()
            except FileNotFoundError:
                raise HarnessError("is gone: its folder was removed", where=folder.name) from None
            if changed:
                server.tell(follower.seen.shown)
    _refuse_stopped(folder, follower.seen)
    return follower.seen.state


def _refuse_stopped(folder: Path, seen: Seen) -> None:
    if seen.state == STOPPED:
        said, command = stopped(folder, seen.shown["taken"])
        raise HarnessError(said, where=folder.name, mend=f"go on with `{command}`")


class Server(ThreadingHTTPServer):
    """The page's server on a free port of loopback: what was told last goes to every stream."""

    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        super().__init__((LOOPBACK, 0), _Handler)
        script = shell.read("watch.js")
        page = shell.environment().get_template("watch.html.j2").render(css=shell.read("report.css"), script=script)
        self.page = page.encode()
        self.policy = shell.policy(script).replace("connect-src 'none'", "connect-src 'self'; frame-ancestors 'none'")
        self.news = threading.Condition()
        self.told, self.version, self.ended, self.streams = b"{}", 0, False, 0

    @property
    def address(self) -> str:
        """The address to open."""
        return f"http://{LOOPBACK}:{self.server_port}/"

    @property
    def names(self) -> tuple[str, ...]:
        """The only Host headers that are answered."""
        return f"{LOOPBACK}:{self.server_port}", f"localhost:{self.server_port}"

    def tell(self, shown: object) -> None:
        """Give every stream what there is to show."""
        with self.news:
            self.told = json.dumps(shown).encode()
            self.version += 1
            self.news.notify_all()

    def part(self) -> None:
        """End the streams, once they have taken the last news."""
        with self.news:
            self.ended = True
            self.news.notify_all()
            self.news.wait_for(lambda: self.streams == 0, _PARTING)

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: a reader that goes away is no error of the watch."""


@contextmanager
def _serving(server: Server) -> Iterator[Server]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)
    thread.start()
    try:
        yield server
        server.part()
    finally:
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    server: Server
    server_version, sys_version = "isobench", ""
    timeout = 30

    def do_GET(self) -> None:
        if self.headers.get("Host") not in self.server.names:
            self._answer(HTTPStatus.MISDIRECTED_REQUEST, "text/plain", b"not the address of this page\n")
        elif self.path == "/":
            self._answer(HTTPStatus.OK, "text/html; charset=utf-8", self.server.page)
        elif self.path == "/events":
            self._stream()
        else:
            self._answer(HTTPStatus.NOT_FOUND, "text/plain", b"there is nothing here\n")

    def _answer(self, status: HTTPStatus, kind: str, body: bytes) -> None:
        self._head(status, kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _head(self, status: HTTPStatus, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Security-Policy", self.server.policy)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("Cross-Origin-Resource-Policy", "same-origin")
        self.send_header("Cache-Control", "no-store")

    def _stream(self) -> None:
        server = self.server
        self._head(HTTPStatus.OK, "text/event-stream")
        self.end_headers()
        with server.news:
            server.streams += 1
        try:
            sent = 0
            while True:
                with server.news:
                    server.news.wait_for(lambda seen=sent: server.version != seen or server.ended, _KEEP_ALIVE)  # type: ignore[misc]
                    told, version, ended = server.told, server.version, server.ended
                self.wfile.write(b"data: " + told + b"\n\n" if version != sent else b": still there\n\n")
                self.wfile.flush()
                sent = version
                if ended:
                    return
        finally:
            with server.news:
                server.streams -= 1
                server.news.notify_all()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Say nothing: the terminal is for people."""
