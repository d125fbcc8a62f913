"""Reading targets.toml: what is built in, and what a mistake says."""

from __future__ import annotations

from pathlib import Path

import pytest

from isobench.errors import UsageError
from isobench.targets import base, catalog

BUILTIN = Path(base.__file__).parent / "targets.toml"
TABLE = '[{name}]\nkind = "{kind}"\ntitle = "t"\ndescription = "d"\nisolates = "i"\n'


def write(folder: Path, text: str) -> Path:
    file = folder / "targets.toml"
    file.write_text(text)
    return file


def test_the_default_targets_in_their_order() -> None:
    found = catalog.find((), [BUILTIN])
    assert [(spec.name, spec.kind) for spec in found] == [
        ("native", "native"), ("docker", "docker"), ("vm-micro", "vm"), ("vm-q35", "vm"),
    ]  # fmt: skip
    assert [spec.options for spec in found[:3]] == [{}, {}, {"machine": "microvm"}]


def test_what_is_not_a_default_runs_when_it_is_named() -> None:
    (hardened,) = catalog.find(["docker-hardened"], [BUILTIN])
    assert (hardened.kind, hardened.default) == ("docker", False)
    assert hardened.options == {
        "capabilities": "declared", "no_new_privileges": True, "read_only": True, "pids_limit": 512,
    }  # fmt: skip
    assert "docker-hardened" in catalog.load_all([BUILTIN])


def test_a_later_file_adds_and_replaces(tmp_path: Path) -> None:
    own = write(tmp_path, TABLE.format(name="docker", kind="docker") + TABLE.format(name="mine", kind="native"))
    found = catalog.load_all([BUILTIN, own])
    assert found["docker"].title == "t"
    assert list(found)[-1] == "mine"


def test_an_unknown_name_gets_the_nearest() -> None:
    with pytest.raises(UsageError, match="no target is called 'dokcer'; did you mean 'docker'"):
        catalog.find(["dokcer"], [BUILTIN])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (TABLE.format(name="a", kind="podmann"), "targets.toml: a.kind: 'podmann' is no kind of target"),
        (TABLE.format(name="a", kind="vm"), "targets.toml: a.options.machine: Field required"),
        (TABLE.format(name="a", kind="vm") + 'options = { machine = "pc" }', r"a.options.machine: Input should be"),
        (TABLE.format(name="a", kind="native") + "speed = 1", "a.speed: Extra inputs are not permitted"),
        (TABLE.format(name="a", kind="docker") + "options = { privileged = true }", r"a.options.privileged: Extra inp"),
        (TABLE.format(name="a", kind="docker") + "options = { pids_limit = 0 }", "a.options.pids_limit: Input should"),
        (TABLE.format(name="a", kind="native") + "options = { pids_limit = 9 }", "a.options.pids_limit: Extra inputs"),
        (TABLE.format(name="A_b", kind="native"), r"targets.toml: \[A_b\] is no name for a target"),
        ("x = [", "targets.toml: is no TOML"),
    ],
)
def test_a_mistake_is_one_line_with_its_place(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said) as raised:
        catalog.load_all([write(tmp_path, text)])
    assert "\n" not in raised.value.line()


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"none\.toml: cannot be read: No such file"):
        catalog.load_all([tmp_path / "none.toml"])
