"""A Compose file's application as containers, as VMs and as containers in one VM, on the real engines."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from tests.integration.snapshot import leaving_nothing
from tests.integration.user import ENGINES, User

from isobench.engines import libvirt

pytestmark = [*ENGINES, pytest.mark.beside]

APPLETS = ("sh", "sleep", "echo", "mkdir", "httpd", "wget", "false", "true", "cat")
SERVE = "echo pong > /data/x; httpd -f -p 8080 -h /data"
ASK = "wget -q -O - http://back:8080/x; exec httpd -f -p 80 -h /"
APPLICATION = """
name: pair
x-limits: &limits
  mem_limit: 96m
services:
  front:
    <<: *limits
    build: box
    command: ["sh", "-c", "{front}"]
    ports: ["8080:80"]
    depends_on:
      back: {{condition: service_healthy}}
      once: {{condition: service_completed_successfully}}
  back:
    <<: *limits
    build: box
    command: ["sh", "-c", "{back}"]
    volumes: ["data:/data"]
    healthcheck:
      test: ["CMD", "wget", "-q", "-O", "/dev/null", "http://127.0.0.1:8080/x"]
      interval: 100ms
      retries: {retries}
  once:
    <<: *limits
    build: box
    environment: {{CODE: "{code}"}}
    command: ["sh", "-c", "exit $$CODE"]
volumes: {{data: {{}}}}
"""


def application(user: User, front: str = ASK, back: str = SERVE, code: int = 0, retries: int = 100) -> Path:
    box = user.home / "app" / "box"
    (box / "bin").mkdir(parents=True, exist_ok=True)
    shutil.copy(str(shutil.which("busybox")), box / "bin" / "busybox")
    for applet in APPLETS:
        if not (box / "bin" / applet).is_symlink():
            (box / "bin" / applet).symlink_to("busybox")
    (box / "Dockerfile").write_text("FROM scratch\nCOPY bin /bin\nENV PATH=/bin\n")
    file = user.home / "app" / "compose.yaml"
    file.write_text(APPLICATION.format(front=front, back=back, code=code, retries=retries))
    return file


def run(user: User, file: Path, *words: str) -> tuple[int, str]:
    with leaving_nothing(user.paths):
        return user.isobench("run", "--compose", str(file), "--ready", "^pong", "--no-report", "--samples", "1",
                             "--results", str(user.results), *words)  # fmt: skip


@pytest.mark.vm
@pytest.mark.skipif(libvirt.unavailable() is not None, reason="libvirt cannot run here")
def test_the_members_find_each_other_by_name_as_containers_as_vms_and_in_one_vm(user: User) -> None:
    file = application(user)
    code, said = run(user, file, "-t", "docker", "-t", "vm-micro", "-t", "nested", "-t", "native")
    assert code == 0, said
    assert "pair@native is no cell: its only network is a loopback" in said
    meta, samples = user.session()
    assert [member["name"] for member in meta["workloads"]["pair"]["members"]] == ["back", "once", "front"]
    assert {"pair", "pair/back", "pair/once", "pair/front"} == set(meta["images"])
    assert list(meta["unsuitable"]) == ["pair@native"]
    assert {sample["cell"]["target"] for sample in samples} == {"docker", "vm-micro", "nested"}
    for sample in samples:
        assert (sample["outcome"], sample["facts"]["members"]) == ("ok", "back, once, front"), sample
        assert 0 < sample["events"]["created"] < sample["events"]["ready"] <= sample["events"]["service"] + 10**9
    measured = {one["cell"]["target"]: one["metrics"] for one in samples if one["role"] == "measured"}
    # Three guests hold more than one that has all three, and that more than none.
    assert measured["vm-micro"]["vmm_overhead_ready"] > measured["nested"]["vmm_overhead_ready"]
    assert measured["docker"]["cgroup_current_ready"] < measured["nested"]["cgroup_current_ready"]
    assert measured["docker"]["host_pss_ready"] < measured["nested"]["host_pss_ready"]
    sizes = ("rootfs_bytes", "image_size_compressed", "stored_bytes")
    assert all(one[name] > 0 for one in measured.values() for name in sizes)
    assert all(one["instance_disk_ready"] >= 0 for one in measured.values())
    code, said = user.isobench("claims", "--results", str(user.results))
    assert code == 0, said
    assert "pair answered on docker, nested, vm-micro" in " ".join(said.split()), said


@pytest.mark.parametrize(
    ("how", "line"),
    [
        ({"back": "exit 3"}, "back: its health check failed 3 times in a row; another member needs it to be healthy"),
        ({"code": 4}, "once: ended with status 4; another member needs it to be completed"),
        ({"front": "exit 5"}, "ended with status 5"),
        ({"front": "wget -q -O - http://nobody:8080/x"}, "ended with status 1"),
    ],
)  # fmt: skip
def test_a_member_that_goes_wrong_is_named_in_one_line(user: User, how: dict[str, str], line: str) -> None:
    code, said = run(user, application(user, **how, retries=3), "-t", "docker")  # type: ignore[arg-type]
    assert code == 4, said
    assert line in said
    _, samples = user.session()
    assert {sample["outcome"] for sample in samples} == {"failed"}


def test_what_cannot_be_run_is_refused_before_anything_starts(user: User) -> None:
    file = application(user)
    code, said = run(user, file, "-t", "native")
    assert (code, said.count("\n")) == (2, 1), said
    assert "pair@native: its only network is a loopback of its own" in said
    for words, line in (
        (("--front", "back"), "back is needed by another service"),
        (("--image", "x"), "--compose cannot stand beside --image"),
        (("--command", "x"), "--command says what one image runs"),
    ):
        code, said = user.isobench("run", "--compose", str(file), *words, "--results", str(user.results))
        assert (code, said.count("\n")) == (2, 1), said
        assert line in said
    code, said = user.isobench("run", "--front", "x", "--results", str(user.results))
    assert (code, said) == (2, "isobench: --front says how to run a Compose file that is brought; add --compose\n")
    assert not user.results.exists()


def test_an_interrupt_leaves_no_member_behind(user: User) -> None:
    file = application(user, back="sleep 1; " + SERVE)
    with leaving_nothing(user.paths):
        process = user.start("run", "--compose", str(file), "--ready", "^pong", "-t", "docker", "--samples", "2",
                             "--no-report", "--results", str(user.results))  # fmt: skip
        user.wait_for(process, "[  1/")
        process.terminate()
        assert process.wait(60) == 130, user.said()
