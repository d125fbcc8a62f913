"""No interval is taken from the wall clock, which may be stepped at any time: the source is read, name by name."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PYTHON = sorted((ROOT / "src").rglob("*.py")) + sorted((ROOT / "benchmarks").rglob("*.py"))
NEVER = {
    "time.time", "time.time_ns", "time.CLOCK_REALTIME", "datetime.utcnow", "datetime.today", "datetime.timestamp",
    "timedelta", "datetime.timedelta",
}  # fmt: skip
NOW = ("datetime.now", "datetime.datetime.now")
WRITTEN = {"isoformat", "strftime"}
"""All that may be done with the time of day: write it down."""


def from_the_wall_clock(source: str) -> list[str]:
    """Return ``line: what`` for every use of the wall clock but writing down the time of day."""
    tree = ast.parse(source)
    return [*_never(tree), *_not_written(tree)]


def _never(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute | ast.Name) and ast.unparse(node) in NEVER:
            yield f"{node.lineno}: {ast.unparse(node)}"
        if isinstance(node, ast.ImportFrom) and node.module in ("time", "datetime"):
            yield from (f"{node.lineno}: {a.name}" for a in node.names if f"{node.module}.{a.name}" in NEVER)


def _not_written(tree: ast.AST) -> Iterator[str]:
    """Yield each ``now()`` that is neither written at once nor kept under a name that is only ever written."""
    above = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and ast.unparse(node.func) in NOW) or _is_written(node, above):
            continue
        name = _kept_as(node, above)
        uses = [n for n in ast.walk(tree) if isinstance(n, ast.Name) and n.id == name and isinstance(n.ctx, ast.Load)]
        if name is None or not all(_is_written(use, above) for use in uses):
            yield f"{node.lineno}: {ast.unparse(node)}"


def _is_written(node: ast.AST, above: dict[ast.AST, ast.AST]) -> bool:
    parent = above[node]
    return isinstance(parent, ast.Attribute) and parent.attr in WRITTEN


def _kept_as(node: ast.AST, above: dict[ast.AST, ast.AST]) -> str | None:
    parent = above[node]
    if isinstance(parent, ast.Assign) and isinstance(parent.targets[0], ast.Name):
        return parent.targets[0].id
    assign = above.get(parent)
    if isinstance(parent, ast.Tuple) and isinstance(assign, ast.Assign) and isinstance(assign.targets[0], ast.Tuple):
        target = assign.targets[0].elts[parent.elts.index(node)]  # type: ignore[arg-type]
        return target.id if isinstance(target, ast.Name) else None
    return None


@pytest.mark.parametrize("file", PYTHON, ids=lambda file: str(file.relative_to(ROOT)))
def test_the_time_of_day_is_only_ever_written_down(file: Path) -> None:
    assert from_the_wall_clock(file.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "source",
    [
        "began = time.time()",
        "deadline = time.time_ns() + 5",
        "from time import time",
        "time.clock_gettime(time.CLOCK_REALTIME)",
        "took = datetime.now(UTC) - began",
        "began = datetime.now(UTC)\ntook = later - began",
        "began, before = datetime.now(UTC), 1\nif began < limit: pass",
        "until = datetime.now(UTC) + timedelta(seconds=5)",
        "wait(datetime.now(UTC))",
    ],
)
def test_each_interval_of_the_wall_clock_would_be_found(source: str) -> None:
    assert from_the_wall_clock(source)


def test_the_time_of_day_may_be_written_down() -> None:
    assert (
        from_the_wall_clock(
            "began = datetime.now(UTC)\nsaid = began.isoformat()\nstamp = datetime.now().strftime('%Y')"
        )
        == []
    )
