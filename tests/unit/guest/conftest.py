"""The guest's programs, compiled once for all tests, and the host's busybox."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from isobench.guest.build import GuestBinaries, build


@pytest.fixture(scope="session")
def binaries(tmp_path_factory: pytest.TempPathFactory) -> GuestBinaries:
    return build(tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="session")
def busybox() -> Path:
    found = shutil.which("busybox")
    if found is None:
        pytest.skip("busybox is not installed (Debian: busybox-static)")
    told = subprocess.run(["readelf", "-l", found], capture_output=True, text=True, check=True).stdout
    if "INTERP" in told:
        pytest.skip("the host's busybox is not static (Debian: busybox-static)")
    return Path(found)
