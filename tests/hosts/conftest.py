"""The lab: one booted host at a time, its cases one after another, and the table of what they found."""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from collections.abc import Iterator

import pytest
from tests.hosts.disk import ensure_disk, lab_folder
from tests.hosts.host import Host, hosts
from tests.hosts.machine import Machine
from tests.hosts.outcomes import Outcomes


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("hosts")
    group.addoption("--host", action="append", help="a host of the lab (tests/hosts/*.toml); all without it")
    group.addoption("--case", action="append", help="a case (tests/hosts/cases); all of each host without it")
    group.addoption("--again", action="store_true", help="run cases again that have passed with this very project")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make a test of each host and case that is asked for; a name that there is not is refused."""
    if "case" not in metafunc.fixturenames:
        return
    known = hosts()
    named = metafunc.config.getoption("--host") or list(known)
    if strange := set(named) - set(known):
        raise pytest.UsageError(f"no such host: {', '.join(sorted(strange))}; there are {', '.join(known)}")
    cases = metafunc.config.getoption("--case")
    chosen = [(known[name], case) for name in named for case in known[name].cases if not cases or case in cases]
    if not chosen:
        raise pytest.UsageError(f"none of these hosts has the case {', '.join(cases)}")
    metafunc.parametrize(("host", "case"), chosen, ids=[f"{host.name}-{case}" for host, case in chosen])


class Lab:
    """Boots hosts when their cases are run; one at a time."""

    def __init__(self) -> None:
        self.outcomes = Outcomes()
        self._booted: Machine | None = None
        self._name = ""

    def machine(self, host: Host) -> Machine:
        """Return the host, booted; the one before is powered off."""
        if self._booted is None or self._name != host.name:
            self.leave()
            began = time.monotonic()
            self._booted = Machine(host, ensure_disk(host, print)).__enter__()
            self._name = host.name
            print(f"{host.name}: up after {time.monotonic() - began:.0f} s")
        return self._booted

    def leave(self) -> None:
        """Power off what is booted."""
        if self._booted is not None:
            self._booted.__exit__(None, None, None)
            self._booted = None


@pytest.fixture(scope="session")
def lab() -> Iterator[Lab]:
    if os.geteuid() != 0 or shutil.which("mmdebstrap") is None:
        pytest.fail("the lab needs root and mmdebstrap (./bench installs it)")
    lab_folder().mkdir(parents=True, exist_ok=True)
    with (lab_folder() / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # one lab at a time: it has the machine's two cores and some of its memory
        made = Lab()
        yield made
        made.leave()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for line in Outcomes().table():
        terminalreporter.write_line(line)
