"""A distribution's disk brought by a user: an address by DHCP, a port that opens, a power button that is heeded."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.integration.living import CAN_RUN, Bench, opened_bench
from tests.integration.test_own_vm import SPEC, sample, target_of

from isobench.host.paths import Paths
from isobench.images import full
from isobench.images.full import ensure_layer
from isobench.images.full_files import LABEL
from isobench.images.kernel import ensure_kernel
from isobench.targets.own_vm_disk import own_disk

pytestmark = [*CAN_RUN, pytest.mark.vm, pytest.mark.soak, pytest.mark.timeout(900)]

PORT = 7000
FILES = {
    "/etc/fstab": f"LABEL={LABEL} / ext4 defaults 0 1\n",
    "/etc/systemd/network/all.network": "[Match]\nName=en* eth*\n[Network]\nDHCP=ipv4\n",
    "/etc/systemd/system/echo.socket": f"[Socket]\nListenStream={PORT}\nAccept=yes\n",
    "/etc/systemd/system/echo@.service": "[Service]\nExecStart=/bin/cat\nStandardInput=socket\n",
}
WANTED = "/etc/systemd/system/multi-user.target.wants"
LINKS = {
    f"{WANTED}/systemd-networkd.service": "/lib/systemd/system/systemd-networkd.service",
    f"{WANTED}/echo.socket": "/etc/systemd/system/echo.socket",
}


@pytest.fixture(scope="module")
def bench(paths: Paths) -> Iterator[Bench]:
    with opened_bench(paths) as made:
        yield made


@pytest.fixture(scope="module")
def debian(bench: Bench, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A disk with a boot loader, a kernel and a systemd, as any user's might be: isobench's own parts are taken out."""
    if reason := full.unavailable():
        pytest.skip(reason)
    layer = ensure_layer(bench.guest, ensure_kernel(bench.guest, bench.paths.cache), bench.paths.cache, print)
    folder = tmp_path_factory.mktemp("debian")
    shutil.copy(layer.disk, folder / "disk.raw")
    lines = [f"rm {WANTED}/isobench.service"]
    for number, (name, text) in enumerate(FILES.items()):
        (folder / f"file{number}").write_text(text)
        lines += [f"rm {name}", f"write {folder}/file{number} {name}"]
    lines += [f"symlink {name} {target}" for name, target in LINKS.items()]
    (folder / "commands").write_text("\n".join(lines) + "\n")
    subprocess.run(
        ["debugfs", "-w", "-f", folder / "commands", f"{folder / 'disk.raw'}?offset={1 << 20}"],
        check=True, capture_output=True,
    )  # fmt: skip
    made = folder / "debian.qcow2"
    subprocess.run(["qemu-img", "convert", "-f", "raw", "-O", "qcow2", folder / "disk.raw", made], check=True)
    return made


def test_a_distribution_is_ready_serves_and_powers_off(bench: Bench, debian: Path) -> None:
    before = hashlib.sha256(debian.read_bytes()).hexdigest()
    target = target_of(bench, replace(SPEC, options={"machine": "q35", "memory": 384 << 20}))
    one = sample(bench, own_disk(debian, ready="kernel_done", port=PORT), "stop", target)
    print(one.events, one.metrics, one.not_applicable, one.output[-500:])
    assert (one.outcome, one.error) == ("ok", None)
    assert 0 < one.events["running"] < one.events["ready"] < one.events["service"] < one.events["stopped"]
    assert one.metrics["time_to_ready"] < one.metrics["time_to_service"]
    assert one.metrics["stop_time"] > 0 and "stop_time" not in one.not_applicable
    assert one.metrics["instance_disk_ready"] > 0
    assert hashlib.sha256(debian.read_bytes()).hexdigest() == before
    alone = sample(bench, own_disk(debian, port=PORT), "kill", target)
    assert (alone.outcome, alone.error) == ("ok", None)
    assert alone.events["ready"] == alone.events["service"]
