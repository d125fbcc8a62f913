"""Fidelity of ``docker``'s time_to_ready: against a short script on the Docker API alone, in interleaved pairs.

By hand: create a container of the same image on the same network, attach, start, and wait for the first bytes of
``echo ready``. Run as root: ``.venv/bin/python benchmarks/fidelity/docker_ready.py [PAIRS]``.
"""

from __future__ import annotations

import sys
import time

import numpy as np
from common import keep, paired_samples, sample_of

from isobench.host import lock
from isobench.host.paths import Paths
from isobench.house import House, house
from isobench.model import Cell
from isobench.plan import Step
from isobench.stats.median import median
from isobench.targets import catalog
from isobench.targets.base import Prepared
from isobench.workloads.loader import find

STEP = Step(Cell("idle", "docker"), 0, "warmup", "kill")
BOUND = 5.0
"""Milliseconds within which the interval of the difference must lie."""


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
    return sample_of(opened, prepared, STEP, number).metrics["time_to_ready"]


def main(count: int) -> int:
    """Print the median paired difference with its 95 % interval; 1 when it leaves ±5 ms."""
    paths = Paths.default()
    with lock.measuring(paths.run, wait=True), house(paths, catalog.find(["docker"], paths.targets), print) as opened:
        prepared = opened.prepare(find(["idle"], paths.workloads)[0], print)
        rows = paired_samples(
            count, lambda n: through_isobench(opened, prepared, n), lambda n: by_hand(opened, prepared)
        )
    keep(rows, paths.results / "fidelity-docker_ready.json")
    mine, other = np.array(rows).T
    found = median(mine - other)
    print(f"docker time_to_ready, {count} pairs: isobench {np.median(mine):.4f} s, by hand {np.median(other):.4f} s")
    if found.low is None or found.high is None:
        print(f"median paired difference {found.value * 1e3:+.2f} ms; too few pairs for an interval")
        return 1
    low, high = found.low * 1e3, found.high * 1e3
    print(f"median paired difference {found.value * 1e3:+.2f} ms (95 % {low:+.2f} to {high:+.2f} ms)")
    inside = low >= -BOUND and high <= BOUND
    verdict = "lies" if inside else "does not lie"
    print(f"the interval {verdict} within ±{BOUND:g} ms; its half-width is {(high - low) / 2:.2f} ms")
    return 0 if inside else 1


if __name__ == "__main__":
    raise SystemExit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 200))
