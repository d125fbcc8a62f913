"""The real launcher: namespaces, an overlay and the injected init, in an empty and a small rootfs."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from isobench.guest import commands
from isobench.guest.build import GuestBinaries
from isobench.guest.channel import Channel
from isobench.guest.frames import Bye, Exit, Init, Start

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="namespaces and the overlay need root")

APPLETS = ("sh", "ls", "cat", "ps", "hostname", "ip", "sleep", "mount", "env", "mknod", "grep", "umount")
# Docker's defaults (moby's DefaultCapabilities, 0xa80425fb) without CAP_MKNOD.
CAPABILITIES = f"{0xA80425FB & ~(1 << 27):016x}"
NODES = {"null", "zero", "full", "random", "urandom", "tty", "ptmx"}
DEVICES = NODES | {"fd", "stdin", "stdout", "stderr", "pts", "shm", "isobench"}


def make_folders(base: Path) -> dict[str, Path]:
    folders = {name: base / name for name in ("lower", "upper", "work", "root", "guest")}
    for folder in folders.values():
        folder.mkdir()
    return folders


def add_busybox(rootfs: Path, busybox: Path) -> None:
    (rootfs / "bin").mkdir()
    shutil.copy(busybox, rootfs / "bin" / "busybox")
    for applet in APPLETS:
        (rootfs / "bin" / applet).symlink_to("busybox")


@contextmanager
def launched(
    binaries: GuestBinaries, folders: dict[str, Path], *extra: str
) -> Iterator[tuple[Channel, subprocess.Popen[bytes]]]:
    shutil.copy(binaries.init, folders["guest"] / "init")
    words = [word for name, folder in folders.items() for word in (f"--{name}", str(folder))]
    with Channel(folders["guest"] / "channel") as channel:
        process = subprocess.Popen([binaries.native, *words, *extra], stderr=subprocess.PIPE)
        try:
            yield channel, process
        finally:
            channel.close()
            process.kill()
            process.communicate(timeout=10)


def ask(channel: Channel, run_id: int, script: str) -> str:
    channel.send(commands.run(run_id, ["/bin/sh", "-c", script], env={"PATH": "/bin"}))
    channel.wait(Exit, 10, run_id=run_id)
    return channel.output(run_id).data().decode()


def mounts() -> list[str]:
    return sorted(Path("/proc/self/mounts").read_text().splitlines())


def test_an_empty_root_filesystem_is_enough(binaries: GuestBinaries, tmp_path: Path) -> None:
    with launched(binaries, make_folders(tmp_path)) as (channel, process):
        channel.wait(Init, 10)
        channel.send(commands.run(1, ["/dev/isobench/init", "/none"]))
        assert channel.wait(Exit, 10, run_id=1)[1].code == 1
        channel.send(commands.stop(1))
        channel.wait(Bye, 10)
        assert process.wait(10) == 0


def test_the_instance_is_apart_from_the_host(binaries: GuestBinaries, busybox: Path, tmp_path: Path) -> None:
    folders = make_folders(tmp_path)
    add_busybox(folders["lower"], busybox)
    shared = tmp_path / "shared"
    shared.mkdir()
    (shared / "note").write_text("hello")
    procs = tmp_path / "cgroup.procs"
    procs.touch()
    before = mounts()
    extra = ("--hostname", "box", "--bind", f"{shared}:/data/in", "--bind", f"{shared}/note:/etc/note")
    with launched(binaries, folders, *extra, "--cgroup", str(procs)) as (channel, process):
        assert channel.wait(Init, 10)[1] == Init(1, os.uname().release)
        processes = ask(channel, 1, "ls -d /proc/[0-9]*").split()
        assert "/proc/1" in processes and len(processes) <= 4
        assert channel.wait(Start, 5, run_id=1)[1].pid == 2
        assert ask(channel, 2, "hostname; cat /data/in/note /etc/note") == "box\nhellohello"
        assert "LOOPBACK,UP" in ask(channel, 3, "ip link show")
        assert set(ask(channel, 4, "ls /dev").split()) == DEVICES
        listed = ask(channel, 5, "cat /proc/mounts").splitlines()
        assert str(tmp_path) not in "".join(line.split()[1] for line in listed)
        assert re.search(r"sysfs /sys sysfs ro", "\n".join(listed))
        assert ask(channel, 6, "echo x > /written; cat /proc/1/environ") == ""
        channel.send(commands.stop(1))
        channel.wait(Bye, 10)
        assert process.wait(10) == 0
    assert procs.read_text() == "0"
    assert (folders["upper"] / "written").read_text() == "x\n"
    assert not (folders["lower"] / "written").exists()
    assert mounts() == before
    assert list(folders["root"].iterdir()) == []


def test_init_and_all_it_starts_have_few_capabilities(binaries: GuestBinaries, busybox: Path, tmp_path: Path) -> None:
    folders = make_folders(tmp_path)
    add_busybox(folders["lower"], busybox)
    with launched(binaries, folders) as (channel, _):
        for number, pid in enumerate(("1", "self"), 1):
            status = dict(line.split(":\t", 1) for line in ask(channel, number, f"cat /proc/{pid}/status").splitlines())
            assert [status[f"Cap{name}"] for name in ("Inh", "Prm", "Eff", "Bnd", "Amb")] == [
                "0" * 16, CAPABILITIES, CAPABILITIES, CAPABILITIES, "0" * 16,
            ]  # fmt: skip
            assert status["NoNewPrivs"] == "1"
        channel.send(commands.run(3, ["/bin/grep", "CapEff", "/proc/self/status"], uid=1000, gid=1000))
        channel.wait(Exit, 10, run_id=3)
        assert channel.output(3).data().decode().split() == ["CapEff:", "0" * 16]


def test_no_device_of_the_host_can_be_opened(binaries: GuestBinaries, busybox: Path, tmp_path: Path) -> None:
    folders = make_folders(tmp_path)
    add_busybox(folders["lower"], busybox)
    os.mknod(folders["lower"] / "zero", 0o020666, os.makedev(1, 5))
    with launched(binaries, folders) as (channel, _):
        assert ask(channel, 1, "cat < /zero 2>&1") == "/bin/sh: can't open /zero: Permission denied\n"
        assert "Operation not permitted" in ask(channel, 2, "mknod /tmp-zero c 1 5 2>&1")
        assert ask(channel, 3, "echo fine > /dev/null && echo $?") == "0\n"


def test_what_is_the_hosts_in_proc_is_read_only_or_hidden(
    binaries: GuestBinaries, busybox: Path, tmp_path: Path
) -> None:
    folders = make_folders(tmp_path)
    add_busybox(folders["lower"], busybox)
    told = [file for file in ("/proc/keys", "/proc/timer_list") if Path(file).exists() and Path(file).read_bytes()]
    with launched(binaries, folders) as (channel, _):
        # It would only be opened, not changed, if it could.
        assert "Read-only file system" in ask(channel, 1, ": 2>&1 >> /proc/sys/kernel/core_pattern")
        assert "not permitted" in ask(channel, 2, "umount /proc/sys 2>&1")
        for number, file in enumerate(told, 3):
            assert ask(channel, number, f"cat {file} && echo end") == "end\n"


def test_a_link_in_the_image_leads_nowhere_on_the_host(binaries: GuestBinaries, busybox: Path, tmp_path: Path) -> None:
    folders = make_folders(tmp_path)
    add_busybox(folders["lower"], busybox)
    outside = tmp_path / "outside"
    outside.mkdir()
    (folders["lower"] / "data").symlink_to(outside)
    with launched(binaries, folders, "--bind", f"{outside}:/data/deep") as (channel, process):
        _, said = process.communicate(timeout=10)
        assert process.returncode == 125
        assert said.startswith(b"native: /data/deep: ")
        assert channel.connected_at is None
    assert list(outside.iterdir()) == []


def test_killing_the_launcher_kills_the_instance(binaries: GuestBinaries, busybox: Path, tmp_path: Path) -> None:
    folders = make_folders(tmp_path)
    add_busybox(folders["lower"], busybox)
    with launched(binaries, folders) as (channel, process):
        channel.send(commands.run(1, ["/bin/sleep", "600"]))
        channel.wait(Start, 10, run_id=1)
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        assert len(children) == 1
        assert channel.closed_at is None
        process.send_signal(signal.SIGKILL)
        process.wait(5)
        channel_closed = channel._wait_for(lambda: channel.closed_at, 5, "no end")
        assert channel_closed > 0
        left = [
            entry
            for entry in Path("/proc").glob("[0-9]*")
            if (entry / "cmdline").exists() and (entry / "cmdline").read_bytes() == b"/bin/sleep\x00600\x00"
        ]
        assert left == []


def test_what_cannot_be_done_is_one_line(binaries: GuestBinaries, tmp_path: Path) -> None:
    folders = make_folders(tmp_path)
    folders["work"].rmdir()
    with launched(binaries, folders) as (_, process):
        _, said = process.communicate(timeout=10)
    assert process.returncode == 125
    assert said == b"native: mounting the overlay: No such file or directory\n"
