"""From a Compose file to a workload of several members."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from isobench.compose.file import read_compose
from isobench.compose.schema import ComposeFile, Service
from isobench.errors import UsageError
from isobench.images.types import Brought, Source
from isobench.model import Health, Member, Need, Ready, Resources, Volume, Workload
from isobench.model import Service as Served
from isobench.names import nearest
from isobench.plain import plain
from isobench.workloads.bring import RESOURCES, TIMEOUT
from isobench.workloads.schema import first_words

_UNTIL: Mapping[str, Any] = {
    "service_started": "started", "service_healthy": "healthy", "service_completed_successfully": "completed",
}  # fmt: skip
_REFERENCE = re.compile(r"[A-Za-z0-9][\w.\-:/@+]{0,254}", re.ASCII)
_LONGEST = 40
_DOCUMENT = "docs/compose.md lists what is run"


def read_application(
    file: Path, *, front: str | None = None, ready: str | None = None, port: int | None = None,
    timeout: float = TIMEOUT,
) -> Workload:  # fmt: skip
    """Return the application of a Compose file that was brought: ``isobench run --compose``.

    ``front`` is the service that its client speaks to; ``ready`` a regular expression of what the front prints when
    it is ready, ``port`` where it serves (by default the first that the file publishes), ``timeout`` seconds. Raises
    UsageError, one line.
    """
    table = _checked(file)
    order = _order(table, file)
    chosen = _front(table, front, file)
    ports = table.services[chosen].ports
    served = port or (ports[0] if ports else None)
    name = table.name or re.sub(r"[^a-z0-9]+", "-", file.resolve().parent.name.lower()).strip("-")[:_LONGEST]
    whole = Workload(
        name=name or "application",
        title=file.name,
        description="An application of several services, brought to isobench.",
        folder=file.resolve().parent,
        command=(),
        ready=Ready("output", ready) if ready else Ready("start"),
        resources=RESOURCES,
        jobs=(),
        service=Served(served, b"", "") if served else None,
        timeout=timeout,
    )
    return _whole(whole, table, order, chosen, file)


def application_of(workload: Workload, file: Path, front: str | None) -> Workload:
    """Return a workload with the members of its Compose file; what it says of its resources is each member's."""
    table = _checked(file)
    order = _order(table, file)
    return _whole(workload, table, order, _front(table, front, file), file)


def _checked(file: Path) -> ComposeFile:
    found = {key: value for key, value in read_compose(file, os.environ).items() if not str(key).startswith("x-")}
    if isinstance(services := found.get("services"), dict):
        found["services"] = {
            name: {key: value for key, value in one.items() if not str(key).startswith("x-")}
            if isinstance(one, dict) else one
            for name, one in services.items()
        }  # fmt: skip
    try:
        return ComposeFile.model_validate(found)
    except ValidationError as error:
        raise UsageError(first_words(error, "is not run by isobench"), where=str(file), mend=_DOCUMENT) from None


def _front(table: ComposeFile, named: str | None, file: Path) -> str:
    """Return the service that clients speak to: the named one, the only one with ports, or that nobody needs."""
    services = table.services
    needed = {other for service in services.values() for other in service.depends_on}
    if named is not None:
        if named not in services:
            raise UsageError(f"no service is called {plain(named, 60)!r}", where=str(file),
                             mend=nearest(named, services))  # fmt: skip
        if named in needed:
            raise UsageError(f"{named} is needed by another service, so it cannot be the front", where=str(file),
                             mend="name one that none depends on")  # fmt: skip
        return named
    for candidates in ([name for name in services if services[name].ports], list(services)):
        alone = [name for name in candidates if name not in needed]
        if len(alone) == 1:
            return alone[0]
    raise UsageError("does not tell which service clients speak to", where=str(file), mend="name it with --front")


def _whole(workload: Workload, table: ComposeFile, order: list[str], front: str, file: Path) -> Workload:
    names = [*(name for name in order if name != front), front]
    members = tuple(_member(workload, name, table.services[name], file) for name in names)
    given = [member.workload.resources for member in members]
    resources = Resources(
        workload.resources.vcpus, sum(one.memory for one in given), sum(one.disk for one in given)
    )  # fmt: skip
    return replace(workload, resources=resources, members=members)


def _order(table: ComposeFile, file: Path) -> list[str]:
    """Return the services in an order in which each comes after those it needs, else as the file has them."""
    services = table.services
    for name, service in services.items():
        for other, needed in service.depends_on.items():
            if other not in services:
                raise UsageError(f"services.{name}.depends_on: no service is called {plain(other, 60)!r}",
                                 where=str(file), mend=nearest(other, services))  # fmt: skip
            health = services[other].healthcheck
            if needed.condition == "service_healthy" and (health is None or health.disable or not health.command):
                raise UsageError(f"services.{name}.depends_on.{other}: it has no healthcheck", where=str(file),
                                 mend="give it one, or wait for service_started")  # fmt: skip
    named = Counter(mount.source for service in services.values() for mount in service.volumes if mount.source)
    if shared := [name for name, count in named.items() if count > 1]:
        raise UsageError(f"services share the volume {plain(shared[0], 60)}, which two VMs cannot", where=str(file),
                         mend="give each a volume of its own")  # fmt: skip
    sorter = TopologicalSorter({name: sorted(service.depends_on) for name, service in services.items()})
    try:
        sorter.prepare()
    except CycleError as error:
        circle = " → ".join(error.args[1])
        raise UsageError(f"services need one another in a circle: {circle}", where=str(file),
                         mend="take one depends_on out") from None  # fmt: skip
    order: list[str] = []
    place = {name: number for number, name in enumerate(services)}
    while sorter.is_active():
        now = sorted(sorter.get_ready(), key=place.__getitem__)
        order += now
        sorter.done(*now)
    return order


def _member(whole: Workload, name: str, service: Service, file: Path) -> Member:
    resources = replace(whole.resources, memory=service.memory or whole.resources.memory)
    health = service.healthcheck
    return Member(
        name=name,
        workload=Brought(
            name=f"{whole.name}-{name.lower()}",
            title=name,
            description=f"The service {name} of {whole.name}.",
            folder=whole.folder,
            command=(),
            ready=Ready("start"),
            resources=resources,
            jobs=(),
            volume=Volume(service.volumes[0].target, resources.disk) if service.volumes else None,
            timeout=whole.timeout,
            source=_source(name, service, file),
        ),
        needs=tuple(Need(other, _UNTIL[needed.condition]) for other, needed in service.depends_on.items()),
        entrypoint=service.entrypoint,
        command=service.command,
        environment=tuple((key, value) for key, value in _environment(service).items()),
        cwd=service.working_dir,
        user=service.user,
        health=Health(health.command, health.interval, health.timeout, health.retries, health.start_period)
        if health and health.command and not health.disable
        else None,
    )


def _environment(service: Service) -> dict[str, str]:
    """Return what a service's environment sets; a name without a value takes the caller's, or is left out."""
    told = {name: os.environ.get(name) if value is None else value for name, value in service.environment.items()}
    return {name: value for name, value in told.items() if value is not None}


def _source(name: str, service: Service, file: Path) -> Source:
    if service.build is None:
        if not _REFERENCE.fullmatch(service.image or ""):
            raise UsageError(f"services.{name}.image: {plain(service.image or '', 100)!r} is no image", where=str(file))
        return Source("reference", service.image or "")
    context = file.resolve().parent / service.build.context
    dockerfile = context / service.build.dockerfile
    try:
        there, builds = context.is_dir(), dockerfile.is_file()
    except (OSError, ValueError):  # a name too long to be one, or with a NUL
        there = builds = False
    if not there:
        raise UsageError(f"services.{name}.build: there is no folder {plain(service.build.context, 100)!r}",
                         where=str(file), mend="name the folder of its Dockerfile, from the file's own")  # fmt: skip
    if not builds or dockerfile.resolve().parent != context.resolve():
        raise UsageError(f"services.{name}.build: {plain(service.build.context, 100)!r} holds no "
                         f"{plain(service.build.dockerfile, 60)!r}", where=str(file),
                         mend="put the Dockerfile into its context")  # fmt: skip
    return Source("dockerfile", f"{context.resolve().name}/{dockerfile.name}", dockerfile.resolve())
