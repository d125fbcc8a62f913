"""Which target is best for what, and what the opening says. All sessions are test data."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import pytest
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
    assert (found.behind, found.among) == ("docker: 2.99× as long (2.98–3.01)", "of 3")
    assert found.sure == "clear: 95 % intervals, n ≥ 8"


def test_of_a_rate_the_highest_is_best_and_the_next_is_less() -> None:
    made = session(cell("redis", "docker", requests_per_second=60e3), cell("redis", "podman", requests_per_second=80e3))
    found = line(made, "most requests served")
    assert found.targets == "podman"
    assert (found.behind, found.alone) == ("docker: 0.751× as fast (0.747–0.753)", "–")


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
    assert line(few, "ready soonest").sure == "a hint: n = 2"
    same = session(cell("idle", "docker", time_to_ready=0.3), cell("idle", "podman", time_to_ready=0.3))
    found = line(same, "ready soonest")
    assert {*found.targets.split(", ")} == {"docker", "podman"} and found.behind == "–"
    assert found.sure == "no difference that matters, n ≥ 8"


def test_what_beats_the_host_itself_is_doubted() -> None:
    made = session(
        cell("disk", "docker", seq_write=4e8), cell("disk", "docker-gvisor", seq_write=8e8),
        cell("disk", "native", seq_write=4e8),
    )  # fmt: skip
    assert line(made, "fastest sequential writes").sure == "doubtful: better than without isolation, n = 8"


@pytest.mark.parametrize(("workload", "metric"), [("disk", "seq_write"), ("sqlite", "transactions_per_second")])
def test_storage_is_compared_within_its_commonest_class(workload: str, metric: str) -> None:
    def stored(target: str, rate: float, durability: str) -> list[Sample]:
        return [replace(s, facts={"durability": durability}) for s in cell(workload, target, 8, **{metric: rate})]

    made = session(
        stored("docker", 4e8, "device"), stored("podman", 3e8, "device"), stored("docker-tmpfs", 9e9, "volatile"),
        stored("native", 1e8, "host cache"),
    )  # fmt: skip
    (found,) = bests(made)
    assert (found.targets, found.among) == ("docker", "of 2 on storage of class device")
    # Native's is of another class: neither the measure of the cost nor a reason to doubt.
    assert (found.alone, found.doubtful) == ("–", False)
    alike = session(stored("docker", 4e8, "device"), stored("podman", 3e8, "device"), stored("native", 1e8, "device"))
    assert bests(alike)[0].doubtful


def test_an_interval_that_holds_one_tells_nothing_apart() -> None:
    def wide(target: str, *values: float) -> list[Sample]:
        return [replace(s, metrics={"time_to_ready": v}) for s, v in zip(cell("idle", target), values, strict=True)]

    made = session(
        wide("docker", 0.1, 0.11, 0.12, 0.13, 0.2, 0.21, 0.22, 0.23),
        wide("podman", *(0.15 + 0.02 * i for i in range(8))),
    )
    found = line(made, "ready soonest")
    assert {*found.targets.split(", ")} == {"docker", "podman"} and found.behind == "–"


def test_what_was_not_measured_side_by_side_is_not_told_apart() -> None:
    later = [replace(s, block=s.block + 100) for s in cell("idle", "podman", time_to_ready=0.1)]
    assert bests(session(cell("idle", "docker", time_to_ready=0.3), later)) == []
    with_third = session(cell("idle", "docker", time_to_ready=0.3), later, cell("idle", "other", time_to_ready=0.05))
    found = line(with_third, "ready soonest")
    assert (found.targets, found.among) == ("other", "of 2") and "podman" not in found.behind


def test_one_block_in_common_is_a_hint_however_many_samples_there_are() -> None:
    later = [replace(s, block=s.block + 7) for s in cell("idle", "podman", time_to_ready=0.1)]
    found = line(session(cell("idle", "docker", time_to_ready=0.3), later), "ready soonest")
    assert (found.behind.split(" (")[0], found.sure) == ("docker: 3× as long", "a hint: n = 1")


def test_a_best_that_is_none_over_the_common_blocks_stands_beside_the_other() -> None:
    podman = [replace(s, block=8 + i, metrics={"time_to_ready": 0.4 if i < 6 else 0.1})
              for i, s in enumerate(cell("idle", "podman", 20))]  # fmt: skip
    docker = [replace(s, block=i) for i, s in enumerate(cell("idle", "docker", 14, time_to_ready=0.3))]
    found = line(session(docker, podman), "ready soonest")
    assert (found.targets, found.behind) == ("podman, docker", "–")


@pytest.mark.parametrize("value", [0.0, -1e6])
def test_nothing_and_less_than_nothing_are_no_best(value: float) -> None:
    made = session(cell("idle", "a", host_pss_ready=value), cell("idle", "b", host_pss_ready=2e6))
    assert bests(made) == []


def test_the_widest_contest_stands_for_ready_and_memory() -> None:
    names = ("docker", "podman", "c", "d", "e", "f")
    made = session(
        *(cell("idle", name, host_pss_ready=1e6 * (i + 1)) for i, name in enumerate(names)),
        *(cell("redis", name, host_available_drop=1e7, host_pss_ready=1e7) for name in names[:2]),
    )
    found = line(made, "least host memory")
    assert (found.workload, found.metric, found.targets, found.among) == ("idle", "host_pss_ready", "docker", "of 6")
    equal = session(
        *(cell(w, name, time_to_ready=0.1, host_available_drop=1e7, host_pss_ready=1e7)
          for w in ("idle", "redis") for name in names)
    )  # fmt: skip
    assert line(equal, "least host memory").metric == "host_available_drop"
    soonest = line(equal, "ready soonest")
    assert soonest.workload == "redis"
    assert len(soonest.targets.split(", ")) == 4 and soonest.targets.endswith(" and 2 more")


def test_the_tail_of_latency_is_a_need_of_its_own() -> None:
    made = session(
        cell("redis", "docker", request_latency_p50=1e-4, request_latency_p99=3e-3),
        cell("redis", "podman", request_latency_p50=2e-4, request_latency_p99=1e-3),
    )
    (found,) = bests(made)
    assert (found.need, found.metric, found.targets) == ("shortest tail, p99", "request_latency_p99", "podman")


def test_each_set_of_parameters_is_a_contest_of_its_own() -> None:
    def started(target: str, cache: Literal["warm", "cold"], seconds: float) -> list[Sample]:
        parameters = Parameters(cache=cache, length="full")
        return [replace(s, cell=Cell("idle", target, parameters)) for s in cell("idle", target, time_to_ready=seconds)]

    alone = session(started("docker", "warm", 0.3), started("docker", "cold", 0.9))
    assert alone.targets == ["docker [cache=warm]", "docker [cache=cold]"] and bests(alone) == []
    made = session(started("docker", "warm", 0.3), started("docker", "cold", 0.9), started("podman", "cold", 0.1))
    (found,) = bests(made)
    assert (found.targets, found.among) == ("podman", "of 2, cache=cold")
    assert [sentence.split(",")[0] for sentence in headline(made)] == ["idle on podman [cache=cold]"]


def test_a_kernel_of_its_own_is_a_fact_that_emulation_does_not_spoil() -> None:
    def tried(target: str, same: bool) -> list[Sample]:
        (one,) = cell("idle", target, 1)
        return [replace(one, cell=Cell("idle", target, Parameters(study="isolation")), facts={"same_kernel": same})]

    made = session(tried("docker", True), tried("vm-micro", False), tried("native", True), emulated=("vm-micro",))
    found = line(made, "a kernel of its own")
    assert (found.targets, found.behind) == ("emulated: vm-micro", "the host's: docker")
    assert bests(session(tried("docker", True), tried("podman", True))) == []


def test_the_opening_tells_of_machines_first_then_of_each_other_kind() -> None:
    names = ("docker", "docker-a", "docker-b", "podman", "vm-one", "vm-two", "docker-gvisor")
    kinds = {"docker-a": "docker", "docker-b": "docker", "vm-one": "vm", "vm-two": "vm", "docker-gvisor": "gvisor"}
    made = session(*(cell("idle", name, time_to_ready=0.1 + 0.1 * i) for i, name in enumerate(names)), kinds=kinds)
    told = [sentence.split(",")[0] for sentence in headline(made)]
    assert told == ["idle on vm-one", "idle on podman", "idle on docker-gvisor"]
    few = session(cell("idle", "docker", 2, time_to_ready=0.3), cell("idle", "podman", 3, time_to_ready=0.1))
    (sentence,) = headline(few)
    assert sentence.endswith("(a hint: n = 2).")


def test_a_hint_is_about_every_figure_of_its_sentence() -> None:
    def serves(target: str, rate: float) -> list[Sample]:
        taken = cell("redis", target, time_to_ready=0.3, requests_per_second=rate)
        return [replace(s, metrics={**s.metrics} if i < 2 else {"time_to_ready": 0.3}) for i, s in enumerate(taken)]

    (sentence,) = headline(session(serves("docker", 6e4), serves("podman", 8e4)))
    assert sentence.endswith("(a hint: n = 2).")


def test_of_what_was_only_emulated_nothing_is_said() -> None:
    made = session(cell("idle", "vm-micro", time_to_ready=0.3), emulated=("vm-micro",))
    assert headline(made) == ["All that was measured here was emulated: nothing is concluded from it."]
    mixed = session(
        cell("idle", "vm-micro", time_to_ready=0.3), cell("cpu", "docker", time_to_ready=0.2), emulated=("vm-micro",)
    )
    assert headline(mixed)[0].startswith("cpu on docker: time_to_ready ")
