"""The study ``density`` as a user asks for it, on real engines."""

from __future__ import annotations

from tests.integration.snapshot import leaving_nothing
from tests.integration.user import ENGINES, User

from isobench.host import memory
from isobench.studies.crowd import RESERVE

pytestmark = ENGINES
LIMIT = 96 << 20
"""Bytes of memory that the small workload ``still`` may have."""


def run(user: User, *words: str) -> tuple[int, str]:
    with leaving_nothing(user.paths):
        return user.isobench("run", "-w", "still", "-t", "docker", "--density", "--no-report", "--results",
                             str(user.results), *words)  # fmt: skip


def test_each_further_container_takes_memory_and_several_start_at_once(user: User) -> None:
    user.workload("still")
    code, said = run(user, "--max-instances", "5")
    assert code == 0, said
    meta, (sample,) = user.session()
    assert meta["plan"]["cells"][0]["settings"] == {"max_instances": 5, "floor": 2 << 30}
    figures, facts = sample["metrics"], sample["facts"]
    assert [x for x, _ in sample["curves"]["host_available_drop"]] == [0, 1, 2, 3, 4, 5]
    assert facts["host_available_drop_low"] <= figures["host_available_drop"] <= facts["host_available_drop_high"]
    assert figures["host_available_drop"] < LIMIT
    assert (facts["density_bound"], facts.get("density_extrapolated", True)) == ("max_instances", True)
    assert 0 < figures["start_time_at_1"] < figures["start_time_at_5"]
    assert sample["not_applicable"]["starts_per_second"] == "no more than 5 instances were asked for"


def test_the_host_is_not_taken_below_its_floor(user: User) -> None:
    user.workload("still", command="dd if=/dev/zero of=/dev/shm/held bs=1M count=56; sleep 600")
    # What one more may take at most, and what about a dozen do take: other tests meanwhile leave room for some of them.
    floor = memory.available() - (LIMIT + RESERVE) - 12 * (56 << 20)
    code, said = run(user, "--max-instances", "60", "--floor", f"{floor}")
    assert code == 0, said
    _, (sample,) = user.session()
    assert sample["facts"]["density_bound"] == "floor"
    # Where what else runs here hides the slope there is no density.
    assert sample["facts"].get("density_extrapolated", False) is False
    assert all(there > floor for _, there in sample["curves"]["host_available_drop"])
    assert sample["not_applicable"]["start_time_at_10"] == "the host's floor leaves no room for so many"


def test_the_least_memory_of_a_container_is_known_to_eight_mebibytes(user: User) -> None:
    user.workload("still")
    with leaving_nothing(user.paths):
        code, said = user.isobench("run", "-w", "still", "-t", "docker", "--study", "min-memory", "--no-report",
                                   "--results", str(user.results))  # fmt: skip
    assert code == 0, said
    _, (sample,) = user.session()
    assert sample["metrics"]["min_memory"] in {8 << 20, 16 << 20, 24 << 20}
    assert sample["curves"]["min_memory"][0] == [LIMIT, 1]
