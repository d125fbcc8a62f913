"""What the command line asks for, and which of pytest-benchmark's options cannot mean anything here."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable

import pytest

from isobench.errors import UsageError

WORKLOADS = ("idle", "cpu")
TARGETS = ("native", "docker")
"""What is measured where nothing is named: a few minutes on any host with Docker."""

ONE_BY_ONE = "isobench measures one instance after another on a whole host; run pytest without -n"

_COUNT = "a round is a whole instance, and --isobench-rounds says how many"
_CLOCK = "isobench's runner times instances, on the host's monotonic clock and after a warm-up of its own"
_CODE = "no Python code is timed"
_REFUSED = {
    "--benchmark-min-rounds": _COUNT,
    "--benchmark-min-time": _COUNT,
    "--benchmark-max-time": _COUNT,
    "--benchmark-precision": _COUNT,
    "--benchmark-confidence": _COUNT,
    "--benchmark-timer": _CLOCK,
    "--benchmark-calibration-precision": _CLOCK,
    "--benchmark-warmup": _CLOCK,
    "--benchmark-warmup-iterations": _CLOCK,
    "--benchmark-disable-gc": _CODE,
    "--benchmark-cprofile": _CODE,
    "--benchmark-cprofile-loops": _CODE,
    "--benchmark-cprofile-top": _CODE,
    "--benchmark-cprofile-dump": _CODE,
    "--benchmark-disable": "without measuring nothing is left of these tests; --benchmark-skip skips them",
}
_WORDS = {
    "--trust-native": "--isobench-trust-native",
    "--wait": "--isobench-wait",
    "--results": "--isobench-results",
    "with -t": "with --isobench-target",
}


def cells(config: pytest.Config) -> list[tuple[str, str]]:
    """Return every workload on every target that is asked for, or that is usual."""
    workloads = dict.fromkeys(config.getoption("isobench_workload") or WORKLOADS)
    targets = dict.fromkeys(config.getoption("isobench_target") or TARGETS)
    return [(workload, target) for workload in workloads for target in targets]


def refuse_unknown(config: pytest.Config) -> None:
    """Raise pytest's UsageError where a workload or target is named that there is not."""
    workloads, targets = config.getoption("isobench_workload"), config.getoption("isobench_target")
    if not workloads and not targets:
        return
    from isobench.host.paths import Paths
    from isobench.targets import catalog
    from isobench.workloads.loader import find

    paths = Paths.default()
    try:
        find(workloads or WORKLOADS, paths.workloads)
        catalog.find(targets or TARGETS, paths.targets)
    except UsageError as error:
        raise usage(error.line()) from None


def refuse(config: pytest.Config) -> None:
    """Raise pytest's UsageError where an option was given, anywhere, that cannot apply."""
    if not config.pluginmanager.hasplugin("benchmark"):
        raise usage("isobench's benchmarks need pytest-benchmark; install it, or leave out -p no:benchmark")
    if config.getoption("dist", "no") != "no":
        raise usage(ONE_BY_ONE)
    environment = shlex.split(os.environ.get("PYTEST_ADDOPTS", ""))
    for name in _names([*config.getini("addopts"), *environment, *config.invocation_params.args]):
        if reason := _REFUSED.get(name):
            raise usage(f"{name} cannot apply to isobench's benchmarks: {reason}")


def skipped(config: pytest.Config) -> bool:
    """Return whether pytest-benchmark skips all benchmarks: then there is nothing to measure."""
    return bool(config.getoption("benchmark_skip", False)) and not config.getoption("benchmark_only")


def is_worker() -> bool:
    """Return whether this is one of pytest-xdist's processes."""
    return "PYTEST_XDIST_WORKER" in os.environ


def usage(line: str) -> pytest.UsageError:
    """Return a line of isobench as an error of pytest's command line, with the options called by their names here."""
    for ours, here in _WORDS.items():
        line = line.replace(f" {ours}", f" {here}")
    return pytest.UsageError(line)


def _names(words: Iterable[object]) -> Iterable[str]:
    return (str(word).partition("=")[0] for word in words)
