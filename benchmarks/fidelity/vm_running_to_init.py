"""Fidelity of ``vm-micro`` from ``running`` to ``init``: against QEMU started by hand, in interleaved pairs.

By hand: the same QEMU options, kernel and initramfs without libvirt. QEMU starts paused (``-S``), ``cont`` goes over
QMP, and the clock runs from QEMU's own RESUME event to the first byte of the injected init. What libvirt adds before
``running`` is a figure of its own. Run as root: ``.venv/bin/python benchmarks/fidelity/vm_running_to_init.py [PAIRS]``.
"""

from __future__ import annotations

import json
import shlex
import shutil
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import cast

import numpy as np
from common import keep, paired_samples, sample_of, slot_of

from isobench.host import cpus, lock
from isobench.host.paths import Paths
from isobench.house import House, house
from isobench.images import disk
from isobench.model import Cell
from isobench.plan import Step
from isobench.stats.median import median
from isobench.targets import catalog, domain
from isobench.targets.base import Prepared
from isobench.targets.vm import VmTarget
from isobench.workloads.loader import find

BOUND = 1.10
"""What the interval of the ratio must not exceed."""

STEP = Step(Cell("idle", "vm-micro"), 0, "warmup", "kill")
TAP = "isofidelity"
_PATIENCE = 120.0


def listen(path: Path) -> socket.socket:
    """Return a socket that QEMU can call."""
    door = socket.socket(socket.AF_UNIX)
    door.settimeout(_PATIENCE)
    door.bind(str(path))
    door.listen()
    return door


class FirstByte(threading.Thread):
    """Notes when the first byte comes on a socket, and reads on so that QEMU never waits."""

    def __init__(self, door: socket.socket) -> None:
        super().__init__(daemon=True)
        self._door = door
        self._came = threading.Event()
        self.at = 0.0
        self.start()

    def run(self) -> None:
        """Accept, stamp the first byte, read the rest away."""
        line, _ = self._door.accept()
        line.settimeout(_PATIENCE)
        line.recv(1)
        self.at = time.monotonic()
        self._came.set()
        while line.recv(65536):
            pass

    def wait(self) -> None:
        """Wait until it came."""
        if not self._came.wait(_PATIENCE):
            raise SystemExit("QEMU by hand: its init never spoke")


def template(opened: House, prepared: Prepared) -> tuple[str, domain.Plan]:
    """Start a domain once and return the command line that libvirt gave QEMU, as logged, and what it was made of."""
    target = cast(VmTarget, opened.targets["vm-micro"])
    with target.instance(prepared, slot_of(opened, prepared, 999)) as instance:
        instance.create()
        instance.start()
        log = target.engine.log(instance.plan.name)
        if log is None:
            raise SystemExit("the host's own libvirt keeps its logs elsewhere: run this where none is running")
        return log.read_text(), instance.plan


def options(said: str, was: domain.Plan, plan: domain.Plan, monitor: Path) -> list[str]:
    """Return libvirt's command line for another domain, its private plumbing (monitor, tap, secrets) replaced."""
    for old, new in (
        (was.channel, plan.channel), (was.console, plan.console), (was.overlay, plan.overlay),
        (was.uuid, plan.uuid), (was.name, plan.name), (was.mac, plan.mac),
    ):  # fmt: skip
        said = said.replace(str(old), str(new))
    words = shlex.split(said[said.index(str(plan.emulator)) :].replace("\\\n", " ").partition("\n")[0])
    kept: list[str] = []
    rest = iter(words[1:])
    for word in rest:
        kept.append(word)
        if word in ("-S", "-no-user-config", "-nodefaults", "-no-shutdown", "-no-reboot"):
            continue
        value = next(rest)
        if "masterKey0" in value or "charmonitor" in value:
            kept.pop()
            continue
        kept.append(f"tap,id=hostnet0,ifname={TAP},script=no,downscript=no" if word == "-netdev" else value)
    return ["qemu-system-x86_64", *kept, "-qmp", f"unix:{monitor},server=on,wait=off"]


def by_hand(opened: House, prepared: Prepared, pattern: tuple[str, domain.Plan], number: int) -> tuple[float, float]:
    """QEMU alone: seconds from its RESUME to init's first byte, and from its launch to RESUME."""
    target = cast(VmTarget, opened.targets["vm-micro"])
    folder = opened.paths.run / f"hand-{number}"
    store = target.store / folder.name
    with ExitStack() as stack:
        for place in (folder, store):
            place.mkdir(parents=True)
            stack.callback(shutil.rmtree, place, ignore_errors=True)
        cores = cpus.place(prepared.workload.resources.vcpus, serving=False, cores=cpus.usable()).instance
        plan = target.plan(prepared, folder, folder.name, str(uuid.uuid4()), number, (), cores)
        channel = FirstByte(stack.enter_context(listen(folder / "channel")))
        FirstByte(stack.enter_context(listen(plan.console)))
        words = options(*pattern, plan, folder / "qmp")
        began = time.monotonic()
        disk.make_overlay(plan.base, plan.overlay)
        qemu = subprocess.Popen(["taskset", "-c", plan.cores, *words], stdin=subprocess.DEVNULL)
        stack.callback(qemu.wait)
        stack.callback(qemu.kill)
        resumed = let_go(folder / "qmp", qemu)
        channel.wait()
        return channel.at - resumed, resumed - began


def let_go(path: Path, qemu: subprocess.Popen[bytes]) -> float:
    """Send ``cont`` and return when QEMU said RESUME."""
    with socket.socket(socket.AF_UNIX) as monitor:
        monitor.settimeout(_PATIENCE)
        while monitor.connect_ex(str(path)):
            if qemu.poll() is not None:
                raise SystemExit(f"QEMU by hand ended with status {qemu.returncode}")
            time.sleep(0.001)
        lines = monitor.makefile("rb")
        for command in ("qmp_capabilities", "cont"):
            monitor.sendall(json.dumps({"execute": command}).encode() + b"\n")
        for line in lines:
            at = time.monotonic()
            if b'"RESUME"' in line:
                return at
    raise SystemExit("QEMU by hand hung up its monitor")


@contextmanager
def tap(bridge: str) -> Iterator[None]:
    """A tap on the bridge for the QEMU that is started by hand."""
    subprocess.run(["ip", "tuntap", "add", "dev", TAP, "mode", "tap"], check=True)
    try:
        subprocess.run(["ip", "link", "set", TAP, "master", bridge, "up"], check=True)
        yield
    finally:
        subprocess.run(["ip", "link", "delete", TAP], check=True)


def through_isobench(opened: House, prepared: Prepared, number: int) -> tuple[float, float]:
    """The harness's own sample: running → init, and request → running, seconds."""
    events = sample_of(opened, prepared, STEP, number).events
    return (events["init"] - events["running"]) / 1e9, events["running"] / 1e9


def main(count: int) -> int:
    """Print the median paired ratio with its 95 % interval, and libvirt's share; 1 when the interval exceeds 1.10."""
    paths = Paths.default()
    specs = catalog.find(["vm-micro"], paths.targets)
    with lock.measuring(paths.run, wait=True), house(paths, specs, print) as opened:
        prepared = opened.prepare(find(["idle"], paths.workloads)[0], print)
        pattern = template(opened, prepared)
        with tap(opened.docker.network.bridge):
            rows = paired_samples(
                count,
                lambda number: through_isobench(opened, prepared, number),
                lambda number: by_hand(opened, prepared, pattern, number),
            )
        how = opened.acceleration["vm-micro"]
    boots = [(mine[0], other[0]) for mine, other in rows]
    keep(rows, paths.results / "fidelity-vm_running_to_init.json")
    mine, other = np.array(boots).T
    found = median(mine / other)
    print(f"vm-micro ({how}) running → init, {count} pairs:"
          f" isobench {np.median(mine):.4f} s, by hand {np.median(other):.4f} s")  # fmt: skip
    shares = median([mine[1] - other[1] for mine, other in rows])
    print(f"libvirt's own share, request → running beyond QEMU by hand: {shares.value:.3f} s"
          f" (95 % {shares.low or 0:.3f} to {shares.high or 0:.3f} s)")  # fmt: skip
    if found.low is None or found.high is None:
        print(f"median paired ratio {found.value:.3f}; too few pairs for an interval")
        return 1
    print(f"median paired ratio {found.value:.3f} (95 % {found.low:.3f} to {found.high:.3f})")
    inside = found.high <= BOUND
    print(f"the interval {'ends' if inside else 'does not end'} at or below {BOUND:.2f}")
    return 0 if inside else 1


if __name__ == "__main__":
    raise SystemExit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 30))
