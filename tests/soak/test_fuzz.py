"""The properties of tests/unit/fuzz with 10,000 new cases each."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import pytest
from hypothesis import HealthCheck, is_hypothesis_test, settings
from tests.soak.counts import count
from tests.unit.fuzz import test_fuzz_compose, test_fuzz_figures, test_fuzz_guest, test_fuzz_session, test_fuzz_toml

pytestmark = [pytest.mark.soak, pytest.mark.timeout(3600)]

CASES = settings(
    max_examples=count("cases", 10_000), derandomize=False, deadline=None, database=None, print_blob=True,
    suppress_health_check=list(HealthCheck),
)  # fmt: skip


def properties(module: ModuleType) -> list[Callable[[], None]]:
    return [value for value in vars(module).values() if is_hypothesis_test(value)]


PROPERTIES = [
    found
    for module in (test_fuzz_compose, test_fuzz_figures, test_fuzz_guest, test_fuzz_session, test_fuzz_toml)
    for found in properties(module)
]


@pytest.mark.parametrize("found", PROPERTIES, ids=[f"{each.__module__}.{each.__name__}" for each in PROPERTIES])
def test_ten_thousand_cases(found: Callable[[], None]) -> None:
    CASES(found)()
