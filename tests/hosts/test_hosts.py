"""isobench on hosts as people have them, booted here under emulation: each case of each host is a test."""

from __future__ import annotations

import json
import time

import pytest
from tests.hosts.conftest import Lab
from tests.hosts.disk import CHECKOUT
from tests.hosts.host import Host
from tests.hosts.outcomes import Outcome

_LIMIT = 1500.0


@pytest.mark.timeout(2400)
def test_host(lab: Lab, host: Host, case: str, request: pytest.FixtureRequest) -> None:
    if not request.config.getoption("--again") and (kept := lab.outcomes.passed(host.name, case)):
        print(f"passed before with this very project, in {kept.seconds:.0f} s:\n{kept.text}")
        return
    machine = lab.machine(host)
    began = time.monotonic()
    ended = machine.shell(f"cd {CHECKOUT} && .venv/bin/python -m tests.hosts.cases.{case} 2>&1", _LIMIT)
    seconds = time.monotonic() - began
    print(ended.text)
    results = lab.outcomes.results(host.name)
    machine.bring_back(results)
    targets = results / f"{case}.targets.json"
    told = json.loads(targets.read_text()) if targets.exists() else {}
    passed = ended.status == 0 and "PASSED" in ended.text
    lab.outcomes.keep(Outcome(host.name, case, passed, seconds, ended.text, told))
    assert passed, f"{host.name}, {case}: status {ended.status} after {seconds:.0f} s\n{ended.text[-3000:]}"
