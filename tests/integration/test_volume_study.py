"""The study ``volume`` on real engines: what was written is there for the next instance, or went with the first."""

from __future__ import annotations

import pytest
from tests.integration.snapshot import leaving_nothing
from tests.integration.user import ENGINES, User

from isobench.engines import libvirt

pytestmark = [*ENGINES, pytest.mark.beside]

VOLUME = '[volume]\npath = "/data"\nsize = "16 MiB"\n'


def run(user: User, *targets: str, samples: int = 2) -> dict[str, object]:
    """Run the study and return what it found of each target."""
    user.workload("kept", VOLUME)
    words = [word for name in targets for word in ("-t", name)]
    with leaving_nothing(user.paths):
        code, said = user.isobench("run", "-w", "kept", "--study", "volume", "--samples", f"{samples}", "--no-report",
                                   "--trust-native", "--results", str(user.results), *words)  # fmt: skip
    assert code == 0, said
    _, taken = user.session()
    assert all(sample["outcome"] == "ok" for sample in taken), taken
    found: dict[str, set[object]] = {}
    for sample in taken:
        found.setdefault(sample["cell"]["target"], set()).add(sample["facts"]["volume_outlives"])
    assert all(len(told) == 1 for told in found.values()), found
    return {name: told.pop() for name, told in found.items()}


def test_a_volume_outlives_its_container_but_not_where_it_is_memory_or_the_containers_own_layer(user: User) -> None:
    found = run(user, "native", "docker", "docker-bind", "docker-tmpfs", "docker-layer")
    assert found == {
        "native": True, "docker": True, "docker-bind": True, "docker-tmpfs": False, "docker-layer": False,
    }  # fmt: skip


@pytest.mark.vm
@pytest.mark.skipif(libvirt.unavailable() is not None, reason="libvirt cannot run here")
def test_a_second_disk_outlives_its_vm_but_not_the_root_disk(user: User) -> None:
    assert run(user, "vm-micro", "vm-micro-overlay", samples=1) == {"vm-micro": True, "vm-micro-overlay": False}
