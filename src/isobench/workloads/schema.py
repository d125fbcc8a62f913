"""The schema of workload.toml: what a user may write, checked by pydantic and turned into the model."""

from __future__ import annotations

import re
import warnings
from pathlib import Path
from typing import Annotated, Any, AnyStr, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, ValidationError, model_validator

from isobench import model
from isobench.metrics import METRICS
from isobench.model.workload import Capability
from isobench.names import nearest
from isobench.plain import plain
from isobench.workloads.parse import check_json_path
from isobench.workloads.sizes import Size

LEAST_MEMORY = 96 << 20
"""Below this a guest kernel with its page tables and an init does not come up."""

_DAY = 86_400.0
_INT64 = 1 << 63

Word = Annotated[str, Field(pattern=r"^[^\x00]*$")]
"""A word of a command: no system takes a NUL in it."""

Expression = Annotated[str, Field(max_length=1000)]
"""A pattern or path."""

Seconds = Annotated[float, Field(gt=0, le=_DAY)]

Value = Annotated[int, Field(ge=-_INT64, lt=_INT64)] | FiniteFloat | Word
"""What a placeholder may stand for."""


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class ReadyTable(_Table):
    """``[ready]``."""

    on: Literal["start", "output"]
    output: Expression | None = None

    @model_validator(mode="after")
    def _needs_pattern(self) -> Self:
        if self.on == "output" and not self.output:
            raise ValueError('ready on "output" needs the pattern: output = "…"')
        if self.output:
            _check_regex(self.output.encode())
        return self


class ResourcesTable(_Table):
    """``[resources]``: the same for every target."""

    vcpus: int | Literal["all"] = 1
    memory: Size
    disk: Size

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if isinstance(self.vcpus, int) and self.vcpus < 1:
            raise ValueError('vcpus must be at least 1, or "all"')
        if self.memory < LEAST_MEMORY:
            raise ValueError(f"memory is below what a guest needs to boot: write at least {LEAST_MEMORY >> 20} MiB")
        return self


class VolumeTable(_Table):
    """``[volume]``."""

    path: str = Field(pattern=r"^/[^\s:]+$")
    size: Size


class ServiceTable(_Table):
    """``[service]``."""

    port: int = Field(ge=1, le=65535)
    request: str
    reply: Expression

    @model_validator(mode="after")
    def _searchable(self) -> Self:
        _check_regex(self.reply.encode())
        return self


class MetricTable(_Table):
    """``[[job.metric]]``: which metric, and how it is read."""

    name: str
    source: Literal["json", "regex", "rate", "time", "host_cpu"] = Field(alias="from")
    path: Expression | None = None
    pattern: Expression | None = None
    scale: FiniteFloat = Field(default=1.0, gt=0)

    @model_validator(mode="after")
    def _readable(self) -> Self:
        if self.name not in METRICS:
            raise ValueError(f"no metric is called {self.name!r}; {nearest(self.name, METRICS)}")
        if self.source == "json":
            if not self.path:
                raise ValueError(f"{self.name}: a json metric needs its path")
            check_json_path(self.path)
        if self.source == "regex":
            if not self.pattern:
                raise ValueError(f"{self.name}: a regex metric needs its pattern")
            if _check_regex(self.pattern).groups < 1:
                raise ValueError(f"{self.name}: the pattern needs a group around the figure")
        return self

    def build(self) -> model.MetricSource:
        """Return the model's form."""
        return model.MetricSource(self.name, self.source, self.path or self.pattern or "", self.scale)


class JobTable(_Table):
    """``[[job]]``."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    on: Literal["instance", "host", "loadgen"] = "instance"
    command: tuple[Word, ...] = Field(min_length=1)
    work: str | None = None
    quick: dict[str, Value] = {}
    full: dict[str, Value] = {}
    timeout: Seconds = 120.0
    repeat_with: tuple[Word, ...] = ()
    mark_repeated: str | None = None
    metric: tuple[MetricTable, ...] = ()

    @model_validator(mode="after")
    def _whole(self) -> Self:
        for length in ("quick", "full"):
            if self.work is not None and not _above_zero(getattr(self, length).get(self.work)):
                raise ValueError(f"job {self.name}: work = {self.work!r} needs a number above 0 in {length}")
        if self.work is None and any(metric.source in ("rate", "time", "host_cpu") for metric in self.metric):
            raise ValueError(f'job {self.name}: a rate needs to know its work: work = "…"')
        if self.repeat_with and not self.mark_repeated:
            raise ValueError(f"job {self.name}: repeat_with needs mark_repeated, so that the sample says so")
        return self

    def build(self) -> model.Job:
        """Return the model's form."""
        return model.Job(
            name=self.name,
            on=self.on,
            command=self.command,
            metrics=tuple(metric.build() for metric in self.metric),
            lengths={"quick": dict(self.quick), "full": dict(self.full)},
            work=self.work,
            timeout=self.timeout,
            repeat_with=self.repeat_with,
            mark_repeated=self.mark_repeated,
        )


class WorkloadTable(_Table):
    """The whole of workload.toml."""

    title: str
    description: str
    command: tuple[Word, ...] = ()
    compose: str | None = Field(default=None, pattern=r"^[^/\x00][^\x00]*$")
    front: str | None = None
    timeout: Seconds = 60.0
    capabilities: tuple[Capability, ...] = ()
    default: bool = True
    ready: ReadyTable
    resources: ResourcesTable
    volume: VolumeTable | None = None
    service: ServiceTable | None = None
    job: tuple[JobTable, ...] = ()

    @model_validator(mode="after")
    def _runs_something(self) -> Self:
        if bool(self.command) == (self.compose is not None):
            raise ValueError('needs a command, or a Compose file: command = […] or compose = "…"')
        if self.front is not None and self.compose is None:
            raise ValueError("front names a service of a Compose file")
        if self.compose is not None and self.volume is not None:
            raise ValueError("volume: a member's volume stands in its Compose file")
        return self

    def build(self, folder: Path) -> model.Workload:
        """Return the workload that this table in ``folder`` defines; raises UsageError for what its Compose file is."""
        alone = self.alone(folder)
        if self.compose is None:
            return alone
        from isobench.compose.application import application_of

        return application_of(alone, folder / self.compose, self.front)

    def alone(self, folder: Path) -> model.Workload:
        """Return the workload as this table has it, without the members that its Compose file names."""
        resources = self.resources
        return model.Workload(
            name=folder.name,
            title=self.title,
            description=self.description,
            folder=folder,
            command=self.command,
            ready=model.Ready(self.ready.on, self.ready.output),
            resources=model.Resources(
                None if resources.vcpus == "all" else int(resources.vcpus), resources.memory, resources.disk
            ),
            jobs=tuple(job.build() for job in self.job),
            service=model.Service(self.service.port, self.service.request.encode(), self.service.reply)
            if self.service
            else None,
            volume=model.Volume(self.volume.path, self.volume.size) if self.volume else None,
            capabilities=self.capabilities,
            timeout=self.timeout,
            default=self.default,
        )


def _above_zero(value: object) -> bool:
    return isinstance(value, int | float) and value > 0


def _check_regex(pattern: AnyStr) -> re.Pattern[AnyStr]:
    """Return the pattern compiled for what it will search: text, or bytes as they come."""
    try:
        # What ``re`` only warns of means something else in a later Python.
        with warnings.catch_warnings(action="error"):
            return re.compile(pattern)
    except (re.error, Warning, OverflowError, RecursionError) as error:
        raise ValueError(f"{pattern!r} is no regular expression: {error}") from error


def first_words(error: ValidationError, unknown: str = "is no field here") -> str:
    """Return the error that explains most as a phrase that may be shown, and how many more there are."""
    # A name that is not known explains why another one is missing.
    first = min(error.errors(), key=lambda found: found["type"] != "extra_forbidden")
    more = error.error_count() - 1
    return plain(words(dict(first), unknown)) + (f" (and {more} more)" if more else "")


def words(error: dict[str, Any], unknown: str = "is no field here") -> str:
    """Return one of pydantic's errors as a phrase: where, and what; ``unknown`` is said of a foreign name."""
    place = ".".join(str(part + 1) if isinstance(part, int) else part for part in error["loc"])
    message = unknown if error["type"] == "extra_forbidden" else str(error["msg"]).removeprefix("Value error, ")
    return f"{place}: {message}" if place else message
