"""workload.toml: what is accepted, and the one line that each mistake gets."""

from __future__ import annotations

from pathlib import Path

import pytest

from isobench.errors import UsageError
from isobench.workloads import load_all, load_one
from isobench.workloads.loader import find

ROOT = Path(__file__).parents[3] / "workloads"
GOOD = """
title = "T"
description = "D"
command = ["true"]
[ready]
on = "start"
[resources]
vcpus = 1
memory = "128 MiB"
disk = "64 MiB"
"""


def written(folder: Path, text: str) -> Path:
    (folder / "w").mkdir()
    (folder / "w" / "workload.toml").write_text(text)
    return folder / "w"


def test_the_built_in_workloads_load() -> None:
    assert set(load_all([ROOT])) >= {"idle", "cpu", "memory", "disk", "redis"}


def test_sizes_become_bytes(tmp_path: Path) -> None:
    assert load_one(written(tmp_path, GOOD)).resources.memory == 128 << 20


def test_an_unknown_workload_names_the_nearest() -> None:
    with pytest.raises(UsageError, match="no workload is called 'rediss'; did you mean 'redis'"):
        find(["rediss"], [ROOT])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("title =", "title"), r"workload\.toml:2: is no TOML"),
        (('command = ["true"]', ""), r"needs a command, or a Compose file"),
        (('command = ["true"]', 'compose = "none.yaml"'), r"none\.yaml: cannot be read"),
        (('command = ["true"]', 'command = ["true"]\ncompose = "a.yaml"'), r"needs a command, or a Compose file"),
        (('command = ["true"]', 'command = ["true"]\nfront = "web"'), r"front names a service of a Compose file"),
        (('"128 MiB"', '"16 MiB"'), r"resources: memory is below what a guest needs"),
        (('"128 MiB"', '"lots"'), r"resources\.memory: 'lots' is no size"),
        (("vcpus = 1", "vcpus = 0"), r"vcpus must be at least 1"),
        (('on = "start"', 'on = "output"'), r"needs the pattern"),
        (('on = "start"', 'on = "output"\noutput = "("'), r"is no regular expression"),
        (("title =", "colour = 1\ntitle ="), r"colour: is no field here"),
    ],
)
def test_each_mistake_gets_one_line(tmp_path: Path, change: tuple[str, str], said: str) -> None:
    with pytest.raises(UsageError, match=said) as caught:
        load_one(written(tmp_path, GOOD.replace(*change)))
    assert "\n" not in caught.value.line()


def test_an_unknown_metric_names_the_nearest(tmp_path: Path) -> None:
    job = '\n[[job]]\nname = "j"\ncommand = ["x"]\n[[job.metric]]\nname = "cpu_event"\nfrom = "json"\npath = "$.a"\n'
    with pytest.raises(UsageError, match="did you mean 'cpu_events'"):
        load_one(written(tmp_path, GOOD + job))
