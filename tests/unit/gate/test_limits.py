"""What counts, by pattern: isobench.toml."""

from __future__ import annotations

from pathlib import Path

import pytest

from isobench.errors import UsageError
from isobench.gate import Limits, limits_of, read_overrides
from isobench.metrics import METRICS
from isobench.model import Cell

READY = METRICS["time_to_ready"]


def test_the_last_entry_that_matches_decides_each_key(tmp_path: Path) -> None:
    file = tmp_path / "isobench.toml"
    file.write_text(
        '[[gate]]\nseries = "*"\nrelevant_effect = 0.5\n[[gate]]\nseries = "idle@docker *"\nfloor = 0.2\n'
        '[[gate]]\nseries = "idle@* time_to_ready"\nrelevant_effect = 0.1\n'
    )
    found = read_overrides(file)
    assert limits_of(Cell("idle", "docker"), READY, found) == Limits("lower", 0.1, 0.2)
    assert limits_of(Cell("redis", "docker"), READY, found) == Limits("lower", 0.5, READY.floor)
    assert limits_of(Cell("redis", "docker"), READY) == Limits("lower", READY.relevant_effect, READY.floor)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("gate = 3", "write [[gate]]"),
        ("[[gate]]\nfloor = 1", "has no series"),
        ('[[gate]]\nseries = "*"\nflor = 1', "unknown keys: flor"),
        ('[[gate]]\nseries = "*"\nfloor = -1', "floor is no number"),
        ('[[gate]]\nseries = "*"\nrelevant_effect = true', "relevant_effect is no number"),
        ('[[gate]]\nseries = "* time_to_redy"', "can match no series"),
        ('[[gate]]\nseries = "* clock_ratio"\nfloor = 1', "clock_ratio has no direction"),
        ("[[gate", "is no TOML"),
    ],
)
def test_what_cannot_be_gets_one_line(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "isobench.toml"
    file.write_text(text)
    with pytest.raises(UsageError) as caught:
        read_overrides(file)
    assert said in caught.value.line()
    assert "\n" not in caught.value.line()
