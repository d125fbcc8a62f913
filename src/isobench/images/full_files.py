"""What isobench puts into the system layer of a full VM: its boot entry, its mounts, the mark and the service."""

from __future__ import annotations

LABEL = "isobench-system"
"""The label of the layer's file system, by which its initrd finds it."""
INIT = "usr/lib/isobench/init"
"""Where the injected init lies in the layer; it is run from ``/dev/isobench``, as everywhere."""
GRUB = "boot/grub"

_MARK = """#!/bin/sh
# kernel_done: the initrd's first script. The serial port is the host's line to it.
[ "$1" = prereqs ] && exit 0
echo kernel_done > /dev/ttyS0
"""

# The workload's disk is the second, the same that isobench's other VMs have as their first.
_FSTAB = f"""LABEL={LABEL} / ext4 errors=remount-ro 0 1
/dev/vdb /workload ext4 defaults 0 0
proc /workload/proc proc nosuid,nodev,noexec 0 0
sysfs /workload/sys sysfs nosuid,nodev,noexec 0 0
/dev /workload/dev none rbind 0 0
"""

# Below /dev, which belongs to no image: so the workload's root has no path more than its own.
_TMPFILES = f"""d /dev/isobench 0755
C /dev/isobench/init 0755 - - - /{INIT}
L /dev/isobench/port - - - - /dev/virtio-ports/isobench.0
"""

# RootDirectory= would make folders of systemd's own in the workload's root; chroot makes none.
_SERVICE = """[Unit]
Description=The workload, under isobench's init
RequiresMountsFor=/workload/dev /workload/proc /workload/sys
Requires=dev-virtio\\x2dports-isobench.0.device
After=dev-virtio\\x2dports-isobench.0.device
SuccessAction=poweroff
FailureAction=poweroff

[Service]
Type=exec
ExecStart=/usr/sbin/chroot /workload /dev/isobench/init /dev/isobench/port
PrivateMounts=yes
KillMode=mixed
TasksMax=infinity
OOMPolicy=continue

[Install]
WantedBy=multi-user.target
"""

FILES: dict[str, tuple[int, str]] = {
    "etc/initramfs-tools/scripts/init-top/isobench": (0o755, _MARK),
    "etc/fstab": (0o644, _FSTAB),
    "etc/hostname": (0o644, "isobench\n"),
    "etc/tmpfiles.d/isobench.conf": (0o644, _TMPFILES),
    "etc/systemd/system/isobench.service": (0o644, _SERVICE),
}
"""Mode and text of each file, by its path in the layer. All are there before a kernel's initrd is made."""


def grub_config(release: str) -> str:
    """Return the boot loader's configuration: one entry, at once.

    The kernel's command line is the domain's: an SMBIOS string of type 11, so that one layer fits every host.
    """
    return f"""set timeout=0
smbios --type 11 --get-string 4 --set words
menuentry "isobench" {{
    linux /boot/vmlinuz-{release} root=LABEL={LABEL} ro $words
    initrd /boot/initrd.img-{release}
}}
"""
