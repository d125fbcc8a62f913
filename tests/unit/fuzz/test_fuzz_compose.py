"""Compose files with anything in them: an application fit for use, or one line."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from tests.unit.fuzz.hostile import Damage, damaged, damages, refused_as

from isobench.compose import read_application
from isobench.errors import UsageError

ROOT = Path(__file__).parents[3]
GOOD = (ROOT / "workloads/flask-redis/compose.yaml").read_bytes().replace(b"build: ../redis", b"image: redis:7")
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
    | st.sampled_from(["${", "$X", "${X:?}", "a:b:c", "99999", "0", "/..", "1h99m", "CMD", "web", "redis", "\0", "é"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip
KEYS = (
    "build", "image", "command", "entrypoint", "environment", "depends_on", "ports", "volumes", "healthcheck",
    "mem_limit", "deploy", "user", "working_dir", "x-y", "networks",
)  # fmt: skip


def try_file(data: bytes) -> None:
    """Read a file; what is accepted serves all that a session does with it."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "web").mkdir()
        (Path(folder) / "web" / "Dockerfile").write_text("FROM scratch\n")
        file = Path(folder) / "compose.yaml"
        file.write_bytes(data)
        with refused_as(UsageError):
            made = read_application(file)
            names = [member.name for member in made.members]
            assert len(set(names)) == len(names) > 0
            for place, member in enumerate(made.members):
                assert {need.member for need in member.needs} <= set(names[:place])
                assert member.workload.resources.memory >= 96 << 20
                words = [*(member.command or ()), *(member.entrypoint or ()), *map("=".join, member.environment)]
                assert not any("\0" in word for word in words)


@given(st.binary(max_size=400) | st.text(max_size=200).map(str.encode))
def test_anything_for_a_compose_file(data: bytes) -> None:
    try_file(data)


@given(damages)
def test_a_damaged_compose_file(damage: Damage) -> None:
    try_file(damaged(GOOD, damage))


@given(st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=4), VALUES)
def test_services_that_say_what_nobody_should(service: dict[str, object], other: object) -> None:
    # JSON is YAML.
    try_file(json.dumps({"services": {"web": {"image": "a", **service}, "redis": other}}).encode())
