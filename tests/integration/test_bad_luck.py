"""Wrong input and a host that gives out: one line that says what, where and the mend; never a traceback."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from tests.integration.fault_table import row
from tests.integration.snapshot import leaving_nothing
from tests.integration.user import ENGINES, User, job, run_words

pytestmark = [*ENGINES, pytest.mark.beside]


@pytest.fixture(autouse=True)
def good(user: User) -> None:
    """A workload with nothing wrong about it."""
    user.workload("good", job("sleep 0.2; echo rate 12.5"))


@contextmanager
def small_disk(folder: Path, size: str, options: str = "rw") -> Iterator[Path]:
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},{options}", "isobench-test", folder], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def one_line(said: str) -> str:
    """Return the one line that is not progress."""
    lines = [line for line in said.splitlines() if not line.startswith(("·", "["))]
    assert len(lines) == 1, said
    return lines[0]


def test_a_dockerfile_that_does_not_build_shows_its_last_lines(user: User) -> None:
    user.workload(
        "broken", dockerfile="FROM scratch\nCOPY bin /bin\nENV PATH=/bin\nRUN echo looking; cat /no/such/file\n"
    )
    with leaving_nothing(user.paths):
        code, said = user.isobench(*run_words(user, "-w", "broken", "-t", "docker"))
    assert code == 2
    line = one_line(said)
    assert "/no/such/file" in line
    assert "Dockerfile" in line


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (("vcpus = 1", "vcpus = 4096"), "4096 vCPUs"),
        (('memory = "96 MiB"', 'memory = "1 MiB"'), "memory"),
        (('memory = "96 MiB"', 'memory = "900 TiB"'), "memory"),
        (('[resources]', '[resorces]'), "resorces"),
        (('title = "bad"', 'title = bad'), "workload.toml:1"),
    ],
)  # fmt: skip
def test_an_impossible_workload_is_one_line_and_exit_2(user: User, wrong: tuple[str, str], words: str) -> None:
    user.workload("bad")
    file = user.home / "workloads" / "bad" / "workload.toml"
    text = file.read_text()
    assert wrong[0] in text
    file.write_text(text.replace(*wrong))
    code, said = user.isobench(*run_words(user, "-w", "bad", "-t", "docker"))
    assert code == 2, said
    assert words in one_line(said)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DOCKER_HOST", "tcp://192.0.2.1:2375"),
        ("DOCKER_HOST", "ssh://somebody@192.0.2.1"),
        ("LIBVIRT_DEFAULT_URI", "qemu+ssh://192.0.2.1/system"),
    ],
)
def test_a_remote_engine_is_refused_in_one_line(user: User, name: str, value: str) -> None:
    with leaving_nothing(user.paths):
        code, said = user.isobench(*run_words(user, "-w", "good", "-t", "docker", "-t", "vm-micro"), **{name: value})
    assert code == 2, said
    assert value in one_line(said)


def test_without_root_it_says_what_it_needs() -> None:
    nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    place = Path("/var/tmp/isob-nobody")
    places = {"ISOBENCH_CACHE": str(place / "cache"), "ISOBENCH_RUN": str(place / "run"), "HOME": "/nonexistent"}
    environment = {**os.environ, **places, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    environment.pop("LIBVIRT_LOG_OUTPUTS", None)  # isobench's own choice, made for root

    def isobench(python: str, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([*nobody, python, "-m", "isobench", *words], capture_output=True, text=True, check=False,
                              env=environment, cwd="/")  # fmt: skip

    # An interpreter in root's own folder is out of anybody else's reach.
    able = [name for name in (sys.executable, "/usr/bin/python3") if isobench(name, "--version").returncode == 0]
    if not able:
        pytest.skip("another user can neither read the checkout nor run its Python")
    place.mkdir(mode=0o777)
    try:
        place.chmod(0o777)
        run = isobench(able[0], "run", "-w", "idle", "--results", str(place / "results"))
        assert run.returncode == 2, run.stderr
        assert "root" in one_line(run.stderr)
        assert not (place / "results").exists()
    finally:
        shutil.rmtree(place)


def test_results_that_cannot_be_written_are_told_before_anything_is_built(user: User) -> None:
    with small_disk(user.home / "results", "1m", "ro"):
        code, said = user.isobench(*run_words(user, "-w", "good", "-t", "native"))
    assert code == 2
    assert "cannot be written to" in one_line(said)
    row("results read-only at the start", "any", "`… cannot be written to; …`, exit 2", "nothing was begun")


def test_a_results_disk_that_fills_up_keeps_what_was_written(user: User) -> None:
    with leaving_nothing(user.paths), small_disk(user.home / "results", "1m") as disk:
        process = user.start(*run_words(user, "-w", "good", "-t", "native", "--samples", "30"))
        user.wait_for(process, "[  2/")
        with suppress(OSError), (disk / "filler").open("wb", buffering=0) as filler:
            while True:
                filler.write(bytes(4096))
        assert process.wait(60) == 5, user.said()
        assert "No space left" in one_line(user.said())
        (disk / "filler").unlink()
        _, samples = user.session()
        assert len(samples) >= 2
        assert sorted(path.name for path in next(user.results.iterdir()).iterdir()) == ["samples.jsonl", "session.json"]
    assert "free space" in user.said()
    row("results disk full", "any", "`… cannot be written: No space left on device; free space there, …`, exit 5",
        "every finished sample")  # fmt: skip


def test_a_cache_disk_that_is_full_is_one_line(user: User) -> None:
    with small_disk(user.home / "small", "32m") as cache:
        code, said = user.isobench(*run_words(user, "-w", "good", "-t", "docker"), ISOBENCH_CACHE=str(cache))
    assert code == 5, said
    line = one_line(said)
    assert "free" in line
    row("cache disk full", "any", f"`{line.replace(str(cache), '…')}`, exit 5", "nothing was begun")


def test_a_second_session_names_the_first_and_can_wait_for_it(user: User) -> None:
    words = run_words(user, "-w", "good", "-t", "native", "--samples", "3")
    first = user.start(*words)
    user.wait_for(first, "[  1/")
    second = User(user.home / "second", user.paths, user.environment)
    second.home.mkdir()
    shutil.copytree(user.home / "workloads", second.home / "workloads", symlinks=True)
    code, said = second.isobench(*run_words(second, "-w", "good", "-t", "native", "--samples", "1"))
    assert code == 2
    assert str(first.pid) in one_line(said)
    code, said = second.isobench(*run_words(second, "-w", "good", "-t", "native", "--samples", "1", "--wait"))
    assert code == 0, said
    assert "waiting for" in said
    assert first.wait(60) == 0
    row("a second session at once", "any", "`… is measuring on this host; wait for it, or add --wait …`, exit 2",
        "all of the first; the second begins with `--wait`")  # fmt: skip


def test_the_lock_of_a_dead_session_is_free(user: User) -> None:
    words = run_words(user, "-w", "good", "-t", "native", "--samples", "3")
    # What the killed one leaves, a firewall's policy too, is there for the next to put away.
    with leaving_nothing(user.paths):
        first = user.start(*words)
        user.wait_for(first, "[  1/")
        first.kill()
        first.wait()
        assert user.isobench(*words[:-1], "1")[0] == 0


def test_a_damaged_cache_is_found_by_its_digest_and_built_anew(user: User) -> None:
    words = run_words(user, "-w", "good", "-t", "native", "--samples", "1")
    assert user.isobench(*words)[0] == 0
    first = user.session()[0]["images"]["good"]
    flipped = 0
    for victim in user.paths.cache.glob("rootfs/*/tree/bin/busybox"):
        data = bytearray(victim.read_bytes())
        data[len(data) // 2] ^= 1
        victim.write_bytes(bytes(data))
        flipped += 1
    (init,) = user.paths.cache.glob("guest/*/init")
    size = init.stat().st_size
    os.truncate(init, size // 2)
    code, said = user.isobench(*words)
    assert code == 0, said
    assert flipped
    assert "· rootfs/" in said
    assert "· guest/" in said
    assert said.count("is damaged: it is made anew") == 2
    assert init.stat().st_size == size
    assert user.session()[0]["images"]["good"] == first
    row("cache files truncated, a bit flipped", "any", "`· rootfs/… in the cache is damaged: it is made anew`, exit 0",
        "all samples")  # fmt: skip


def test_a_session_that_is_half_written_is_told_in_one_line(user: User) -> None:
    assert user.isobench(*run_words(user, "-w", "good", "-t", "native", "--samples", "1"))[0] == 0
    folder = next(user.results.iterdir())
    meta = folder / "session.json"
    meta.write_text(meta.read_text()[:300])
    for command in (("show",), ("report",), ("run", "--resume", folder.name)):
        code, said = user.isobench(*command, "--results", str(user.results))
        assert code == 2, said
        assert "session.json" in one_line(said)


def test_a_session_whose_image_changed_is_not_gone_on_with(user: User) -> None:
    process = user.start(*run_words(user, "-w", "good", "-t", "native", "--samples", "3"))
    user.wait_for(process, "[  2/")
    process.terminate()
    assert process.wait(60) == 130
    with (user.home / "workloads" / "good" / "Dockerfile").open("a") as dockerfile:
        dockerfile.write("ENV CHANGED=1\n")
    meta, _ = user.session()
    time.sleep(0.1)
    code, said = user.isobench("run", "--results", str(user.results), "--trust-native", "--resume", meta["id"])
    assert code == 2, said
    assert "images.good" in one_line(said)
    assert json.loads((user.results / meta["id"] / "session.json").read_text())["state"] == "interrupted"
