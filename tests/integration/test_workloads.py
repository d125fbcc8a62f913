"""isobench's other workloads, each once on a real engine; and one of the user's own with a metric of their own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.integration.snapshot import leaving_nothing
from tests.integration.user import ENGINES, User, job, run_words
from tests.plugged import metric_package

from isobench.metrics import METRICS
from isobench.workloads.loader import find

pytestmark = [*ENGINES, pytest.mark.beside]

PLAUSIBLE = {
    "compress_rate": (10e6, 5e9),
    "mem_latency": (1e-9, 5e-6),
    "syscall_latency": (10e-9, 20e-6),
    "file_open_close": (100e-9, 200e-6),
    "fork_exec": (50e-6, 0.1),
    "import_time": (0.01, 5.0),
    "net_throughput_in": (1e6, 1e11),
    "net_throughput_out": (1e6, 1e11),
    "net_rr_latency_p50": (1e-6, 0.02),
    "requests_per_second": (100, 1e6),
    "request_latency_p50": (5e-6, 0.5),
    "request_latency_p99": (5e-6, 2.0),
    "transactions_per_second": (1, 1e5),
    "host_cpu_per_op": (1e-6, 10.0),
}
"""Bounds for any host: a unit or a count that is wrong falls outside."""
OTHERS = ("compress", "mem-latency", "syscall", "network", "nginx", "sqlite", "postgres", "python-import")
_PATIENCE = 480
"""Seconds: the base image and the others may have to be built first."""


@pytest.mark.timeout(600)
def test_a_workload_outside_the_quick_session_runs_and_its_figures_are_plausible(user: User) -> None:
    # One with jobs inside and one with a client on the host; soak runs every one on every default target.
    check_workloads(user, ("syscall", "nginx"), ("docker",))


def check_workloads(user: User, names: tuple[str, ...], targets: tuple[str, ...], patience: float = _PATIENCE) -> None:
    chosen = find(names, [Path(__file__).parents[2] / "workloads"])
    words = [word for name in names for word in ("-w", name)] + [word for name in targets for word in ("-t", name)]
    with leaving_nothing(user.paths):
        code = user.start(*run_words(user, "--samples", "1"), *words).wait(patience)
    assert code == 0, user.said()
    # A client on the host has a root file system of the cache, and writes nothing there.
    assert list((user.paths.cache / "rootfs").glob("*/tree/tmp/*")) == []
    _, samples = user.session()
    found = {(s["cell"]["workload"], s["cell"]["target"]): s for s in samples if s["role"] == "measured"}
    assert set(found) == {(name, target) for name in names for target in targets}
    for workload in chosen:
        for target in targets:
            sample = found[workload.name, target]
            assert sample["outcome"] == "ok", sample
            assert ("time_to_service" in sample["metrics"]) == (workload.service is not None)
            for metric in (source.name for one in workload.jobs for source in one.metrics):
                low, high = PLAUSIBLE[metric]
                assert low < sample["metrics"][metric] < high, (workload.name, target, metric)


def test_a_new_workload_is_one_folder_and_a_new_metric_one_entry_and_one_parser(user: User) -> None:
    metric_package(user.home / "package")
    installed = str(user.home / "package")
    words = run_words(user, "-w", "printer", "-t", "docker", "--samples", "1")
    user.workload("printer", job("echo made 12 of 13 pages", 'regex"\npattern = "made ([0-9]+)').replace(
        "cpu_events", "pages_per_second"
    ))  # fmt: skip
    code, said = user.isobench(*words)
    assert code == 2, said
    assert "no metric is called 'pages_per_second'" in said
    with leaving_nothing(user.paths):
        code, said = user.isobench(*words, PYTHONPATH=installed)
    assert code == 0, said
    _, samples = user.session()
    assert samples[-1]["metrics"]["pages_per_second"] == 12.0
    code, said = user.isobench("list", "metrics", "--json", PYTHONPATH=installed)
    assert [row["name"] for row in json.loads(said)] == [*METRICS, "pages_per_second"]
    code, said = user.isobench("explain", "pages_per_second", PYTHONPATH=installed)
    assert code == 0
    assert said.startswith("pages_per_second: Pages that the tool says it made.")
