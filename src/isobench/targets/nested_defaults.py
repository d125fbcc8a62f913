"""Docker's defaults for a container, as the engine itself states them: read from one that it runs for a moment."""

from __future__ import annotations

import io
import json
import secrets
import shutil
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from isobench.engines.docker import DockerEngine
from isobench.errors import HarnessError, SampleError
from isobench.guest.build import GuestBinaries
from isobench.guest.channel import Channel
from isobench.guest.frames import Init

_LIMIT = 20.0
_KERNEL_TYPES = ("proc", "tmpfs", "devpts", "sysfs", "cgroup", "mqueue")
"""What the kernel itself mounts; a bind mount is of the engine's host, which a VM has not."""


@dataclass(frozen=True, slots=True)
class Defaults:
    """What confines a container that nothing was said about, in the words of the OCI runtime specification."""

    capabilities: dict[str, list[str]]
    seccomp: dict[str, Any] | None
    masked: tuple[str, ...]
    readonly: tuple[str, ...]
    devices: tuple[dict[str, Any], ...]
    mounts: tuple[dict[str, Any], ...]


def read_defaults(engine: DockerEngine, guest: GuestBinaries, run_folder: Path) -> Defaults:
    """Return what Docker hands its runtime for an ordinary container; all of that one is gone afterwards.

    Raises HarnessError where it cannot be read.
    """
    try:
        with _container(engine, guest, run_folder / f"defaults-{secrets.token_hex(4)}") as pid:
            return from_config(json.loads((_bundle(pid) / "config.json").read_text()))
    except (OSError, ValueError, KeyError, SampleError) as error:
        raise HarnessError(f"Docker's defaults cannot be read from a container of its own: {error}") from error


def from_config(config: dict[str, Any]) -> Defaults:
    """Return the defaults that a container's OCI configuration tells; raises KeyError where it is none."""
    linux, process = config["linux"], config["process"]
    return Defaults(
        capabilities=process["capabilities"],
        seccomp=linux.get("seccomp"),
        masked=tuple(linux.get("maskedPaths", ())),
        readonly=tuple(linux.get("readonlyPaths", ())),
        devices=tuple(linux["resources"].get("devices", ())),
        mounts=tuple(mount for mount in config["mounts"] if mount["type"] in _KERNEL_TYPES),
    )


def _bundle(pid: int) -> Path:
    """Return the bundle of a running container: its shim works in that folder, whoever keeps the engine's state."""
    status = Path(f"/proc/{pid}/stat").read_text()
    shim = status.rpartition(")")[2].split()[1]
    return Path(f"/proc/{shim}/cwd").readlink()


@contextmanager
def _container(engine: DockerEngine, guest: GuestBinaries, folder: Path) -> Iterator[int]:
    """Run init, and nothing else, in a container without options; give its process's number."""
    from docker.errors import APIError

    api, image = engine.api, f"isobench/{folder.name}"
    folder.mkdir(parents=True)
    (folder / "init").touch()
    api.import_image_from_data(_empty(), repository=image, tag="probe")
    made = None
    try:
        with Channel(folder / "channel") as channel:
            made = api.create_container(
                f"{image}:probe", entrypoint=["/dev/isobench/init"], command=["/dev/isobench/channel"],
                labels={"isobench": folder.name},
                # The VM has its own network: of Docker's neither a namespace nor a hook is wanted.
                host_config=api.create_host_config(
                    binds=[f"{folder}:/dev/isobench:ro", f"{guest.init}:/dev/isobench/init:ro"], network_mode="host",
                    log_config={"type": "none"},
                ),
            )["Id"]  # fmt: skip
            api.start(made)
            channel.wait(Init, _LIMIT)
            yield int(api.inspect_container(made)["State"]["Pid"])
    finally:
        if made is not None:
            api.remove_container(made, force=True, v=True)
        with suppress(APIError):
            api.remove_image(f"{image}:probe", force=True)
        shutil.rmtree(folder, ignore_errors=True)


def _empty() -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        for name in ("dev", "proc", "sys", "etc"):
            folder = tarfile.TarInfo(name)
            folder.type, folder.mode = tarfile.DIRTYPE, 0o755
            archive.addfile(folder)
    return made.getvalue()
