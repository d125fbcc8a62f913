"""Fidelity of ``docker``'s time_to_ready: against a short script on the Docker API alone, in interleaved pairs.

By hand: create a container of the same image on the same network, attach, start, and wait for the first bytes of
``echo ready``. Run as root: ``.venv/bin/python benchmarks/fidelity/docker_ready.py [PAIRS]``.
"""

from __future__ import annotations

import sys
import time

import numpy as np
from common import IDLE_DOCKER, keep, pairs

from isobench.host import cpus, lock
from isobench.host.paths import Paths
from isobench.house import House, house
from isobench.runner.measure import measure
from isobench.stats.median import median
from isobench.targets import catalog
from isobench.targets.base import Prepared, Slot
from isobench.workloads.loader import find

BOUND = 0.005


def by_hand(opened: House, prepared: Prepared) -> float:
    """The Docker API alone: request to first byte, seconds."""
    api = opened.docker.api
    began = time.monotonic()
    container = api.create_container(
        prepared.image.id,
        command=["sh", "-c", "echo ready; exec sleep infinity"],
        labels={"isobench": "fidelity"},
        host_config=api.create_host_config(network_mode=opened.docker.network_name, log_config={"type": "none"}),
    )["Id"]
    try:
        stream = api.attach(container, stream=True)
        api.start(container)
        next(iter(stream))
        return time.monotonic() - began
    finally:
        api.remove_container(container, force=True, v=True)


def through_isobench(opened: House, prepared: Prepared, number: int) -> float:
    """The harness's own sample: time_to_ready, seconds."""
    folder = opened.paths.run / f"fidelity-{number}"
    folder.mkdir(parents=True)
    placement = cpus.place(prepared.workload.resources.vcpus, serving=False, cores=cpus.usable())
    sample = measure("fidelity", number, IDLE_DOCKER, opened.targets["docker"], prepared, Slot(folder.name, folder, placement, number))  # fmt: skip
    if sample.outcome != "ok":
        raise SystemExit(f"sample {number}: {sample.error}")
    return sample.metrics["time_to_ready"]


def main(count: int) -> int:
    """Print the median paired difference with its 95 % interval; 1 when it leaves ±5 ms."""
    paths = Paths.default()
    with lock.measuring(paths.run, wait=True), house(paths, catalog.find(["docker"], paths.targets), print) as opened:
        prepared = opened.prepare(find(["idle"], paths.workloads)[0], print)
        rows = pairs(count, lambda n: through_isobench(opened, prepared, n), lambda n: by_hand(opened, prepared))
    keep(rows, paths.results / "fidelity-docker_ready.json")
    mine, other = np.array(rows).T
    found = median(mine - other)
    low, high = found.low, found.high
    print(f"docker time_to_ready, {count} pairs: isobench {np.median(mine):.4f} s, by hand {np.median(other):.4f} s")
    print(f"median paired difference {found.value * 1e3:+.2f} ms (95 % {low * 1e3:+.2f} to {high * 1e3:+.2f} ms)")
    inside = -BOUND <= low and high <= BOUND
    print(f"the interval {'lies' if inside else 'does not lie'} within ±5 ms; its half-width is {(high - low) / 2e-3:.2f} ms")
    return 0 if inside else 1


if __name__ == "__main__":
    raise SystemExit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 200))
