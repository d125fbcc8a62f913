"""What the guest may tell the host: one frozen value a frame. Its numbers are checked for range only."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Init:
    """The injected init runs, in the workload's root filesystem: its first bytes."""

    version: int
    kernel: str
    """The release of the kernel it runs on (uname): the host's own in a container, the guest's in a VM."""


@dataclass(frozen=True)
class Start:
    """A run is about to be executed."""

    run_id: int
    pid: int
    """The process in the guest's own numbering."""
    guest_ns: int
    """The guest's monotonic clock, nanoseconds."""


@dataclass(frozen=True)
class Running:
    """A run's program has been executed: its exec succeeded."""

    run_id: int


@dataclass(frozen=True)
class Output:
    """Bytes that a run wrote, as read from its pipe; a daemon it left behind may write after its Exit."""

    run_id: int
    fd: int
    """1 for standard output, 2 for standard error."""
    data: bytes


@dataclass(frozen=True)
class Exit:
    """A run's process has ended, and what it wrote has been sent."""

    run_id: int
    signaled: bool
    code: int
    """The exit status, or the signal's number when ``signaled``."""
    guest_ns: int
    """The guest's monotonic clock when it was reaped, nanoseconds."""
    user_us: int
    """CPU time in user mode of the process and the children it waited for, microseconds."""
    system_us: int
    """CPU time in the kernel, likewise, microseconds."""


@dataclass(frozen=True)
class Fail:
    """A run could not be executed, or, with ``run_id`` 0, a command could not be obeyed."""

    run_id: int
    text: str


@dataclass(frozen=True)
class Memory:
    """Memory as the guest's kernel sees it, bytes."""

    total: int
    available: int


@dataclass(frozen=True)
class Pong:
    """The reply to a ping."""

    token: str


@dataclass(frozen=True)
class Done:
    """A net, mount, hostname or host command has been obeyed."""

    name: str


@dataclass(frozen=True)
class Bye:
    """Init is about to stop: to exit, or to cut the power."""


@dataclass(frozen=True)
class Malformed:
    """Rubbish came: the line that is no frame, cut to 200 bytes. Nothing after it is looked at."""

    data: bytes


Frame = Init | Start | Running | Output | Exit | Fail | Memory | Pong | Done | Bye | Malformed
