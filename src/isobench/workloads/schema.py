"""The schema of workload.toml: what a user may write, checked by pydantic and turned into the model."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from isobench import model
from isobench.metrics import METRICS
from isobench.names import nearest
from isobench.workloads.parse import check_json_path
from isobench.workloads.sizes import Size

LEAST_MEMORY = 96 << 20
"""Below this a guest kernel with its page tables and an init does not come up."""


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class ReadyTable(_Table):
    """``[ready]``."""

    on: Literal["start", "output"]
    output: str | None = None

    @model_validator(mode="after")
    def _needs_pattern(self) -> Self:
        if self.on == "output" and not self.output:
            raise ValueError('ready on "output" needs the pattern: output = "…"')
        if self.output:
            _check_regex(self.output)
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
    reply: str


class MetricTable(_Table):
    """``[[job.metric]]``: which metric, and how it is read."""

    name: str
    source: Literal["json", "regex", "rate", "host_cpu"] = Field(alias="from")
    path: str | None = None
    pattern: str | None = None
    scale: float = 1.0

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
    command: tuple[str, ...] = Field(min_length=1)
    work: str | None = None
    quick: dict[str, int | float | str] = {}
    full: dict[str, int | float | str] = {}
    timeout: float = Field(default=120.0, gt=0)
    repeat_with: tuple[str, ...] = ()
    mark_repeated: str | None = None
    metric: tuple[MetricTable, ...] = ()

    @model_validator(mode="after")
    def _whole(self) -> Self:
        for length in ("quick", "full"):
            values = getattr(self, length)
            if self.work is not None and not isinstance(values.get(self.work), int | float):
                raise ValueError(f"job {self.name}: work = {self.work!r} needs a number of that name in {length}")
        if self.work is None and any(metric.source in ("rate", "host_cpu") for metric in self.metric):
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
    command: tuple[str, ...] = Field(min_length=1)
    timeout: float = Field(default=60.0, gt=0)
    ready: ReadyTable
    resources: ResourcesTable
    volume: VolumeTable | None = None
    service: ServiceTable | None = None
    job: tuple[JobTable, ...] = ()

    def build(self, folder: Path) -> model.Workload:
        """Return the workload that this table in ``folder`` defines."""
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
            timeout=self.timeout,
        )


def _check_regex(pattern: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern)
    except re.error as error:
        raise ValueError(f"{pattern!r} is no regular expression: {error}") from error


def words(error: dict[str, Any]) -> str:
    """Return one of pydantic's errors as a phrase: where in the file, and what."""
    place = ".".join(str(part + 1) if isinstance(part, int) else part for part in error["loc"])
    message = str(error["msg"]).removeprefix("Value error, ")
    return f"{place}: {message}" if place else message
