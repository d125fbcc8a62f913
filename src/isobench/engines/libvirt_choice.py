"""Which libvirt runs the VMs: one of isobench's own, embedded in this process, unless the host's is chosen."""

from __future__ import annotations

import os
import pwd
from pathlib import Path
from urllib.parse import urlsplit

from isobench.errors import UsageError
from isobench.host.paths import Paths
from isobench.host.process import run

VARIABLE = "LIBVIRT_DEFAULT_URI"
DAEMON = Path("/run/libvirt/libvirt-sock")
"""Where the host's libvirt answers, be it libvirtd or virtqemud's proxy."""
_USER = "libvirt-qemu"
_LONGEST_ROOT = 60
_CONFIG = """stdio_handler = "file"
security_driver = "none"
user = "root"
group = "root"
dynamic_ownership = 0
remember_owner = 0
namespaces = []
cgroup_controllers = []
seccomp_sandbox = 1
"""


def chosen() -> str | None:
    """Return the URI of the host's own libvirt where the user has chosen it, else None: the embedded one.

    Raises UsageError for any other libvirt: only a local QEMU run by the system's daemon shares the host's clock,
    memory and bridge.
    """
    uri = os.environ.get(VARIABLE)
    if not uri:
        return None
    parts = urlsplit(uri)
    if "+" in parts.scheme or parts.netloc:
        raise UsageError(
            f"{uri} is a remote libvirt, which shares neither clock nor memory with this host",
            where=VARIABLE, mend="choose qemu:///system, or unset it for isobench's own libvirt",
        )  # fmt: skip
    if parts.scheme != "qemu" or parts.path != "/system":
        why = "isobench embeds a libvirt of its own" if parts.path == "/embed" else "isobench cannot measure with it"
        raise UsageError(
            f"{uri} is not a libvirt that can be chosen: {why}",
            where=VARIABLE, mend="choose qemu:///system, or unset it for isobench's own libvirt",
        )  # fmt: skip
    return uri


def embedded(paths: Paths) -> tuple[str, Path]:
    """Return the embedded driver's URI and its root, configured."""
    ensure_user()
    root = root_folder(paths)
    (root / "etc").mkdir(parents=True, exist_ok=True)
    (root / "etc" / "qemu.conf").write_text(_CONFIG)
    return f"qemu:///embed?root={root}", root


def root_folder(paths: Paths) -> Path:
    """Return the embedded driver's root: short, since the sockets below it may have 108 bytes."""
    root = paths.cache / "libvirt"
    return root if len(str(root)) <= _LONGEST_ROOT else Path(f"/var/tmp/isobench-{os.geteuid()}-libvirt")  # noqa: S108


def advice() -> str | None:
    """Return a line where the host has a libvirt that is not used; None where it has none, or it was chosen."""
    # Whoever may not look there has no libvirt there to be told of.
    if chosen() or not os.access(DAEMON, os.F_OK):
        return None
    return f"the host's libvirt is not used: VMs run in one of isobench's own; {VARIABLE}=qemu:///system chooses it"


def ensure_user() -> None:
    """Make the system user that Debian's libvirt looks up, before any configuration, even where it is not used.

    Only the package libvirt-daemon-system makes it, which also brings the service that isobench does without.
    """
    try:
        pwd.getpwnam(_USER)
    except KeyError:
        run(
            ["useradd", "--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin", _USER],
            mend=f"make the system user {_USER}",
        )
