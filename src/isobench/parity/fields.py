"""The parity record: all that a cell's figures rest on, line by line."""

# ruff: noqa: RUF009 (`_line` is dataclasses.field with what this record says of each line)
from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from isobench.model.sample import Fact

Between = Literal["subject", "class"]
"""What a difference between two sessions means: it may be the ``subject`` of the change, or, in what makes the
``class`` of the measurement, it makes them incomparable (principle 2)."""

Within = Literal["same", "own"]
"""What holds between two targets of one session: the line is the ``same``, or each target has its ``own``."""

Table = dict[str, Fact]


def _line(between: Between, within: Within, *, whole: bool = False) -> Any:
    """Return a line that is unknown until told; in a ``whole`` table, what is not listed is known to be absent."""
    return field(default=None, metadata={"between": between, "within": within, "whole": whole})


@dataclass(frozen=True, slots=True)
class ParityRecord:
    """One cell's footing. None means that nobody told; sizes are bytes.

    ``layers`` are the system layers that a target adds to the root file system, each with its digest; ``reads`` is
    how figures are read from a job; ``configuration`` the digest of what the engine was asked for, without the
    names of what is in the other lines; ``store`` where instances' data lies, ``storage`` how. ``storage``,
    ``durability``, ``runtime``, ``confinement`` and ``marks`` are seen only in samples: the reader fills them in.
    """

    workload: str
    target: str
    # the bits, and what they run on
    image: str | None = _line("subject", "same")
    rootfs: str | None = _line("subject", "same")
    layers: Table | None = _line("subject", "own", whole=True)
    host_kernel: str | None = _line("subject", "same")
    guest_kernel: str | None = _line("subject", "own")
    kind: str | None = _line("class", "own")
    acceleration: str | None = _line("class", "own")
    options: Table | None = _line("subject", "own", whole=True)
    configuration: str | None = _line("subject", "own")
    runtime: str | None = _line("subject", "own")
    confinement: str | None = _line("subject", "own")
    versions: Table | None = _line("subject", "own")
    # the work
    command: str | None = _line("class", "same")
    ready: str | None = _line("class", "same")
    service: str | None = _line("class", "same")
    jobs: Table | None = _line("class", "same", whole=True)
    reads: Table | None = _line("class", "same", whole=True)
    length: str | None = _line("class", "same")
    cache: str | None = _line("class", "same")
    metrics: Table | None = _line("class", "same")
    # the limits
    vcpus: int | None = _line("class", "same")
    cpuset: str | None = _line("class", "same")
    client_cpuset: str | None = _line("class", "same")
    memory: int | None = _line("class", "same")
    disk: int | None = _line("class", "same")
    volume: str | None = _line("class", "same")
    marks: str | None = _line("class", "same")
    # storage and network
    store: str | None = _line("subject", "own")
    storage: str | None = _line("subject", "own")
    durability: str | None = _line("class", "same")
    device: str | None = _line("subject", "same")
    filesystem: str | None = _line("class", "same")
    network: str | None = _line("subject", "own")
    # the host's class and state
    cpu_model: str | None = _line("class", "same")
    architecture: str | None = _line("class", "same")
    cores: int | None = _line("class", "same")
    host_memory: int | None = _line("class", "same")
    last_level_cache: int | None = _line("class", "same")
    storage_kind: str | None = _line("class", "same")
    host_state: Table | None = _line("subject", "same")
