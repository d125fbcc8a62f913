"""Images that a user brings, on real engines: without a shell or a libc, from tars, on a port, and wrong ones."""

from __future__ import annotations

import hashlib
import io
import json
import platform
import shutil
import tarfile
from pathlib import Path

import pytest
from tests.integration.snapshot import leaving_nothing
from tests.integration.user import ENGINES, User, run_words

from isobench.guest.build import FLAGS
from isobench.host.process import run
from isobench.images.architecture import host_architecture

pytestmark = ENGINES

PROGRAM = r"""
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    char folder[64];

    printf("%s %s as %d in %s\n", getenv("GREETING"), argv[argc - 1], getuid(), getcwd(folder, sizeof folder));
    fflush(stdout);
    pause();
}
"""
DOCKERFILE = """FROM scratch
COPY program /program
ENV GREETING=hello
WORKDIR /work
USER 1234:4321
ENTRYPOINT ["/program"]
CMD ["world"]
"""


def app(home: Path) -> Path:
    """Write a folder whose image holds one static program and nothing else."""
    folder = home / "my app"
    folder.mkdir()
    (home / "program.c").write_text(PROGRAM)
    run(["cc", *FLAGS, "-o", folder / "program", home / "program.c"])
    (folder / "Dockerfile").write_text(DOCKERFILE)
    return folder


def root_tar(home: Path) -> Path:
    """Write a root file system with nothing but busybox in it."""
    (home / "www").mkdir(exist_ok=True)
    with tarfile.open(home / "Tiny.tar.gz", "w:gz") as tar:
        tar.add(str(shutil.which("busybox")), "bin/busybox")
        tar.add(home / "www", "www")
    return home / "Tiny.tar.gz"


def archive(home: Path, architecture: str) -> Path:
    """Write what ``docker save`` writes, with one layer of busybox."""
    layer = io.BytesIO()
    with tarfile.open(fileobj=layer, mode="w") as tar:
        tar.add(str(shutil.which("busybox")), "bin/busybox")
    diff = f"sha256:{hashlib.sha256(layer.getvalue()).hexdigest()}"
    config = {"architecture": architecture, "os": "linux", "rootfs": {"type": "layers", "diff_ids": [diff]},
              "config": {"Cmd": ["busybox", "sleep", "600"], "Env": ["PATH=/bin"]}}  # fmt: skip
    text = json.dumps(config).encode()
    name = f"{hashlib.sha256(text).hexdigest()}.json"
    manifest = [{"Config": name, "RepoTags": [f"brought-{architecture}:1"], "Layers": ["layer.tar"]}]
    file = home / f"saved-{architecture}.tar"
    with tarfile.open(file, "w") as tar:
        members = {"layer.tar": layer.getvalue(), name: text, "manifest.json": json.dumps(manifest).encode()}
        for member, data in members.items():
            entry = tarfile.TarInfo(member)
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
    return file


def on(*targets: str) -> list[str]:
    return ["--samples", "1", *(word for name in targets for word in ("-t", name))]


@pytest.mark.vm
def test_a_static_program_alone_runs_everywhere_with_its_images_settings(user: User) -> None:
    words = ["--image", str(app(user.home)), "--ready", "hello world as 1234 in /work"]
    code, said = user.isobench(*[word for word in run_words(user) if word != "--trust-native"], *words)
    assert code == 2
    assert "my-app is not one of isobench's own workloads" in said
    with leaving_nothing(user.paths):
        code, said = user.isobench(*run_words(user, *on("native", "docker", "vm-micro")), *words)
    assert code == 0, said
    meta, samples = user.session()
    assert {s["cell"]["target"] for s in samples if s["outcome"] == "ok"} == {"native", "docker", "vm-micro"}
    assert {s["cell"]["workload"] for s in samples} == {"my-app"}
    assert meta["workloads"]["my-app"]["command"] == ["/program", "world"]
    assert meta["workloads"]["my-app"]["title"] == "my app/Dockerfile"
    assert len({s["facts"]["rootfs_digest"] for s in samples}) == 1
    assert meta["images"]["my-app"]["image"] in meta["workloads"]["my-app"]["description"]
    assert str(user.home) not in json.dumps(meta)


def test_a_root_file_system_serves_on_a_port_as_long_as_foretold_and_one_never_opened_says_so(user: User) -> None:
    words = ["--image", str(root_tar(user.home)), "--command", "busybox httpd -f -h /www -p 8080"]
    filling = ["--full", "--budget", "8s", "-t", "native", "-t", "docker"]
    code, said = user.isobench(*run_words(user, *filling), *words, "--port", "8080")
    assert code == 0, said
    assert "loading Tiny.tar.gz" in said
    for sample in user.session()[1]:
        assert 0 < sample["metrics"]["time_to_service"] < 20
        assert sample["resolution"] == {"time_to_service": 0.002}
    assert "· estimate: 8 s for " in said
    assert user.session()[0]["wall_seconds"] == pytest.approx(8, rel=0.30)
    code, said = user.isobench(*run_words(user, *on("native")), *words, "--port", "81", "--timeout", "1s")
    assert code == 4, said
    assert "loading" not in said
    (line,) = [line for line in said.splitlines() if line.startswith("sample ")]
    assert line.startswith("sample 0 (tiny@native): timeout: ")
    assert "81" in line


def test_an_image_without_such_a_command_fails_alone_in_one_line_a_cell(user: User) -> None:
    user.workload("good")
    words = ["-w", "good", "--image", str(archive(user.home, host_architecture())), "--command", "none such"]
    code, said = user.isobench(*run_words(user, *on("native", "docker")), *words)
    assert code == 4, said
    _, samples = user.session()
    found = {(s["cell"]["workload"], s["outcome"]) for s in samples}
    assert found == {("good", "ok"), (f"saved-{host_architecture()}", "failed")}
    lines = [line for line in said.splitlines() if line.startswith("sample ")]
    assert len(lines) == 2
    assert all("No such file or directory" in line and "and 1 more" in line for line in lines)


def test_what_cannot_be_had_or_run_is_refused_before_it_runs(user: User) -> None:
    foreign = "riscv64" if platform.machine() != "riscv64" else "amd64"
    for what, said in (
        (str(archive(user.home, foreign)), f"is for {foreign}, this host is {host_architecture()}"),
        # Nothing listens there, and no registry is asked.
        ("localhost:9/nothing/here:1", "is not in the engine's store, and cannot be pulled"),
    ):
        code, words = user.isobench(*run_words(user, *on("docker")), "--image", what)
        assert code == 2, words
        (line,) = [line for line in words.splitlines() if not line.startswith("·")]
        assert said in line
        assert "Traceback" not in words
