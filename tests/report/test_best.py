"""Which target is best for what, and what the opening says. All sessions are test data."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests import synthetic

from isobench.model import Cell, Parameters, Sample
from isobench.report.best import Best, bests
from isobench.report.headline import headline
from isobench.report.series import Data
from isobench.store.reader import SessionRecord


def cell(workload: str, target: str, count: int = 8, **metrics: float) -> list[Sample]:
    """Return made-up samples of one cell, each figure within 1 % of the one given."""
    draw = random.Random(f"{workload} {target}")  # noqa: S311
    return [
        replace(
            synthetic.sample(i, workload, target, draw), facts={},
            metrics={name: value * draw.uniform(0.995, 1.005) for name, value in metrics.items()},
        )
        for i in range(count)
    ]  # fmt: skip


def session(*cells: list[Sample], emulated: tuple[str, ...] = (), kinds: dict[str, str] | None = None) -> Data:
    names = dict.fromkeys(sample.cell.target for taken in cells for sample in taken)
    targets: dict[str, Any] = {
        name: {"kind": (kinds or {}).get(name, name), "acceleration": "tcg" if name in emulated else "none"}
        for name in names
    }
    meta = synthetic.session_meta(targets=targets)
    return Data(SessionRecord(meta, tuple(sample for taken in cells for sample in taken), Path("made-up")))


def line(data: Data, need: str) -> Best:
    return next(one for one in bests(data) if one.need == need)


def test_the_best_leads_and_its_equals_stand_beside_it() -> None:
    made = session(
        cell("idle", "docker", time_to_ready=0.3), cell("idle", "podman", time_to_ready=0.1),
        cell("idle", "other", time_to_ready=0.102), cell("idle", "native", time_to_ready=0.02),
    )  # fmt: skip
    found = line(made, "ready soonest")
    assert (found.workload, found.targets) == ("idle", "podman, other")
    assert (found.figure, found.alone) == ("100 ms (99.6–100 ms)", "20 ms (19.9–20.1 ms)")
    assert found.behind == "docker 2.99× (2.98–3.01)"
    assert found.sure == "clear: 95 % intervals, n ≥ 8"


def test_of_a_rate_the_highest_is_best_and_the_next_is_less() -> None:
    made = session(cell("redis", "docker", requests_per_second=60e3), cell("redis", "podman", requests_per_second=80e3))
    found = line(made, "requests")
    assert found.targets == "podman"
    assert found.behind.startswith("docker 0.7") and found.alone == "–"


def test_what_is_emulated_or_alone_is_no_choice() -> None:
    made = session(
        cell("idle", "docker", time_to_ready=0.3), cell("idle", "vm-micro", time_to_ready=0.1), emulated=("vm-micro",)
    )
    assert bests(made) == []
    real = session(cell("idle", "docker", time_to_ready=0.3), cell("idle", "vm-micro", time_to_ready=0.1))
    assert line(real, "ready soonest").targets == "vm-micro"
    assert bests(session(cell("idle", "docker", time_to_ready=0.3), cell("idle", "native", time_to_ready=0.1))) == []


def test_few_samples_are_a_hint_and_no_difference_is_told_as_none() -> None:
    few = session(cell("idle", "docker", 2, time_to_ready=0.3), cell("idle", "podman", time_to_ready=0.1))
    assert line(few, "ready soonest").sure == "a hint, n = 2 and up"
    same = session(cell("idle", "docker", time_to_ready=0.3), cell("idle", "podman", time_to_ready=0.3))
    found = line(same, "ready soonest")
    assert {*found.targets.split(", ")} == {"docker", "podman"} and found.behind == "–"
    assert found.sure == "no difference shown, n ≥ 8"


def test_what_beats_the_host_itself_is_doubted() -> None:
    made = session(
        cell("disk", "docker", seq_write=4e8), cell("disk", "docker-gvisor", seq_write=8e8),
        cell("disk", "native", seq_write=4e8),
    )  # fmt: skip
    assert line(made, "sequential writes").sure == "doubtful: better than without isolation"


def test_storage_is_compared_within_its_commonest_class() -> None:
    durable = [cell("disk", target, seq_write=rate) for target, rate in (("docker", 4e8), ("podman", 3e8))]
    volatile = cell("disk", "docker-tmpfs", seq_write=9e9)
    marked = [[replace(s, facts={"durability": "device"}) for s in taken] for taken in durable]
    made = session(*marked, [replace(s, facts={"durability": "volatile"}) for s in volatile])
    assert line(made, "sequential writes").targets == "docker"


def test_parameters_are_not_set_against_each_other() -> None:
    cold = [replace(s, cell=Cell("idle", "docker", Parameters(cache="cold")))
            for s in cell("idle", "docker", time_to_ready=0.9)]  # fmt: skip
    assert bests(session(cell("idle", "docker", time_to_ready=0.3), cold)) == []


def test_a_kernel_of_its_own_is_a_fact_that_emulation_does_not_spoil() -> None:
    def tried(target: str, same: bool) -> list[Sample]:
        (one,) = cell("idle", target, 1)
        return [replace(one, cell=Cell("idle", target, Parameters(study="isolation")), facts={"same_kernel": same})]

    made = session(tried("docker", True), tried("vm-micro", False), tried("native", True), emulated=("vm-micro",))
    found = line(made, "a kernel of its own")
    assert (found.targets, found.behind) == ("vm-micro", "shared: docker")
    assert bests(session(tried("docker", True), tried("podman", True))) == []


def test_the_opening_tells_of_machines_first_then_of_each_other_kind() -> None:
    names = ("docker", "docker-a", "docker-b", "podman", "vm-one", "vm-two", "docker-gvisor")
    kinds = {"docker-a": "docker", "docker-b": "docker", "vm-one": "vm", "vm-two": "vm", "docker-gvisor": "gvisor"}
    made = session(*(cell("idle", name, time_to_ready=0.1 + 0.1 * i) for i, name in enumerate(names)), kinds=kinds)
    told = [sentence.split(",")[0] for sentence in headline(made)]
    assert told == ["idle on vm-one", "idle on podman", "idle on docker-gvisor"]
    few = session(cell("idle", "docker", 2, time_to_ready=0.3), cell("idle", "podman", 3, time_to_ready=0.1))
    (sentence,) = headline(few)
    assert sentence.replace("\u00a0", " ").endswith("(a hint: n = 2).")
