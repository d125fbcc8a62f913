"""State that moves: a saved VM and an image go to another engine, and the same image gives the same on every target."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace

import pytest
from tests.integration.living import CAN_RUN, SPECS, Bench, ask, living, opened_bench

from isobench.engines.dockerd import EmbeddedDocker
from isobench.guest import commands
from isobench.guest.frames import Pong
from isobench.host.paths import Paths
from isobench.house import House
from isobench.images.identity import identity
from isobench.studies.life_parts import Subject, count, start_counter
from isobench.targets.abilities import Savable
from isobench.targets.kind import kinds
from isobench.targets.virtual import Virtual

pytestmark = [*CAN_RUN, pytest.mark.docker, pytest.mark.vm]

SCRIPT = (
    "busybox sha256sum /bin/busybox; busybox stat -c '%A %u %g %s %N' /bin/*; "
    "busybox id -u; busybox id -g; busybox expr 6 '*' 7"
)
RESTORE = """
import sys
from pathlib import Path
import libvirt
from isobench.engines.libvirt import libvirt_engine
from isobench.host.paths import Paths
state, folder = map(Path, sys.argv[1:])
with libvirt_engine(Paths(folder, folder, folder, folder, workloads=(), targets=())) as engine:
    engine.connection.restoreFlags(str(state), None, libvirt.VIR_DOMAIN_SAVE_RUNNING)
    print(engine.connection.getURI(), flush=True)
    sys.stdin.read()
"""
"""A process of its own: one process has one embedded libvirt."""


@pytest.fixture(scope="module")
def bench(paths: Paths) -> Iterator[Bench]:
    with opened_bench(paths) as made:
        yield made


@pytest.fixture(scope="module")
def output(bench: Bench) -> str:
    """Return what the image's script prints on the host."""
    with living(bench, "native", "moves-native") as (instance, _, _prepared):
        return ask(instance, 2, SCRIPT)


def test_the_same_image_gives_the_same_output_in_a_container(bench: Bench, output: str) -> None:
    assert output.endswith("\n42\n")
    with living(bench, "docker", "moves-docker") as (instance, _, _prepared):
        assert ask(instance, 2, SCRIPT) == output


def test_the_same_image_gives_the_same_output_in_a_container_in_a_vm(bench: Bench, output: str) -> None:
    bench.target("docker")
    bench.target("vm-micro")
    house = House(bench.paths, bench.guest, bench.docker, bench.stack, lambda _: None)
    house.shared["libvirt"] = Virtual(bench.libvirt, bench.kernel, "tcg")
    bench.targets["nested"] = kinds()["nested"].open(SPECS["nested"], house).target
    with living(bench, "nested", "moves-nested") as (instance, _, _prepared):
        assert ask(instance, 2, SCRIPT) == output


def test_a_saved_vm_goes_on_in_another_libvirt(bench: Bench, paths: Paths, output: str) -> None:
    folder = paths.cache / "moved"
    folder.mkdir()
    try:
        with living(bench, "vm-micro", "moves-vm") as (instance, _, prepared):
            if bench.libvirt.versions()["libvirt_engine"] != "embedded":
                pytest.skip("there is one libvirt here, the host's own")
            subject = Subject(instance, prepared, identity(prepared.image, prepared.rootfs.tree))
            assert start_counter(subject) == 1
            assert isinstance(instance, Savable)
            instance.save()
            instance.channel.send(commands.ping("moved"))
            words = [sys.executable, "-c", RESTORE, str(instance.state_file), str(folder)]  # type: ignore[attr-defined]
            with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
                assert other.stdout is not None
                assert other.stdin is not None
                assert str(folder) in other.stdout.readline()
                instance.channel.wait(Pong, 60)
                assert count(instance.channel, 30) == 2
                assert ask(instance, 2, SCRIPT) == output
                other.stdin.close()
            assert other.returncode == 0
            assert instance.channel.closed_at is not None
    finally:
        shutil.rmtree(folder)


def test_an_image_keeps_its_id_in_another_engine(bench: Bench, paths: Paths) -> None:
    import docker

    bench.target("docker")
    elsewhere = replace(paths, cache=paths.cache / "other", run=paths.run / "other")
    elsewhere.cache.mkdir()
    try:
        with EmbeddedDocker(elsewhere) as url:
            other = docker.APIClient(base_url=url, version="auto", timeout=60)
            try:
                assert other.images(all=True) == []
                other.load_image(b"".join(bench.docker.api.get_image(bench.image)))
                assert other.inspect_image(bench.image)["Id"] == bench.image
            finally:
                other.close()
        # The first engine is none the worse for the second's end.
        assert bench.docker.ensure_answers()
    finally:
        shutil.rmtree(elsewhere.cache)
        shutil.rmtree(elsewhere.run)
