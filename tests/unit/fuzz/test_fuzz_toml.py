"""workload.toml and targets.toml with anything in them: taken and fit for use, or refused in one line."""

from __future__ import annotations

import json
import math
import re
import tempfile
from dataclasses import asdict
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.fuzz.hostile import DEPTH, Damage, damaged, damages, refused_as, rewritten_toml

from isobench.errors import UsageError
from isobench.guest import commands
from isobench.targets import catalog
from isobench.toml_file import LARGEST
from isobench.workloads import load_one

ROOT = Path(__file__).parents[3]
WORKLOADS = [path.read_bytes() for path in sorted(ROOT.glob("workloads/*/workload.toml"))]
TARGETS = (ROOT / "src/isobench/targets/targets.toml").read_bytes()


def try_workload(data: bytes) -> None:
    """Load a workload; what is accepted must serve all that a session does with it."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "workload.toml").write_bytes(data)
        with refused_as(UsageError):
            workload = load_one(Path(folder))
            json.dumps(asdict(workload) | {"folder": "", "service": ""}, allow_nan=False)
            re.compile((workload.ready.output or "").encode())
            re.compile((workload.service.reply if workload.service else "").encode())
            commands.run(1, workload.command)
            assert 0 < workload.timeout <= 86_400
            assert workload.resources.memory < 1 << 63 > workload.resources.disk
            for job in workload.jobs:
                assert not any("\0" in word for word in (*job.command, *job.repeat_with))
                if job.work:
                    assert all(0 < float(values[job.work]) < math.inf for values in job.lengths.values())


def try_targets(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "targets.toml"
        file.write_bytes(data)
        with refused_as(UsageError):
            json.dumps([asdict(spec) for spec in catalog.load_all([file]).values()], allow_nan=False)


@given(st.binary(max_size=400) | st.text(max_size=200).map(str.encode))
def test_anything_at_all(data: bytes) -> None:
    try_workload(data)
    try_targets(data)


@given(st.sampled_from(WORKLOADS), damages)
def test_a_damaged_workload(good: bytes, damage: Damage) -> None:
    try_workload(damaged(good, damage))


@given(st.sampled_from(WORKLOADS).flatmap(lambda good: rewritten_toml(good.decode())))
def test_a_workload_with_values_nobody_should_write(data: bytes) -> None:
    try_workload(data)


@given(damages)
def test_damaged_targets(damage: Damage) -> None:
    try_targets(damaged(TARGETS, damage))


@given(rewritten_toml(TARGETS.decode()))
def test_targets_with_values_nobody_should_write(data: bytes) -> None:
    try_targets(data)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"a = " + b"[" * DEPTH, "is no TOML"),
        (b"a = " + b"9" * 5000, "is no TOML"),
        (b"\xff", "is no TOML"),
        (b"x = { kind = { " + b".".join([b"a"] * 2000) + b" = 1 } }", "nests tables more than 32 deep"),
        (b"#" * (LARGEST + 1), "is longer than 1 MiB"),
    ],
)
def test_what_no_parser_should_see_is_refused(tmp_path: Path, data: bytes, said: str) -> None:
    (tmp_path / "workload.toml").write_bytes(data)
    with pytest.raises(UsageError, match=said):
        load_one(tmp_path)
    with pytest.raises(UsageError, match=said):
        catalog.load_all([tmp_path / "workload.toml"])


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("timeout = inf", "timeout: Input should be less than or equal to 86400"),
        ("command = ['a', \"b\\u0000\"]", "command.2: String should match pattern"),
        ('command = ["true"]\n"two\\nlines" = 1', r"two\\nlines: is no field"),
        ("[service]\nport = 1\nrequest = ''\nreply = '('", "service: .* is no regular expression"),
        ("[volume]\npath = '/d'\nsize = '9999999999 GiB'", "volume.size: .* more than any host has"),
        ("[[job]]\nname = 'j'\ncommand = ['x']\nwork = 'n'\nquick = { n = nan }", "job.1.quick.n"),
        ("[[job]]\nname = 'j'\ncommand = ['x']\nwork = 'n'\nquick = { n = 0 }", "needs a number above 0 in quick"),
    ],
)
def test_what_would_fail_later_is_refused_now(tmp_path: Path, line: str, said: str) -> None:
    head, _, rest = 'title = "T"\ndescription = "D"\ncommand = ["true"]\n'.partition("command")
    good = "command" + rest if "command = " not in line or "[[job]]" in line else ""
    tables = '[ready]\non = "start"\n[resources]\nmemory = "1 GiB"\ndisk = "1 GiB"\n'
    text = head + good + (tables + line if line.startswith("[") else line + "\n" + tables)
    (tmp_path / "workload.toml").write_text(text)
    with pytest.raises(UsageError, match=said) as caught:
        load_one(tmp_path)
    assert caught.value.line().isprintable()
