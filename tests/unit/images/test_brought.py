"""What a user brings: told apart by looking at it, named, and refused in one line; no engine is asked."""

from __future__ import annotations

import gzip
import io
import json
import os
import tarfile
from dataclasses import asdict
from pathlib import Path

import pytest

from isobench.errors import UsageError
from isobench.images.types import Image, Rootfs, Source
from isobench.model import Job, Ready, Resources, Workload
from isobench.workloads.bring import bring, name_of, settle, source_of, with_image

ELF = b"\x7fELF\x02\x01\x01" + bytes(9)


def tar(path: Path, *names: str, mode: str = "w") -> Path:
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        for name in names:
            entry = tarfile.TarInfo(name)
            entry.size = 3000
            archive.addfile(entry, io.BytesIO(os.urandom(3000)))
    return path


def image(*command: str, env: tuple[tuple[str, str], ...] = ()) -> Image:
    return Image("sha256:" + "1" * 64, "t", env, "/", "", 1, command)


def rootfs(folder: Path) -> Rootfs:
    (folder / "tree").mkdir(parents=True, exist_ok=True)
    return Rootfs(folder, "sha256:2", 1, 1, 1)


def elf(file: Path, machine: int) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(ELF + (2).to_bytes(2, "little") + machine.to_bytes(2, "little"))


@pytest.mark.parametrize(
    ("what", "name"),
    [
        ("redis", "redis"),
        ("redis:latest", "redis"),
        ("redis:7-alpine", "redis-7-alpine"),
        ("localhost:5000/team/My_App:1.2", "my-app-1-2"),
        ("nginx@sha256:" + "a" * 64, "nginx"),
        ("sha256:0123456789abcdef", "image-0123456789ab"),
        ("a" * 90, "a" * 40),
    ],
)
def test_a_reference_gives_the_workload_its_name(what: str, name: str) -> None:
    source = source_of(what)
    assert (source.kind, source.name) == ("reference", what)
    assert name_of(source) == name


def test_files_and_folders_are_told_apart_by_what_they_hold(tmp_path: Path) -> None:
    folder = tmp_path / "My App"
    folder.mkdir()
    (folder / "Dockerfile").write_text("# syntax\nfrom scratch\n")
    (folder / "other").write_text("ARG A\nFROM ${A}\n")
    saved, plain = tar(tmp_path / "saved.tar", "a/layer.tar", "manifest.json"), tar(tmp_path / "root.tar", "./bin/sh")
    packed = tar(tmp_path / "root.tar.gz", "etc/manifest.json", mode="w:gz")
    found = {path: source_of(str(path)) for path in (folder, folder / "other", saved, plain, packed)}
    assert [source.kind for source in found.values()] == ["dockerfile", "dockerfile", "archive", "rootfs", "rootfs"]
    assert [name_of(source) for source in found.values()] == ["my-app", "my-app", "saved", "root", "root"]
    assert found[folder].path == folder / "Dockerfile"
    assert all(str(tmp_path) not in source.name for source in found.values())


def test_a_folder_hides_no_image_of_its_name_unless_it_holds_a_dockerfile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "redis").mkdir()
    assert source_of("redis").kind == "reference"
    (tmp_path / "redis" / "Dockerfile").write_text("FROM scratch\n")
    assert source_of("redis").kind == "dockerfile"


def truncated(path: Path, keep: int) -> str:
    whole = tar(path, "bin/one", "bin/two").read_bytes()
    path.write_bytes(whole[:keep])
    return str(path)


@pytest.mark.parametrize("keep", [300, 512, 600, 2000, 3584, 3800, 4096, 5000, 7000])
def test_a_tar_that_is_cut_anywhere_is_refused(tmp_path: Path, keep: int) -> None:
    with pytest.raises(UsageError, match=r"no whole tar|neither a tar") as said:
        source_of(truncated(tmp_path / "cut.tar", keep))
    assert "\n" not in said.value.line()


def test_what_is_no_image_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "empty.tar").touch()
    (tmp_path / "noise.tar").write_bytes(os.urandom(4096))
    (tmp_path / "notes").write_text("notes from here on\nand FROM\n")
    (tmp_path / "bare").mkdir()
    tar(tmp_path / "none.tar")
    packed = tar(tmp_path / "cut.tar.gz", "bin/one", mode="w:gz")
    packed.write_bytes(packed.read_bytes()[:-900])
    broken = tmp_path / "broken.tar.gz"
    broken.write_bytes(gzip.compress(bytes(600) + b"x" * 4000))
    os.mkfifo(tmp_path / "pipe.tar")
    said = {
        "empty.tar": "is empty", "noise.tar": "is neither", "notes": "is neither", "bare/": "holds no Dockerfile",
        "none.tar": "without files", "cut.tar.gz": "no whole tar", "gone.tar": "no such file", "pipe.tar": "is no file",
        "broken.tar.gz": "without files",
    }  # fmt: skip
    for name, words in said.items():
        with pytest.raises(UsageError, match=words) as error:
            source_of(f"{tmp_path}/{name}")
        assert "\n" not in error.value.line()
        assert error.value.exit_code == 2
    for what in ("", "a b", "-x", "x" * 300, "re\0dis", "ré"):
        with pytest.raises(UsageError, match="is no image"):
            source_of(what)


def test_ready_port_and_command_are_checked_before_anything_starts(tmp_path: Path) -> None:
    made = bring("redis", ready="Ready to accept", port=6379, command="redis-server --save '' --name 'a b'", timeout=5)
    assert made.command == ("redis-server", "--save", "", "--name", "a b")
    assert (made.ready, made.timeout) == (Ready("output", "Ready to accept"), 5)
    assert made.service is not None and (made.service.port, made.service.request, made.service.reply) == (6379, b"", "")
    assert bring("redis").ready == Ready("start")
    for wrong in ({"ready": "("}, {"ready": ""}, {"port": 0}, {"port": 65536}, {"command": "'"}, {"command": " "}):
        with pytest.raises(UsageError) as said:
            bring("redis", **wrong)
        assert "\n" not in said.value.line()
    with pytest.raises(UsageError, match="--command"):
        bring(str(tar(tmp_path / "root.tar", "bin/app")))


def test_without_a_command_the_images_own_runs_and_the_record_holds_no_path(tmp_path: Path) -> None:
    root = tar(tmp_path / "root.tar", "bin/app")
    own = settle(bring("team/app:1"), image("/entry", "cmd"), rootfs(tmp_path))
    assert own.command == ("/entry", "cmd")
    assert settle(bring("app", command="/other x"), image("/entry"), rootfs(tmp_path)).command == ("/other", "x")
    with pytest.raises(UsageError, match="neither ENTRYPOINT nor CMD"):
        settle(bring("app"), image(), rootfs(tmp_path))
    kept = settle(bring(str(root), command="/bin/app"), image(), rootfs(tmp_path))
    for workload, name in ((own, "team/app:1"), (kept, "root.tar")):
        assert type(workload) is Workload
        table = asdict(workload)
        del table["folder"]
        words = json.dumps(table, default=str)
        assert name in words
        assert "sha256:1111" in words
        assert str(tmp_path) not in words


def test_the_same_workload_on_another_image_keeps_its_command_and_jobs(tmp_path: Path) -> None:
    job = Job("j", "instance", ("true",), ())
    own = Workload("idle", "t", "d", tmp_path, ("sleep", "9"), Ready("start"), Resources(1, 1 << 28, 1 << 28), (job,))
    other = with_image(own, "redis:7")
    assert other.source == Source("reference", "redis:7")
    settled = settle(other, image("/entry"), rootfs(tmp_path))
    assert (settled.name, settled.command, settled.jobs) == ("idle", ("sleep", "9"), (job,))
    assert settle(own, image("/entry"), rootfs(tmp_path)) is own


@pytest.mark.parametrize("link", ["/real/tool", "../real/tool", "../../../real/tool"])
def test_a_program_of_another_machine_is_found_behind_links_and_refused_with_both_names(
    tmp_path: Path, link: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    made = rootfs(tmp_path)
    elf(made.tree / "real" / "tool", 183)
    (made.tree / "bin").mkdir()
    (made.tree / "bin" / "tool").symlink_to(link)
    with pytest.raises(UsageError, match=r"its tool is for arm64, this host is amd64"):
        settle(bring("app", command="tool"), image(env=(("PATH", "/none:/bin"),)), made)
    elf(made.tree / "real" / "tool", 62)
    assert settle(bring("app", command="tool"), image(), made).command == ("tool",)


def test_what_is_missing_a_script_or_a_loop_is_left_for_the_instance_to_tell(tmp_path: Path) -> None:
    made = rootfs(tmp_path)
    (made.tree / "script").write_text("#!/bin/sh\n")
    (made.tree / "loop").symlink_to("loop")
    (made.tree / "out").symlink_to("/../../../../etc/hostname")
    for program in ("/script", "/loop", "/out", "/gone", "gone"):
        assert settle(bring("app", command=program), image(), made).command == (program,)
