"""Which cores go to the instance and which to its client."""

from __future__ import annotations

import pytest

from isobench.errors import UsageError
from isobench.host.cpus import cpu_list, place


def test_a_serving_workload_leaves_its_client_a_core() -> None:
    placed = place(1, serving=True, cores=(0, 1))
    assert (placed.instance, placed.harness, placed.shared) == ((1,), (0,), False)


def test_a_serving_workload_on_all_cores_is_marked_shared() -> None:
    assert place(None, serving=True, cores=(0, 1)).shared


def test_an_impossible_count_is_refused() -> None:
    with pytest.raises(UsageError, match="3 vCPUs asked for, the host has 2"):
        place(3, serving=False, cores=(0, 1))


def test_cpu_list_is_the_kernels_format() -> None:
    assert cpu_list((0, 2)) == "0,2"
