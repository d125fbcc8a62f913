"""Every workload outside the quick session on every default target: it runs, and its figures are plausible."""

from __future__ import annotations

import pytest
from tests.integration.test_workloads import OTHERS, check_workloads
from tests.integration.user import ENGINES, User

from isobench.engines import libvirt

pytestmark = [*ENGINES, pytest.mark.soak, pytest.mark.vm, pytest.mark.timeout(3600)]


@pytest.mark.parametrize("name", OTHERS)
def test_a_workload_on_every_default_target(user: User, name: str) -> None:
    vms = () if libvirt.unavailable() else ("vm-micro", "vm-q35")
    check_workloads(user, (name,), ("native", "docker", *vms), 1800)
