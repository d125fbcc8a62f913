"""A disk of the user's own: what is refused before anything starts, what it becomes, and the address it is given."""

from __future__ import annotations

import ipaddress
import struct
import subprocess
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from isobench.cli.own_disk import from_disk, require_disk
from isobench.cli.run_command import command
from isobench.engines.bridge import Network
from isobench.errors import UsageError
from isobench.model import Parameters, TargetSpec
from isobench.runner.request import Request
from isobench.targets import catalog
from isobench.targets.own_vm import own
from isobench.targets.own_vm_disk import RESOURCES, own_disk
from isobench.targets.own_vm_lease import answer
from isobench.workloads.bring import bring

NETWORK = Network("isobr0", ipaddress.IPv4Network("10.213.0.0/24"), "10.213.0.1")
MAC = bytes.fromhex("525400000005")
OWN = TargetSpec("own-vm", "own-vm", "t", "d", "i", {"machine": "q35"})
DOCKER = TargetSpec("docker", "docker", "t", "d", "i")


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "My Debian 12.qcow2"
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", path, "8M"], check=True)
    return path


def test_a_disk_is_a_workload_with_its_digest_and_no_path_in_its_record(image: Path) -> None:
    found = own_disk(image, ready="login:", timeout=90)
    assert (found.name, found.title, found.path) == ("my-debian-12", image.name, image)
    assert (found.ready.on, found.ready.output, found.service, found.timeout) == ("output", "login:", None, 90)
    assert found.virtual == 8 << 20 and found.digest == found.image().id == found.rootfs().digest
    assert found.digest.startswith("sha256:") and found.resources == RESOURCES
    assert own(found, "own-vm") is found


def test_a_port_alone_is_a_ready_condition(image: Path) -> None:
    found = own_disk(image, port=22)
    assert found.service is not None and found.service.port == 22 and found.ready.output is None


def lone(tmp_path: Path, name: str, data: bytes) -> Path:
    (tmp_path / name).write_bytes(data)
    return tmp_path / name


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("gone.qcow2", None, r"gone\.qcow2: cannot be read: No such file"),
        (".", None, r"is no file; give a disk"),
        ("text.qcow2", b"not an image", r"text\.qcow2: is no qcow2 image"),
        ("empty.qcow2", b"", r"empty\.qcow2: is no qcow2 image"),
        ("cut.qcow2", b"QFI\xfb\0\0\0\x03", r"cut\.qcow2: is a damaged qcow2 image: "),
        ("wild.qcow2", b"QFI\xfb" + b"\xff" * 1000, r"wild\.qcow2: is a damaged qcow2 image: "),
    ],
)
def test_what_is_no_qcow2_is_one_line(tmp_path: Path, name: str, data: bytes | None, said: str) -> None:
    path = tmp_path / name if data is None else lone(tmp_path, name, data)
    with pytest.raises(UsageError, match=said) as raised:
        own_disk(path, ready="up")
    assert "\n" not in raised.value.line()


def test_an_image_that_shows_the_guest_another_file_is_refused(tmp_path: Path, image: Path) -> None:
    secret = lone(tmp_path, "secret", b"s" * 4096)
    over = tmp_path / "over.qcow2"
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b", secret, over], check=True)
    with pytest.raises(UsageError, match=r"over\.qcow2: needs another file, .*secret; give a disk as"):
        own_disk(over, ready="up")
    outside = tmp_path / "outside.qcow2"
    how = f"data_file={tmp_path / 'data'},data_file_raw=on"
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", "-o", how, outside, "4M"], check=True)
    with pytest.raises(UsageError, match=r"needs another file, .*data"):
        own_disk(outside, ready="up")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "--disk: nothing says when it is ready; add --ready 'regex on its serial console', or --port N"),
        ({"ready": "("}, "--ready: .*is no regular expression"),
        ({"ready": ""}, "--ready: .*needs the pattern"),
        ({"port": 70000}, "--port: .*less than or equal to 65535"),
    ],
)
def test_a_ready_condition_that_is_none_is_one_line(image: Path, given: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said) as raised:
        own_disk(image, **given)
    assert "\n" not in raised.value.line()


def test_what_has_no_meaning_beside_a_disk_is_refused(image: Path) -> None:
    with pytest.raises(UsageError, match="--image has no meaning for a disk that is booted as it is"):
        from_disk(image, "up", None, None, {"--study": (), "--image": "redis"})
    assert from_disk(image, "up", None, 5.0, {"--study": ()}).timeout == 5.0


def test_a_disk_and_other_targets_do_not_go_together(image: Path) -> None:
    disk, other = own_disk(image, ready="up"), bring("redis")

    def request(workload: Any, spec: TargetSpec) -> Request:
        return Request((workload,), (spec,), Parameters(), 1)

    require_disk(request(disk, OWN))
    require_disk(request(other, DOCKER))
    with pytest.raises(UsageError, match=r"own-vm: boots a disk of yours; add --disk"):
        require_disk(request(other, OWN))
    with pytest.raises(UsageError, match=r"docker: cannot boot my-debian-12, a disk of yours; leave out -t docker"):
        require_disk(request(disk, DOCKER))
    with pytest.raises(UsageError, match="own-vm: boots a disk of your own, not redis"):
        own(other, "own-vm")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"machine": "microvm"}, "a microvm has no firmware that boots a disk"),
        ({"kernel": "k.deb"}, "it is the disk's own"),
        ({"format": "raw"}, "so that the disk stays as it is"),
    ],
)
def test_an_option_without_a_meaning_here_is_one_line(options: dict[str, Any], said: str) -> None:
    table = {"kind": "own-vm", "title": "t", "description": "d", "isolates": "i", "options": options}
    with pytest.raises(UsageError, match=said):
        catalog.build(Path("targets.toml"), "a", table)


def test_the_command_line_refuses_at_once(tmp_path: Path) -> None:
    for words, said in (
        (["--disk", str(tmp_path / "gone.qcow2"), "--ready", "up"], "cannot be read: No such file"),
        (["--disk", str(tmp_path / "gone.qcow2")], "nothing says when it is ready"),
        (["-t", "own-vm", "-w", "idle"], "own-vm: boots a disk of yours"),
    ):
        result = CliRunner().invoke(command, ["--results", str(tmp_path), *words])
        assert isinstance(result.exception, UsageError), result.output
        assert said in result.exception.line()
    assert not list(tmp_path.iterdir())


def message(kind: int, client: bytes = MAC, options: bytes = b"") -> bytes:
    head = struct.pack(
        "!BBBBIHH16x16s192x4s", 1, 1, 6, 0, 0xABCD, 3, 0x8000, client.ljust(16, b"\0"), b"\x63\x82\x53\x63"
    )
    return head + options + bytes([53, 1, kind, 255])


def test_a_guest_is_offered_its_address_and_given_it() -> None:
    for asked, said in ((1, 2), (3, 5)):
        got = answer(message(asked, options=b"\0\x0c\x02ab"), NETWORK, MAC, "10.213.0.7")
        assert got is not None and got[:8] == b"\x02\x01\x06\0" + b"\0\0\xab\xcd"
        assert got[16:20] == bytes([10, 213, 0, 7]) and got[20:24] == bytes([10, 213, 0, 1])
        assert got[10:12] == b"\x80\0" and got[28:34] == MAC and got[236:240] == b"\x63\x82\x53\x63"
        options, place, found = got[240:], 0, {}
        while options[place] != 255:
            length = options[place + 1]
            found[options[place]] = options[place + 2 : place + 2 + length]
            place += 2 + length
        assert found == {53: bytes([said]), 54: bytes([10, 213, 0, 1]), 51: struct.pack("!I", 86400),
                         1: bytes([255, 255, 255, 0]), 3: bytes([10, 213, 0, 1])}  # fmt: skip


@pytest.mark.parametrize(
    "asked",
    [
        message(1, bytes.fromhex("525400000006")), message(7), message(1)[:100], b"", message(1)[:236] + b"abcd\xff",
        message(1)[:240], message(1)[:240] + b"\x35", message(1)[:240] + b"\x35\x09\x01",
    ],
)  # fmt: skip
def test_what_is_not_its_guests_question_is_not_answered(asked: bytes) -> None:
    assert answer(asked, NETWORK, MAC, "10.213.0.7") is None
