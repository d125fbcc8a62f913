"""systemd over D-Bus: transient slices and scopes. Under systemd it alone makes control groups: one writer.

Source: systemd's documents CONTROL_GROUP_INTERFACE and CGROUP_DELEGATION; org.freedesktop.systemd1(5).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from isobench.errors import HarnessError
from isobench.host.cgroup import hierarchy
from isobench.host.cpus import parse_list

_RUNNING = Path("/run/systemd/system")
_NAME = "org.freedesktop.systemd1"
_ENDS = 30.0
_GONE = "org.freedesktop.systemd1.NoSuchUnit"
_THERE = "org.freedesktop.systemd1.UnitExists"

Property = tuple[str, tuple[str, Any]]
"""A unit's property: its name, and its D-Bus signature with the value."""


def manages() -> bool:
    """Return whether systemd runs this host and owns its one hierarchy of control groups (v2)."""
    return _RUNNING.is_dir() and hierarchy.version() == 2


def unavailable() -> str | None:
    """Return why systemd cannot be asked although it manages this host's control groups, or None."""
    if not manages():
        return None
    try:
        with _bus():
            return None
    except HarnessError as error:
        return error.line()


def start_slice(name: str, *, cores: str | None = None, memory: int | None = None) -> None:
    """Start a transient slice, limited to ``cores`` (the kernel's list format) and ``memory`` bytes without swap."""
    limits: list[Property] = [("MemoryAccounting", ("b", True)), ("IOAccounting", ("b", True))]
    if cores is not None:
        limits.append(("AllowedCPUs", ("ay", cpu_mask(cores))))
    if memory is not None:
        limits += [("MemoryMax", ("t", memory)), ("MemorySwapMax", ("t", 0))]
    _start(name, limits)


def start_scope(name: str, slice_: str, pids: Sequence[int], *, delegate: bool = False) -> None:
    """Start a transient scope around running processes; with ``delegate`` the groups below it are the caller's."""
    _start(name, [
        ("Slice", ("s", slice_)), ("PIDs", ("au", list(pids))), ("CollectMode", ("s", "inactive-or-failed")),
        *([("Delegate", ("b", True))] if delegate else []),
    ])  # fmt: skip


def stop(name: str) -> None:
    """Stop a unit, which ends its processes and removes its group; one that is not there is no error."""
    with _bus() as bus:
        bus.job("StopUnit", "ss", (name, "replace"), ignoring=_GONE)
        with suppress(HarnessError):
            bus.call("ResetFailedUnit", "s", (name,))


def cpu_mask(cores: str) -> bytes:
    """Return a list of cores as systemd's ``AllowedCPUs`` takes it: a bit each, the least significant byte first."""
    bits = sum(1 << core for core in parse_list(cores))
    return bits.to_bytes(max((bits.bit_length() + 7) // 8, 1), "little")


def _start(name: str, properties: list[Property]) -> None:
    described: list[Property] = [("Description", ("s", "isobench")), *properties]
    with _bus() as bus:
        bus.job("StartTransientUnit", "ssa(sv)a(sa(sv))", (name, "fail", described, []), ignoring=_THERE)


class _Bus:
    """One connection to systemd's manager."""

    def __init__(self, connection: Any) -> None:
        from jeepney import DBusAddress

        self._connection = connection
        self._manager = DBusAddress("/org/freedesktop/systemd1", _NAME, f"{_NAME}.Manager")

    def call(self, method: str, signature: str | None = None, body: tuple[Any, ...] = (), *, ignoring: str = "") -> Any:
        """Return the body of a reply, None for an error of the name ``ignoring``; HarnessError for any other."""
        from jeepney import HeaderFields, MessageType, new_method_call

        try:
            reply = self._connection.send_and_get_reply(
                new_method_call(self._manager, method, signature, body), timeout=_ENDS
            )
        except (OSError, TimeoutError) as error:
            raise HarnessError(f"systemd did not answer {method}: {error}", where="D-Bus") from error
        if reply.header.message_type is MessageType.error:
            if reply.header.fields.get(HeaderFields.error_name) == ignoring:
                return None
            words = reply.body[0] if reply.body else reply.header.fields.get(HeaderFields.error_name)
            raise HarnessError(f"systemd refused {method} {body[0] if body else ''}: {words}")
        return reply.body

    def job(self, method: str, signature: str, body: tuple[Any, ...], *, ignoring: str) -> None:
        """Queue a job and wait for its end; raises HarnessError where it fails."""
        from jeepney import MatchRule, message_bus

        # Without the sender: a signal carries the connection's own name, not the one it is known by.
        rule = MatchRule(type="signal", interface=f"{_NAME}.Manager", member="JobRemoved")
        self._connection.send_and_get_reply(message_bus.AddMatch(rule), timeout=_ENDS)
        self.call("Subscribe")
        with self._connection.filter(rule, bufsize=1024) as ended:
            queued = self.call(method, signature, body, ignoring=ignoring)
            while queued is not None:
                try:
                    _, path, unit, result = self._connection.recv_until_filtered(ended, timeout=_ENDS).body
                except TimeoutError:
                    raise HarnessError(f"systemd did not end the job {method} {body[0]} within {_ENDS:g} s") from None
                if path == queued[0]:
                    if result not in ("done", "skipped"):
                        raise HarnessError(f"systemd: {method} {unit}: {result}")
                    return


@contextmanager
def _bus() -> Iterator[_Bus]:
    from jeepney.io.blocking import open_dbus_connection

    try:
        connection = open_dbus_connection(bus="SYSTEM")
    except (OSError, KeyError) as error:
        raise HarnessError(
            f"systemd manages this host's control groups, and its D-Bus does not answer: {error}",
            mend="start dbus (Debian: the package dbus)",
        ) from error
    with connection:
        yield _Bus(connection)
