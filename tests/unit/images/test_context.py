"""The build context: what is sent to the engine, and the name that its contents give the image."""

from __future__ import annotations

import io
import os
import socket
import tarfile
from pathlib import Path

from isobench.images.build import pack


def packed(dockerfile: Path, base: str = "") -> tuple[str, list[str]]:
    into = io.BytesIO()
    tag = pack(dockerfile, into, base)
    with tarfile.open(fileobj=into) as archive:
        return tag, archive.getnames()


def folder(tmp_path: Path) -> Path:
    made = tmp_path / "app"
    (made / "keep").mkdir(parents=True)
    for name in ("Dockerfile", "keep/file", "notes.md", "workload.toml", "big.bin"):
        (made / name).write_text(name)
    return made


def test_dockerignore_and_the_workloads_own_file_stay_behind(tmp_path: Path) -> None:
    made = folder(tmp_path)
    before, names = packed(made / "Dockerfile")
    assert names == ["Dockerfile", "big.bin", "keep", "keep/file", "notes.md"]
    (made / ".dockerignore").write_text("# comment\n*.bin\nkeep\n!keep/file\n\nDockerfile\n")
    after, names = packed(made / "Dockerfile")
    assert names == [".dockerignore", "Dockerfile", "keep/file", "notes.md"]
    assert before != after


def test_the_name_follows_contents_modes_base_and_dockerfile_not_times_or_owners(tmp_path: Path) -> None:
    made = folder(tmp_path)
    first = packed(made / "Dockerfile")[0]
    os.utime(made / "keep" / "file", (1, 1))
    with socket.socket(socket.AF_UNIX) as left_by_an_editor:
        left_by_an_editor.bind(str(made / "sock"))
        assert packed(made / "Dockerfile")[0] == first
    (made / "sock").unlink()
    (made / "other").write_text("other")
    with_other = packed(made / "Dockerfile")[0]
    found = {first, with_other, packed(made / "other")[0], packed(made / "Dockerfile", "base")[0]}
    (made / "keep" / "file").chmod(0o755)
    assert len(found | {packed(made / "Dockerfile")[0]}) == 5
