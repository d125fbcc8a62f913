"""``isobench ab`` of two guest kernels: the user's own package against the distribution's (2 min, mostly emulation)."""

from __future__ import annotations

import json

import pytest
from tests.integration.snapshot import leaving_nothing
from tests.integration.test_vm_targets import package
from tests.integration.user import ENGINES, User

from isobench.engines import libvirt
from isobench.guest.build import build
from isobench.images.kernel import ensure_kernel

pytestmark = [pytest.mark.soak, pytest.mark.vm, pytest.mark.timeout(600), *ENGINES]


def test_a_kernel_is_a_variant_and_stands_below_the_verdict(user: User) -> None:
    if reason := libvirt.unavailable():
        pytest.skip(reason)
    user.workload("still")
    package(ensure_kernel(build(user.paths.cache), user.paths.cache), user.home)
    plan = ("-w", "still", "--least", "4", "--most", "4", "--seed", "1")
    words = (*plan, "--format", "json", "--results", str(user.results))
    with leaving_nothing(user.paths):
        code, said = user.isobench("ab", "vm-micro", "vm-micro,kernel=./own.deb", *words)
    assert code == 0, said
    found = json.loads(said[said.index("\n{\n") :])
    assert found["blocks"] == 4
    assert {one["verdict"] for one in found["series"]} <= {"no change", "inconclusive", "improvement"}
    assert {line["field"]: line["b"] for line in found["subject"]}["options.kernel"] == "./own.deb"
    _, samples = user.session()
    assert {sample["outcome"] for sample in samples} == {"ok"}
    code, said = user.isobench("ab", "vm-micro", "vm-micro,kernel=./still", *words)
    assert code == 2, said
    assert "still: cannot be read: No such file" in said.splitlines()[-1]
