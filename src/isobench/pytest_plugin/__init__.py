"""The pytest plugin: benchmarks whose rounds are whole instances, measured by isobench's own runner (docs/pytest.md).

It is loaded in every pytest run of an environment that has isobench, so it imports nothing heavy and does nothing
unless a collected test uses its fixture ``measure_instance``. Then one session is measured, interleaved as ``isobench
run`` does it, before the first test: drift hits all cells alike, and the four files of ``benchmarks/`` share it.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from isobench.pytest_plugin import options
from isobench.pytest_plugin.instances import STOPWATCH, MeasureInstance

if TYPE_CHECKING:
    from isobench.pytest_plugin.session import Measured

__all__ = ["MEASURED", "MeasureInstance"]

MEASURED: pytest.StashKey[Measured] = pytest.StashKey()
"""Where a pytest run keeps the session that was measured for it."""

_FIXTURE = "measure_instance"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options that say what is measured."""
    group = parser.getgroup("isobench", "isobench: instances of workloads on targets")
    group.addoption("--isobench-workload", action="append", default=[], metavar="NAME",
                    help=f"Measure this workload (repeatable; else {' and '.join(options.WORKLOADS)}).")  # fmt: skip
    group.addoption("--isobench-target", action="append", default=[], metavar="NAME",
                    help=f"Measure on this target (repeatable; else {' and '.join(options.TARGETS)}).")  # fmt: skip
    group.addoption("--isobench-rounds", type=_count, default=5, metavar="N",
                    help="Instances of each test, after one warm-up. Default: %(default)s")  # fmt: skip
    group.addoption("--isobench-results", type=Path, metavar="DIR", help="Folder of sessions. Default: results/")
    group.addoption("--isobench-wait", action="store_true", help="Wait while another run is measuring.")
    group.addoption("--isobench-trust-native", action="store_true",
                    help="Let native run workloads that are not isobench's own.")  # fmt: skip


def pytest_configure(config: pytest.Config) -> None:
    """Refuse an unknown name in one line, before anything is collected."""
    options.refuse_unknown(config)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make a test of each workload on each target: ``test_time_to_ready[idle@docker]``."""
    if _FIXTURE in metafunc.fixturenames:
        cells = options.cells(metafunc.config)
        metafunc.parametrize(("workload", "target"), cells, ids=[f"{workload}@{target}" for workload, target in cells])


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Give pytest-benchmark the timer that shows what the runner measured, whatever else a test's own mark says."""
    for item in _ours(items) if config.pluginmanager.hasplugin("benchmark") else ():
        mark = item.get_closest_marker("benchmark")
        item.add_marker(pytest.mark.benchmark(**{**(mark.kwargs if mark else {}), "timer": STOPWATCH}), append=False)


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> None:
    """Measure what the collected tests tell of, once; here and not in a test, for no test's timeout is about it."""
    config, items = session.config, _ours(session.items)
    idle = not items or config.option.collectonly or session.testsfailed or options.skipped(config)
    if idle or options.is_worker() or MEASURED in config.stash:
        return
    options.refuse(config)
    from isobench.pytest_plugin.session import measure

    measured = measure([item.callspec.params for item in items], config)
    config.stash[MEASURED] = measured
    if measured.interrupted:
        raise KeyboardInterrupt


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say where the session is."""
    if (measured := config.stash.get(MEASURED, None)) is not None:
        terminalreporter.write_line(f"isobench session: {measured.session.folder}")


@pytest.fixture
def measure_instance(request: pytest.FixtureRequest, benchmark: Any, workload: str, target: str) -> MeasureInstance:
    """Measure one instance of this test's workload on this test's target, a call; see ``MeasureInstance``."""
    if (measured := request.config.stash.get(MEASURED, None)) is None:
        return MeasureInstance(benchmark, problem=options.ONE_BY_ONE)
    return measured.instances(benchmark, workload, target)


def _ours(items: list[pytest.Item]) -> list[pytest.Function]:
    return [item for item in items if isinstance(item, pytest.Function) and _FIXTURE in item.fixturenames]


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of instances; write 1 or more")
    return int(text)
