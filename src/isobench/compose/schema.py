"""The part of the Compose specification that isobench runs, checked by pydantic; docs/compose.md lists it."""

from __future__ import annotations

import re
import shlex
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, FiniteFloat, model_validator

from isobench.workloads.schema import LEAST_MEMORY, Word

_BYTES = re.compile(r"(\d{1,18}(?:\.\d{1,9})?)\s*([bkmg]?)b?", re.IGNORECASE)
_SPAN = re.compile(r"(?:(\d{1,6})h)?(?:(\d{1,8})m)?(?:(\d{1,9}(?:\.\d{1,9})?)s)?(?:(\d{1,9})ms)?", re.ASCII)
_PORT = re.compile(r"(?:.*:)?(\d{1,5})(?:/tcp)?")
_VOLUME = re.compile(r"(?:([A-Za-z0-9][\w.-]*):)?(/[^\s:]+)(?::rw)?", re.ASCII)
_IMAGES_SHELL = ("/bin/sh", "-c")
"""What CMD-SHELL means: the check is the author's, run inside by the image's own shell, none of the host's."""
_DAY = 86_400.0
_LARGEST = 1 << 60


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


def _words(value: object) -> object:
    """Return a command as words: a string is split as a shell would, and run by none."""
    if not isinstance(value, str):
        return value
    try:
        return shlex.split(value)
    except ValueError as error:
        raise ValueError(f"cannot be split into words: {error}") from None


def _bytes(value: object) -> int:
    found = _BYTES.fullmatch(str(value).strip()) if isinstance(value, int | float | str) else None
    if found is None:
        raise ValueError("is no size; write for example 256m")
    size = float(found[1]) * (1 << {"": 0, "b": 0, "k": 10, "m": 20, "g": 30}[found[2].lower()])
    if not LEAST_MEMORY <= size <= _LARGEST:
        raise ValueError(f"is not between {LEAST_MEMORY >> 20} MiB, which a guest needs to boot, and what hosts have")
    return int(size)


def _span(value: object) -> float:
    found = _SPAN.fullmatch(value.strip()) if isinstance(value, str) and value.strip() else None
    if found is None:
        raise ValueError("is no duration; write for example 1m30s")
    hours, minutes, seconds, thousandths = (float(part or 0) for part in found.groups())
    total = hours * 3600 + minutes * 60 + seconds + thousandths / 1000
    if total > _DAY:
        raise ValueError("is longer than a day")
    return total


def _named(value: object) -> object:
    """Return a list of ``NAME=value`` as a mapping."""
    if not isinstance(value, list):
        return value
    if not all(isinstance(entry, str) for entry in value):
        raise ValueError("is a list of NAME=value, or a mapping")
    pairs = (entry.partition("=") for entry in value)
    return {name: given if equals else None for name, equals, given in pairs}


def _text(value: object) -> object:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else value


def _port(value: object) -> object:
    """Return the port inside: what it is on a host plays no part, the client is on the instance's own network."""
    if isinstance(value, dict):
        if value.get("protocol", "tcp") != "tcp":
            raise ValueError("only TCP is measured")
        return value.get("target")
    found = _PORT.fullmatch(str(value)) if isinstance(value, int | str) else None
    if found is None:
        raise ValueError("is no single TCP port; write for example 8000:80")
    return int(found[1])


def _volume(value: object) -> object:
    """Return a volume's name and where it appears inside; a folder of the host has no place in a VM."""
    if isinstance(value, dict):
        if value.get("type") != "volume":
            raise ValueError("only volumes are run: a bind mount or tmpfs has no counterpart in a VM")
        return {name: inner for name, inner in value.items() if name != "type"}
    found = _VOLUME.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError("only volumes are run (name:/path): a bind mount has no counterpart in a VM")
    return {"source": found[1], "target": found[2]}


def _context(value: object) -> object:
    return {"context": value} if isinstance(value, str) else value


def _conditions(value: object) -> object:
    """Return the short form, a list of names, as the long one."""
    if isinstance(value, list):
        return {name if isinstance(name, str) else repr(name): {} for name in value}
    return value


Words = Annotated[tuple[Word, ...], BeforeValidator(_words)]
Bytes = Annotated[int, BeforeValidator(_bytes)]
Span = Annotated[float, BeforeValidator(_span)]
Value = Annotated[Word | None, BeforeValidator(_text)]
Ignored = Any
"""What changes nothing of what is measured here: accepted, so that a file need not be changed."""


class Mount(_Table):
    """One entry of ``volumes``; without a ``source`` it has no name."""

    source: str | None = None
    target: str = Field(pattern=r"^/[^\s:]+$")


class Build(_Table):
    """``build``."""

    context: Word = "."
    dockerfile: Word = "Dockerfile"


class Needed(_Table):
    """One entry of ``depends_on``."""

    condition: Literal["service_started", "service_healthy", "service_completed_successfully"] = "service_started"
    required: bool = True
    restart: Ignored = None


class Healthcheck(_Table):
    """``healthcheck``; the defaults are the specification's."""

    test: tuple[Word, ...] | Word = ()
    interval: Span = 30.0
    timeout: Annotated[Span, Field(gt=0)] = 30.0
    retries: int = Field(default=3, ge=1, le=10_000)
    start_period: Span = 0.0
    disable: bool = False

    @property
    def command(self) -> tuple[str, ...]:
        """The command that tells, or none."""
        if isinstance(self.test, str):
            return (*_IMAGES_SHELL, self.test)
        match self.test[:1]:
            case ("CMD",):
                return self.test[1:]
            case ("CMD-SHELL",):
                return (*_IMAGES_SHELL, *self.test[1:])
            case _:
                return ()

    @model_validator(mode="after")
    def _a_command(self) -> Self:
        if not self.disable and self.test not in (("NONE",), ()) and not self.command:
            raise ValueError("test begins with CMD, CMD-SHELL or NONE")
        return self


class Limits(_Table):
    """``deploy.resources.limits``."""

    memory: Bytes | None = None


class DeployResources(_Table):
    """``deploy.resources``."""

    limits: Limits = Limits()


class Deploy(_Table):
    """``deploy``."""

    resources: DeployResources = DeployResources()


class Service(_Table):
    """One of ``services``."""

    image: Word | None = None
    build: Annotated[Build | None, BeforeValidator(_context)] = None
    command: Words | None = None
    entrypoint: Words | None = None
    environment: Annotated[dict[Word, Value], BeforeValidator(_named)] = {}
    working_dir: Word = ""
    user: Annotated[Word, BeforeValidator(_text)] = ""
    depends_on: Annotated[dict[str, Needed], BeforeValidator(_conditions)] = {}
    ports: tuple[Annotated[int, BeforeValidator(_port), Field(ge=1, le=65535)], ...] = ()
    volumes: tuple[Annotated[Mount, BeforeValidator(_volume)], ...] = Field(default=(), max_length=1)
    healthcheck: Healthcheck | None = None
    mem_limit: Bytes | None = None
    deploy: Deploy = Deploy()
    container_name: Ignored = None
    expose: Ignored = None
    hostname: Ignored = None
    init: Ignored = None
    labels: Ignored = None
    logging: Ignored = None
    pull_policy: Ignored = None
    restart: Ignored = None
    stdin_open: Ignored = None
    stop_grace_period: Ignored = None
    tty: Ignored = None

    @property
    def memory(self) -> int | None:
        """The limit in bytes, or None where the file says nothing."""
        return self.deploy.resources.limits.memory or self.mem_limit

    @model_validator(mode="after")
    def _has_an_image(self) -> Self:
        if self.build is None and not self.image:
            raise ValueError("needs image or build")
        return self


class ComposeFile(_Table):
    """The whole file; ``x-…`` is taken out before."""

    services: dict[Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$")], Service] = Field(
        min_length=1, max_length=20
    )
    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")] | None = None
    version: FiniteFloat | str | None = None
    volumes: dict[str, dict[Literal["driver"], Literal["local"]] | None] = {}
