"""What a private dockerd changed of the host's firewall and sysctls, taken back; what others changed meanwhile stays.

Ours are the rules that name our bridge, Docker's chains that were absent before with the jumps to them, and a policy or
a sysctl for as long as it has the value that our dockerd gave it. Where another dockerd was started meanwhile, the
chains and values may be its own, so only the rules of our bridge go.
"""

from __future__ import annotations

import json
import re
import shlex
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from isobench.host.boot import boot_id
from isobench.host.process import command_lines, run

_SYSCTLS = ("net/ipv4/ip_forward", "net/ipv6/conf/all/forwarding", "net/ipv4/conf/all/route_localnet")
_TOOLS = ("iptables", "ip6tables")
_DOCKERS = "DOCKER"
"""How the names of all of Docker's own chains begin."""


@dataclass(frozen=True, slots=True)
class _Table:
    """One table as it is: its chains with their policies (``-`` for a chain of somebody's own), and its rules."""

    chains: dict[str, str]
    rules: tuple[str, ...]

    def dockers(self) -> list[str]:
        """Return what of it is Docker's: its chains, and the rules that jump to them."""
        jumps = (rule for rule in self.rules if _target(shlex.split(rule)).startswith(_DOCKERS))
        return [*(chain for chain in self.chains if chain.startswith(_DOCKERS)), *jumps]


def remember(file: Path, bridge: str = "") -> None:
    """Write down what is there before our dockerd starts; an older memory, of a run that was killed, stays."""
    if _read(file) is not None:
        return
    file.write_text(json.dumps({
        "boot": boot_id(),
        "bridge": bridge,
        "before": _values(),
        "ours": {},
        "known": {tool: {name: table.dockers() for name, table in _tables(tool).items()} for tool in _tools()},
        "daemons": sorted(_daemons(file.parent)),
    }))  # fmt: skip


def note(file: Path) -> None:
    """Write down which values our dockerd has changed by now: called as soon as it has."""
    if (state := _read(file)) is None:
        return
    changed = {name: value for name, value in _values().items() if _before(state, name) not in (None, value)}
    file.write_text(json.dumps(state | {"ours": changed | state["ours"]}))


def put_back(file: Path) -> None:
    """Take back what is ours, and forget; where another dockerd runs meanwhile, the next call takes back the rest."""
    if (state := _read(file)) is None:
        return
    alone = not _daemons(file.parent) - set(state["daemons"])
    for tool in _tools():
        for name, table in _tables(tool).items():
            known = state["known"].get(tool, {}).get(name, ())
            _take_back(tool, name, table, set(table.dockers()) - set(known) if alone else set(), state["bridge"])
    for name, value in _values().items() if alone else ():
        if state["ours"].get(name) == value and (before := _before(state, name)) is not None:
            _set(name, before)
    if alone:
        file.unlink()


def _before(state: dict[str, Any], name: str) -> str | None:
    """Return a value as it was, None for a sysctl that was not there; a chain that was not loaded yet accepted all."""
    before: dict[str, str] = state["before"]
    return before.get(name, None if name in _SYSCTLS else "ACCEPT")


def _take_back(tool: str, name: str, table: _Table, new: set[str], bridge: str) -> None:
    chains = sorted(new & table.chains.keys())
    for rule in table.rules:
        words = shlex.split(rule)
        if words[1] not in chains and (bridge in words or rule in new):
            run([tool, "-w", "-t", name, "-D", *words[1:]], check=False)
    # A chain that another one jumps to cannot be removed: all are emptied first.
    for step in ("-F", "-X"):
        for chain in chains:
            run([tool, "-w", "-t", name, step, chain], check=False)


def _target(words: list[str]) -> str:
    """Return the chain that a rule jumps or goes to."""
    return next((after for word, after in pairwise(words) if word in ("-j", "-g")), "")


def _values() -> dict[str, str]:
    """Return what is one value each: sysctls by their path, policies as ``tool/table/chain``."""
    found = {name: value for name in _SYSCTLS if (value := _sysctl(name)) is not None}
    for tool in _tools():
        for name, table in _tables(tool).items():
            found |= {f"{tool}/{name}/{chain}": policy for chain, policy in table.chains.items() if policy != "-"}
    return found


def _set(name: str, value: str) -> None:
    if name in _SYSCTLS:
        Path("/proc/sys", name).write_text(value)
    else:
        tool, table, chain = name.split("/")
        run([tool, "-w", "-t", table, "-P", chain, value], check=False)


def _tools() -> tuple[str, ...]:
    return tuple(tool for tool in _TOOLS if shutil.which(tool))


def _tables(tool: str) -> dict[str, _Table]:
    text = run([f"{tool}-save"], check=False).stdout.decode("utf-8", "replace")
    return {section[0][1:]: _table(section[1:]) for section in _sections(text)}


def _sections(text: str) -> Iterator[list[str]]:
    lines: list[str] = []
    for line in text.splitlines():
        if line.startswith("*"):
            lines = [line]
        elif line == "COMMIT":
            yield lines
        else:
            lines.append(line)


def _table(lines: list[str]) -> _Table:
    chains = dict(re.findall(r"^:(\S+) (\S+)", "\n".join(lines), re.MULTILINE))
    return _Table(chains, tuple(line for line in lines if line.startswith("-A ")))


def _daemons(run_folder: Path) -> set[int]:
    """Return every dockerd of the host but the one of this run folder."""
    return {
        pid for pid, words in command_lines()
        if Path(words[0]).name == "dockerd" and not any(str(run_folder) in word for word in words)
    }  # fmt: skip


def _read(file: Path) -> dict[str, Any] | None:
    try:
        state: dict[str, Any] = json.loads(file.read_text())
    except (OSError, ValueError):
        return None
    return state if state.get("boot") == boot_id() else None


def _sysctl(name: str) -> str | None:
    try:
        return Path("/proc/sys", name).read_text().strip()
    except OSError:
        return None
