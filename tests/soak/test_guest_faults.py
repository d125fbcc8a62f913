"""Every way in which a guest goes wrong on every target; prints its part of the table in docs/reliability.md."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.integration import test_faults_guest as faults
from tests.integration.living import NAMES, SPECS, Bench, opened_bench
from tests.integration.user import User

from isobench.engines import libvirt
from isobench.host.paths import Paths
from isobench.targets.kind import kinds

pytestmark = [pytest.mark.soak, pytest.mark.docker, pytest.mark.vm, pytest.mark.timeout(3600)]


@pytest.fixture(autouse=True)
def _vms() -> None:
    if reason := libvirt.unavailable():
        pytest.skip(reason)


def able(paths: Paths, *only: str) -> list[str]:
    """Return the targets that this host can run, of these kinds alone where any is named."""
    return [name for name, spec in ((name, SPECS[name]) for name in NAMES)
            if (not only or spec.kind in only) and not kinds()[spec.kind].unavailable(spec, paths)]  # fmt: skip


@pytest.fixture(scope="module")
def bench(paths: Paths) -> Iterator[Bench]:
    with opened_bench(paths) as made:
        yield made


def test_workloads_that_go_wrong_on_every_target(user: User) -> None:
    everywhere = [fault for fault in faults.FAULTS if fault.kinds == faults.ALL]
    faults.go_wrong(user, everywhere, able(user.paths))


def test_workloads_that_go_wrong_in_every_vm(user: User) -> None:
    only_vms = [fault for fault in faults.FAULTS if fault.kinds == ("vm",)]
    faults.go_wrong(user, only_vms, able(user.paths, "vm"))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kind", faults.INITS)
def test_inits_that_go_wrong_on_every_target(bench: Bench, kind: str, name: str) -> None:
    faults.check_init(bench, kind, name)
