"""libvirt: a connection with its events, and the life of the domains that isobench makes there."""

from __future__ import annotations

import logging
import os
import queue
import shutil
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any

from isobench.engines import libvirt_choice, libvirt_files
from isobench.engines.libvirt_files import SharedFiles
from isobench.errors import HarnessError, SampleError
from isobench.host import reaper
from isobench.host.paths import Paths, cache_folder
from isobench.host.process import command_lines

_LOG = logging.getLogger(__name__)

PREFIX = "isobench-"
_PROGRAM = "qemu-system"
_RETURN = 60.0
_KEEP_ALIVE = 3, 3
"""Seconds between two signs of life asked of a daemon, and how many may be missing."""
_OPENING = 10.0
"""Seconds until a daemon must have opened a connection: one that is frozen takes the call and never answers."""

# The embedded driver logs for itself, to standard error unless told otherwise before the library is loaded.
os.environ.setdefault("LIBVIRT_LOG_OUTPUTS", f"3:file:{cache_folder() / 'libvirt.log'}")


class LibvirtEngine:
    """A connection, and the life-cycle events of its domains stamped as they arrive.

    ``root`` is the embedded driver's; without one it is the host's own libvirt, whose VMs have their ``files`` where
    its QEMU may read them.
    """

    def __init__(self, uri: str, root: Path | None, files: SharedFiles | None = None) -> None:
        self.files = files
        self._uri = uri
        self._root = root
        self._changed = threading.Condition()
        self._events: dict[str, list[tuple[int, int, int]]] = {}
        self._patience = _RETURN
        self.connection = self._open()

    def _open(self) -> Any:
        import libvirt

        try:
            connection = libvirt.open(self._uri) if self._root else _open_daemon(self._uri)
            self._lost = False
            if self._root is None:
                connection.registerCloseCallback(self._hung_up, None)
            self._callback = connection.domainEventRegisterAny(
                None, libvirt.VIR_DOMAIN_EVENT_ID_LIFECYCLE, self.record, None
            )
        except libvirt.libvirtError as error:
            self._lost = True
            raise HarnessError(f"libvirt does not open: {error.get_error_message()}", where=self._uri) from error
        return connection

    def _hung_up(self, _connection: Any, _reason: int, _opaque: Any) -> None:
        """Take in that the daemon hung up; libvirt calls it in the event loop's thread."""
        with self._changed:
            self._lost = True
            self._changed.notify_all()

    def ensure_open(self) -> None:
        """Open the connection again where it was lost: the user's own libvirtd may have been restarted.

        Raises HarnessError when it does not come back.
        """
        if not self._lost:
            return
        import libvirt

        if self._patience:
            _LOG.warning("libvirt hung up: waiting up to %g s for it", self._patience)
        with suppress(libvirt.libvirtError):
            self.connection.close()
        deadline = time.monotonic() + self._patience
        while self._lost:
            try:
                self.connection = self._open()
            except HarnessError:
                if time.monotonic() > deadline:
                    # It was waited for once; from now on one look must do.
                    self._patience = 0.0
                    raise
                time.sleep(0.2)
        self._patience = _RETURN

    @property
    def embedded(self) -> bool:
        """Whether it is isobench's own; else it is the host's, which confines its VMs as it is configured to."""
        return self._root is not None

    def process(self, name: str) -> int:
        """Return the QEMU process of a domain; raises SampleError where there is none."""
        for pid, words in command_lines():
            if any(word.split(",")[0] == f"guest={name}" for word in words):
                return pid
        raise SampleError("died", "QEMU ended at once")

    def learn(self, emulator: Path, machine: str, kind: str) -> None:
        """Let libvirt probe an emulator now, not at its first domain; raises HarnessError where it cannot run."""
        import libvirt

        try:
            self.connection.getDomainCapabilities(str(emulator), "x86_64", machine, kind, 0)
        except libvirt.libvirtError as error:
            raise HarnessError(f"QEMU cannot run {machine}: {' '.join(str(error).split())}") from error

    def close(self) -> None:
        """End our domains and close the connection."""
        import libvirt

        with suppress(HarnessError):
            self.ensure_open()
        with suppress(libvirt.libvirtError):
            self.connection.domainEventDeregisterAny(self._callback)
        with suppress(libvirt.libvirtError):
            _end_domains(self.connection)
        with suppress(libvirt.libvirtError):
            self.connection.close()

    def record(self, _connection: Any, domain: Any, event: int, detail: int, _opaque: Any) -> None:
        """Take in an event; libvirt calls it in the event loop's thread."""
        at_ns = time.monotonic_ns()
        with self._changed:
            self._events.setdefault(domain.UUIDString(), []).append((at_ns, event, detail))
            self._changed.notify_all()

    def events(self, uuid: str) -> list[tuple[int, int, int]]:
        """Return a domain's events so far: CLOCK_MONOTONIC nanoseconds, event, detail."""
        with self._changed:
            return list(self._events.get(uuid, ()))

    def wait_event(self, uuid: str, event: int, timeout: float, since: int = 0) -> int:
        """Return when a domain's first such event, after its first ``since``, arrived.

        Raises SampleError ``timeout``, or ``error`` when none can.
        """
        deadline = time.monotonic() + timeout
        with self._changed:
            while True:
                for at_ns, kind, _ in self._events.get(uuid, [])[since:]:
                    if kind == event:
                        return at_ns
                if self._lost:
                    raise SampleError("error", "libvirt hung up during this sample")
                left = deadline - time.monotonic()
                if left <= 0:
                    raise SampleError("timeout", f"libvirt told of no event {event} within {timeout:g} s")
                self._changed.wait(left)

    def log(self, name: str) -> Path | None:
        """Return the file in which the embedded driver logs a domain's command line and QEMU's last words."""
        return self._root / "log" / "qemu" / f"{name}.log" if self._root else None

    def forget(self, uuid: str, name: str) -> None:
        """Forget a domain that is gone: its events and its log. One that a lost connection left is ended first."""
        import libvirt

        if self._lost:
            with suppress(HarnessError, libvirt.libvirtError):
                self.ensure_open()
                _end(self.connection.lookupByUUIDString(uuid))
        with self._changed:
            self._events.pop(uuid, None)
        if log := self.log(name):
            log.unlink(missing_ok=True)

    def versions(self) -> dict[str, str]:
        """Return the versions of libvirt and QEMU."""
        return {
            "libvirt": _dotted(self.connection.getLibVersion()),
            "qemu": _dotted(self.connection.getVersion()),
            "libvirt_engine": "embedded" if self._root else "the host's own",
        }


def unavailable() -> str | None:
    """Return why no VM can be had here, or None."""
    for program in ("qemu-system-x86_64", "qemu-img", "mke2fs"):
        if not shutil.which(program):
            return f"{program} is not installed: ./bench installs it"
    try:
        _binding()
    except ImportError as error:
        return f"libvirt's Python binding cannot be loaded ({error}): ./bench installs it"
    uri = libvirt_choice.chosen()
    return _silence(uri) if uri else None


@cache
def _silence(uri: str) -> str | None:
    """Return why the host's libvirt, which was chosen, does not answer, or None; asked once a process."""
    libvirt = _binding()
    _start_event_loop()
    try:
        _open_daemon(uri).close()
    except HarnessError as error:
        return error.line()
    except libvirt.libvirtError as error:
        why = f"{uri} does not answer: {error.get_error_message()}"
        return f"{libvirt_choice.VARIABLE}: {why}; start libvirtd, or unset it"
    return None


@contextmanager
def libvirt_engine(paths: Paths) -> Iterator[LibvirtEngine]:
    """Give a connection with its events; it is closed at the end."""
    reaper.adopt_orphans(_PROGRAM)
    _start_event_loop()
    with ExitStack() as stack:
        if uri := libvirt_choice.chosen():
            libvirt_files.refuse_closed(paths.run)
            engine = LibvirtEngine(uri, None, stack.enter_context(libvirt_files.shared_files(paths.run)))
        else:
            engine = LibvirtEngine(*libvirt_choice.embedded(paths))
        stack.callback(engine.close)
        yield engine


def _open_daemon(uri: str) -> Any:
    """Return a connection to a libvirt that is a daemon; its calls fail where the daemon falls silent.

    Raises libvirtError, and HarnessError where there is no answer: libvirt itself would wait for one without end, so
    a thread does.
    """
    libvirt = _binding()
    answer: queue.SimpleQueue[Any] = queue.SimpleQueue()

    def ask() -> None:
        try:
            answer.put(libvirt.open(uri))
        except libvirt.libvirtError as error:
            answer.put(error)

    threading.Thread(target=ask, name="isobench libvirt opening", daemon=True).start()
    try:
        found = answer.get(timeout=_OPENING)
    except queue.Empty:
        raise HarnessError(
            f"libvirt did not answer within {_OPENING:g} s", where=uri, mend="see whether libvirtd is frozen"
        ) from None
    if isinstance(found, libvirt.libvirtError):
        raise found
    found.setKeepAlive(*_KEEP_ALIVE)
    return found


def _end_domains(connection: Any) -> list[str]:
    """Destroy and forget every domain of isobench's name; return a line for each."""
    ours = [domain for domain in connection.listAllDomains() if domain.name().startswith(PREFIX)]
    for domain in ours:
        _end(domain)
    return [f"domain {domain.name()}" for domain in ours]


def _end(domain: Any) -> None:
    """Destroy and forget a domain, as far as there is still anything of it."""
    import libvirt

    for end in (domain.destroy, domain.undefine):
        with suppress(libvirt.libvirtError):
            end()


def _binding() -> Any:
    """Return libvirt's binding, which does not load where the folder of its log is not there; raises ImportError."""
    # Not always our cache's folder: a child inherits the variable.
    for output in os.environ["LIBVIRT_LOG_OUTPUTS"].split():
        if ":file:" in output:
            Path(output.rpartition(":file:")[2]).parent.mkdir(parents=True, exist_ok=True)
    import libvirt

    return libvirt


_loop: threading.Thread | None = None


def _start_event_loop() -> None:
    """Start libvirt's event loop, once a process: it cannot be had twice."""
    global _loop  # noqa: PLW0603
    if _loop is not None:
        return
    import libvirt

    def turn() -> None:
        while True:
            libvirt.virEventRunDefaultImpl()

    # What goes wrong is raised; libvirt's own line on standard error would only repeat it.
    libvirt.registerErrorHandler(lambda *_: None, None)
    libvirt.virEventRegisterDefaultImpl()
    _loop = threading.Thread(target=turn, name="isobench libvirt", daemon=True)
    _loop.start()


def clean(paths: Paths) -> list[str]:
    """End QEMU processes of ours that no harness owns and forget their domains; return a line for each."""
    removed = _clean_own(paths)
    for pid, words in command_lines():
        # By the name and by the cache: another isobench of this host may have another one.
        places = (f"{paths.cache}/", f"{libvirt_files.folder_of(paths.run)}/")
        if any(w.startswith(f"guest={PREFIX}") for w in words) and any(place in w for w in words for place in places):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
                removed.append(f"VM process {pid}")
    removed += libvirt_files.clean(paths.run)
    root = libvirt_choice.root_folder(paths)
    for folder in (root / "etc" / "qemu", root / "run" / "qemu", root / "lib" / "qemu", root / "log" / "qemu"):
        for leftover in folder.glob(f"*{PREFIX}*") if folder.is_dir() else ():
            shutil.rmtree(leftover, ignore_errors=True) if leftover.is_dir() else leftover.unlink(missing_ok=True)
            removed.append(f"VM state {leftover.name}")
    return removed


def _clean_own(paths: Paths) -> list[str]:
    """End our domains in the host's own libvirt, where it answers: the chosen one, or that of a run that was killed."""
    left = "qemu:///system" if libvirt_files.folder_of(paths.run).is_dir() else None
    if (uri := libvirt_choice.chosen() or left) is None:
        return []
    libvirt = _binding()
    _start_event_loop()
    try:
        connection = _open_daemon(uri)
        try:
            return _end_domains(connection)
        finally:
            connection.close()
    except (HarnessError, libvirt.libvirtError):
        return []


def _dotted(number: int) -> str:
    return f"{number // 1_000_000}.{number // 1000 % 1000}.{number % 1000}"
