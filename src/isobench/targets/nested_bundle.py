"""A container inside a VM: its OCI bundle, and the commands by which the VM's init starts it. Pure.

One VM may have several: each has a name, a root disk, a folder ``/run/NAME`` in the guest and a virtio port of its own,
by which its init reaches the host.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from isobench.errors import UsageError
from isobench.guest import commands
from isobench.images.nested import NEST, RUNTIME
from isobench.targets.nested_defaults import Defaults

_NAMESPACES = ("pid", "mount", "ipc", "uts", "cgroup")
"""Docker's on cgroup v2, but for the network: that is the VM's own."""
_INIT = "/dev/isobench/init"
_HANDED = "3"
"""The descriptor of the container's port, which nest opens and runc hands on."""
_SHM = {
    "destination": "/dev/shm",  # noqa: S108 - a mount's place
    "type": "tmpfs", "source": "shm", "options": ["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"],
}  # fmt: skip
_LONGEST = 128 * 1024
"""Bytes that one word of a program may have, its NUL included (Linux's MAX_ARG_STRLEN)."""


@dataclass(frozen=True, slots=True)
class Container:
    """One container. ``port`` is its virtio port's name, ``disk`` the guest's device of its root file system.

    ``memory`` is its limit in bytes; ``volume`` the device and the place inside of its volume.
    """

    name: str
    hostname: str
    port: str
    disk: str
    memory: int
    volume: tuple[str, str] | None = None

    @property
    def folder(self) -> str:
        """Where its bundle lies in the guest."""
        return f"/run/{self.name}"


def configuration(container: Container, defaults: Defaults) -> dict[str, Any]:
    """Return the container's OCI configuration: Docker's defaults, isobench's init, its limit and its volume."""
    taken = {str(mount["destination"]) for mount in defaults.mounts}
    mounts = [*defaults.mounts, *([] if _SHM["destination"] in taken else [_SHM]), _bind(_INIT, _INIT, "ro")]
    if container.volume:
        mounts.append(_bind(f"{container.folder}/volume", container.volume[1], "rw"))
    return {
        "ociVersion": "1.0.2",
        "process": {
            "user": {"uid": 0, "gid": 0},
            "args": [_INIT, _HANDED],
            "cwd": "/",
            "capabilities": defaults.capabilities,
            "oomScoreAdj": 0,
        },
        "root": {"path": "rootfs"},
        "hostname": container.hostname,
        "mounts": mounts,
        "linux": {
            "namespaces": [{"type": kind} for kind in _NAMESPACES],
            "cgroupsPath": f"/containers/{container.name}",
            "resources": {"devices": list(defaults.devices), "memory": {"limit": container.memory}},
            "maskedPaths": list(defaults.masked),
            "readonlyPaths": list(defaults.readonly),
            **({"seccomp": defaults.seccomp} if defaults.seccomp else {}),
        },
    }


def prepare_guest() -> bytes:
    """Return the commands that a VM's init needs once, before any container."""
    return commands.mount("cgroup2", "/sys/fs/cgroup", "cgroup2")


def start(container: Container, defaults: Defaults, run_id: int, hosts: Iterable[tuple[str, str]] = ()) -> bytes:
    """Return the commands that mount a container's disks and run it, under ``run_id``, until it ends.

    ``hosts`` are pairs of address and name for its hosts file.
    """
    folder, text = container.folder, json.dumps(configuration(container, defaults), separators=(",", ":"))
    if len(text.encode()) >= _LONGEST:
        raise UsageError(f"the container's configuration is too long: {len(text)} bytes", where=container.name)
    said = commands.mount(container.disk, f"{folder}/rootfs", "ext4")
    if container.volume:
        said += commands.mount(container.volume[0], f"{folder}/volume", "ext4")
    for address, name in hosts:
        said += commands.host(address, name, f"{folder}/rootfs/etc/hosts")
    runc = [RUNTIME, "--root", "/run/runc", "run", "--preserve-fds", "1", "--bundle", folder, container.name]
    return said + commands.run(run_id, [NEST, container.port, f"{folder}/config.json", text, *runc])


def _bind(source: str, destination: str, access: str) -> dict[str, Any]:
    return {"destination": destination, "type": "bind", "source": source, "options": ["rbind", "rprivate", access]}
