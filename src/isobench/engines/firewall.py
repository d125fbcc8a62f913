"""Sysctls and firewall rules put back as they were found, whatever a daemon of ours added."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

from isobench.host.process import run

_SYSCTLS = ("net/ipv4/ip_forward", "net/ipv6/conf/all/forwarding", "net/ipv4/conf/all/route_localnet")
_TOOLS = ("iptables", "ip6tables")


def remember(file: Path) -> None:
    """Write down the rules and sysctls as they are; an older memory, of a run that was killed, stays."""
    if file.exists():
        return
    state = {
        "sysctl": {name: value for name in _SYSCTLS if (value := _read(name)) is not None},
        "rules": {tool: _save(tool) for tool in _TOOLS if shutil.which(tool)},
    }
    file.write_text(json.dumps(state))


def put_back(file: Path) -> None:
    """Remove the rules and chains that came since ``remember``, set policies and sysctls back, and forget."""
    try:
        state = json.loads(file.read_text())
    except (OSError, ValueError):
        return
    for tool, before in state["rules"].items():
        for table, now in _tables(_save(tool)).items():
            _undo(tool, table, _tables(before).get(table, []), now)
    for name, value in state["sysctl"].items():
        if _read(name) != value:
            Path("/proc/sys", name).write_text(value)
    file.unlink()


def _undo(tool: str, table: str, before: list[str], now: list[str]) -> None:
    added = [line for line in now if line not in before]
    for line in added:
        if line.startswith("-A "):
            run([tool, "-w", "-t", table, "-D", *_words(line)[1:]], check=False)
    known = {line.split()[0]: line.split()[1] for line in before if line.startswith(":")}
    for line in added:
        if not line.startswith(":"):
            continue
        chain, policy = line.split()[:2]
        if policy != "-":
            run([tool, "-w", "-t", table, "-P", chain[1:], known.get(chain, "ACCEPT")], check=False)
        elif chain not in known:
            run([tool, "-w", "-t", table, "-F", chain[1:]], check=False)
            run([tool, "-w", "-t", table, "-X", chain[1:]], check=False)


def _words(rule: str) -> list[str]:
    import shlex

    return shlex.split(rule)


def _save(tool: str) -> str:
    text = run([f"{tool}-save"], check=False).stdout.decode("utf-8", "replace")
    return re.sub(r" \[\d+:\d+\]$", "", text, flags=re.MULTILINE)


def _tables(text: str) -> dict[str, list[str]]:
    tables: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in text.splitlines():
        if line.startswith("*"):
            lines = tables.setdefault(line[1:], [])
        elif line.startswith((":", "-A ")):
            lines.append(line)
    return tables


def _read(name: str) -> str | None:
    try:
        return Path("/proc/sys", name).read_text().strip()
    except OSError:
        return None
