"""Engines of the integration tests: private, opened once a module and tidied at its end."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.integration.snapshot import in_process

from isobench.engines import bridge, docker, libvirt
from isobench.errors import IsobenchError
from isobench.host.paths import Paths


@pytest.fixture(scope="module")
def network(paths: Paths) -> Iterator[bridge.Network]:
    with bridge.Bridge("isobtest1") as made:
        yield made


@pytest.fixture(scope="module")
def docker_engine(paths: Paths, network: bridge.Network) -> Iterator[docker.DockerEngine]:
    try:
        if reason := docker.unavailable(paths):
            pytest.skip(reason)
    except IsobenchError as error:
        pytest.skip(error.line())
    with docker.docker_engine(paths, network) as engine:
        yield engine


@pytest.fixture(scope="module")
def libvirt_engine(paths: Paths) -> Iterator[libvirt.LibvirtEngine]:
    if reason := libvirt.unavailable():
        pytest.skip(reason)
    with libvirt.libvirt_engine(in_process(paths)) as engine:
        yield engine
