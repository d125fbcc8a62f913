"""What is remembered of the firewall and the sysctls: of this boot only, and nothing of a sysctl that was not there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from isobench.engines import firewall

IPV6 = "net/ipv6/conf/all/forwarding"


@pytest.fixture
def values(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Give the values of a made-up host; what is set is set there."""
    made = {"net/ipv4/ip_forward": "0"}
    monkeypatch.setattr(firewall, "_values", lambda: dict(made))
    monkeypatch.setattr(firewall, "_tools", lambda: ())
    monkeypatch.setattr(firewall, "_daemons", lambda _: set())
    monkeypatch.setattr(firewall, "_set", made.__setitem__)
    return made


def test_a_value_is_put_back_while_it_is_ours(values: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "firewall.json"
    firewall.remember(file)
    values["net/ipv4/ip_forward"] = "1"
    firewall.note(file)
    firewall.put_back(file)
    assert values == {"net/ipv4/ip_forward": "0"}
    assert not file.exists()


def test_a_sysctl_that_came_meanwhile_is_left_as_it_is(values: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "firewall.json"
    firewall.remember(file)
    values[IPV6] = "1"
    firewall.note(file)
    firewall.put_back(file)
    assert values[IPV6] == "1"


def test_what_was_remembered_in_another_boot_is_not_put_back(values: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "firewall.json"
    firewall.remember(file)
    values["net/ipv4/ip_forward"] = "1"
    firewall.note(file)
    file.write_text(json.dumps(json.loads(file.read_text()) | {"boot": "another"}))
    firewall.put_back(file)
    assert values["net/ipv4/ip_forward"] == "1"
    firewall.remember(file)
    assert json.loads(file.read_text())["before"] == {"net/ipv4/ip_forward": "1"}
