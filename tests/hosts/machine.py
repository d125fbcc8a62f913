"""One booted host: the emulator, and a shell on its serial console. A context manager: powered off, nothing left."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from tests.hosts.disk import CHECKOUT, Disk, project_archive
from tests.hosts.host import HERE, Host

_BOOT = 240.0
_SCRATCH = "isolab-"
_RESULTS = 1 << 30
_ESCAPES = re.compile(rb"\x1b\[[0-9;?!]*[a-zA-Z]")
_COMMAND_LINE = "root=/dev/vda rw console=ttyS0 systemd.show_status=0 nokaslr loglevel=3"


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command inside ended (124: too late), and what it printed."""

    status: int
    text: str


class Machine:
    """A host, booted from a throw-away overlay of its disk, with the project as it is in this checkout."""

    def __init__(self, host: Host, disk: Disk) -> None:
        self._host, self._disk = host, disk
        self._vm: subprocess.Popen[bytes] | None = None
        self._console = socket.socket(socket.AF_UNIX)

    def __enter__(self) -> Machine:
        _remove_stale()
        self._folder = Path(tempfile.mkdtemp(prefix=f"{_SCRATCH}{os.getpid()}-", dir="/var/tmp"))
        try:
            self._boot()
            self._lay_project()
        except BaseException:
            self._leave()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._leave()

    def _boot(self) -> None:
        folder, disk = self._folder, self._disk
        project_archive(folder / "project.tar")
        (folder / "results.raw").touch()
        with (folder / "results.raw").open("ab") as results:
            results.truncate(_RESULTS)
        # It ends with us, however we end.
        bound = ["setpriv", "--pdeathsig", "KILL", "--"]
        inside: list[str | Path] = [*bound, HERE / "inside", disk.tree, folder, disk.image.parent, "--"]
        subprocess.run(
            [*inside, "qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b", disk.image, folder / "disk.qcow2"],
            check=True,
        )
        drives = [f"file={folder}/disk.qcow2,format=qcow2,cache=unsafe"]
        drives += [f"file={folder}/{name},format=raw,cache=unsafe" for name in ("project.tar", "results.raw")]
        with (folder / "qemu.log").open("wb") as said:
            self._vm = subprocess.Popen(
                [
                    *inside, "qemu-system-x86_64", "-machine", "q35", "-accel", "tcg,thread=multi,tb-size=1024",
                    "-cpu", "EPYC,+svm,+npt", "-smp", "2", "-m", str(self._host.memory), "-nodefaults",
                    "-no-user-config", "-display", "none", "-kernel", disk.kernel, "-initrd", disk.initrd,
                    "-append", _COMMAND_LINE, *(word for drive in drives for word in ("-drive", f"{drive},if=virtio")),
                    "-netdev", "user,id=n", "-device", "virtio-net,netdev=n",
                    "-chardev", f"socket,id=c,path={folder}/console,server=on,wait=off,logfile={folder}/console.log",
                    "-serial", "chardev:c",
                ],
                stdin=subprocess.DEVNULL, stdout=said, stderr=said, start_new_session=True,
            )  # fmt: skip
        self._connect()

    def _connect(self) -> None:
        """Wait until the console's shell answers."""
        until = time.monotonic() + _BOOT
        while time.monotonic() < until:
            if self._vm is None or self._vm.poll() is not None:
                raise RuntimeError(f"{self._host.name}: QEMU ended: {(self._folder / 'qemu.log').read_text()[-500:]}")
            try:
                self._console.connect(str(self._folder / "console"))
                break
            except OSError:
                time.sleep(0.1)
        while time.monotonic() < until:
            if self.shell("true", 5).status == 0:
                self.shell("systemctl is-system-running --wait", 120)
                return
        raise RuntimeError(f"{self._host.name}: no shell within {_BOOT:g} s: {self.log()[-500:]}")

    def _lay_project(self) -> None:
        lay = (
            f"cd {CHECKOUT} && find . -mindepth 1 -maxdepth 1 ! -name .venv -exec rm -rf {{}} + && "
            "tar --extract --no-same-owner --file /dev/vdb && mkdir -p /srv/out"
        )
        if (ended := self.shell(lay, 120)).status:
            raise RuntimeError(f"{self._host.name}: the project could not be laid: {ended.text}")

    def shell(self, command: str, limit: float) -> Ended:
        """Run a shell line as root for at most ``limit`` seconds."""
        mark, said = secrets.token_hex(6), b""
        until = time.monotonic() + limit
        self._console.settimeout(1)
        # Ctrl-C, and the rest of a line that was half typed.
        line = f"stty -echo cols 200; export TERM=dumb; {command.strip()}; echo END''-{mark} rc=$?"
        self._console.sendall(f"\x15{line}\n".encode())
        while not (end := re.search(rf"END-{mark} rc=(\d+)".encode(), said)) and time.monotonic() < until:
            try:
                said += self._console.recv(65536)
            except TimeoutError:
                continue
        text = _ESCAPES.sub(b"", said).decode("utf-8", "replace").replace("\r", "")
        if end is None:
            self._console.sendall(b"\x03")
        return Ended(int(end[1]) if end else 124, text.partition(f"END-{mark}")[0])

    def bring_back(self, target: Path) -> None:
        """Copy what lies in /srv/out into a folder of this machine."""
        if (ended := self.shell("tar --create --file /dev/vdc --directory /srv/out . && sync", 120)).status:
            raise RuntimeError(f"{self._host.name}: results were not brought back: {ended.text}")
        target.mkdir(parents=True, exist_ok=True)
        subprocess.run(
            ["tar", "--extract", "--no-same-owner", "--file", self._folder / "results.raw", "--directory", target],
            check=True,
        )

    def log(self) -> str:
        """Return what the console has printed."""
        return (self._folder / "console.log").read_text(encoding="utf-8", errors="replace")

    def _leave(self) -> None:
        if self._vm is not None:
            # Its disk is thrown away, so it need not be shut down; `inside` takes all of its processes along.
            self._vm.kill()
            self._vm.wait()
        self._console.close()
        shutil.rmtree(self._folder, ignore_errors=True)


def _remove_stale() -> None:
    """Remove what a killed run of the lab left: its folder names its process."""
    for folder in Path("/var/tmp").glob(f"{_SCRATCH}*"):
        if not Path("/proc", folder.name.removeprefix(_SCRATCH).partition("-")[0]).exists():
            shutil.rmtree(folder, ignore_errors=True)
