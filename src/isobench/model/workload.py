"""A workload: what is run, when it is ready, which jobs it does and which metrics come out."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

Length = Literal["quick", "full"]
Capability = Literal[
    "AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "NET_BIND_SERVICE", "NET_RAW", "SETFCAP",
    "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT",
]  # fmt: skip
"""What a workload may ask for: the capabilities that every target can give (Docker's defaults without MKNOD)."""


@dataclass(frozen=True, slots=True)
class Resources:
    """What one instance gets. ``vcpus`` None means every core of the host; sizes are bytes."""

    vcpus: int | None
    memory: int
    disk: int


@dataclass(frozen=True, slots=True)
class Ready:
    """When an instance is ready: its command runs (``start``) or has written a line matching ``output``."""

    on: Literal["start", "output"]
    output: str | None = None


@dataclass(frozen=True, slots=True)
class Service:
    """What the instance serves: a TCP port, a request and the regular expression of a correct reply."""

    port: int
    request: bytes
    reply: str


@dataclass(frozen=True, slots=True)
class Volume:
    """Storage beside the root file system, made anew for each instance: where it appears and its size in bytes."""

    path: str
    size: int


@dataclass(frozen=True, slots=True)
class MetricSource:
    """How one metric is read from one job.

    ``json`` is a JSON path into the tool's output, ``regex`` a pattern whose first group is the figure, ``rate``
    the job's work over its elapsed time on the host's clock, ``time`` the inverse of that (seconds for each unit of
    work), ``host_cpu`` the CPU seconds the host spent for each unit of work. ``scale`` turns the tool's unit into the
    registry's.
    """

    name: str
    kind: Literal["json", "regex", "rate", "time", "host_cpu"]
    expression: str = ""
    scale: float = 1.0


@dataclass(frozen=True, slots=True)
class Job:
    """One bracketed piece of work.

    ``on`` is where it runs: inside the instance, or as a client on the host (from the workload's own root file
    system, or as one of isobench's load generators). ``command`` may hold ``{placeholders}``; ``lengths`` gives
    their values for each session length. ``work`` names the placeholder that counts the units of work done, where
    the tool does a fixed amount. A job that fails is tried once more with ``repeat_with`` added to its command, and the
    sample is then marked ``mark_repeated``.
    """

    name: str
    on: Literal["instance", "host", "loadgen"]
    command: tuple[str, ...]
    metrics: tuple[MetricSource, ...]
    lengths: dict[Length, dict[str, int | float | str]] = field(default_factory=dict)
    work: str | None = None
    timeout: float = 120.0
    repeat_with: tuple[str, ...] = ()
    mark_repeated: str | None = None


@dataclass(frozen=True, slots=True)
class Health:
    """How one tells that a member is healthy: a command inside it that ends with 0; times in seconds."""

    command: tuple[str, ...]
    interval: float
    timeout: float
    retries: int
    start_period: float


@dataclass(frozen=True, slots=True)
class Need:
    """What a member waits for: another one, until it has started, is healthy or has ended well."""

    member: str
    until: Literal["started", "healthy", "completed"]


@dataclass(frozen=True, slots=True)
class Member:
    """One service of an application of several, each an instance of its own.

    ``entrypoint`` and ``command`` are None where the image's own hold; ``environment`` is laid over the image's, as
    are ``cwd`` and ``user`` where they are given.
    """

    name: str
    workload: Workload
    needs: tuple[Need, ...] = ()
    entrypoint: tuple[str, ...] | None = None
    command: tuple[str, ...] | None = None
    environment: tuple[tuple[str, str], ...] = ()
    cwd: str = ""
    user: str = ""
    health: Health | None = None


@dataclass(frozen=True, slots=True)
class Workload:
    """One definition, run unchanged on every target. ``folder`` holds ``workload.toml`` and the ``Dockerfile``.

    ``capabilities`` are those it cannot do without, where a target leaves it no others. ``default`` says whether a
    session that names no workloads has it; ``run --full`` has all. An application has ``members``, in the order in
    which they start; the last is its front, whose command, readiness and service are the application's.
    """

    name: str
    title: str
    description: str
    folder: Path
    command: tuple[str, ...]
    ready: Ready
    resources: Resources
    jobs: tuple[Job, ...]
    service: Service | None = None
    volume: Volume | None = None
    capabilities: tuple[Capability, ...] = ()
    timeout: float = 60.0
    default: bool = True
    members: tuple[Member, ...] = ()
